//! TLS: both files or none, where the server may then listen, and what is judged only where they are opened.

use super::Setup;
use crate::config::{Environment, Flags, Purpose, load_for};

const BOTH: &str = "tls_cert_file = \"cert.pem\"\ntls_key_file = \"key.pem\"\n";

fn of(rest: &str) -> Setup {
    Setup::of_file(&format!("[server]\n{BOTH}{rest}"))
}

#[test]
fn with_tls_the_server_listens_anywhere_and_its_issuer_is_https() {
    let setup = of("listen = \"0.0.0.0:8443\"");
    let config = setup.config();
    assert_eq!(config.server.issuer_at(8443).as_str(), "https://localhost:8443");
    let files = config.server.tls_files().unwrap();
    assert_eq!((files.certificate, files.key), (setup.cwd().join("cert.pem"), setup.cwd().join("key.pem")));
    let issuer = config.entries().iter().find(|entry| entry.key == "server.issuer").unwrap();
    assert_eq!(issuer.value, "\"https://localhost:8443\"");
}

#[test]
fn an_issuer_that_nobody_could_reach_is_refused() {
    insta::assert_snapshot!(of("issuer = \"http://localhost:8420\"").report(), @r#"
    1 problem in the configuration
      countersign.toml:4  server.issuer = "http://localhost:8420"
        the server speaks TLS: clients reach it over https alone
        hint: use "https://localhost:8420"
    "#);
}

#[test]
fn one_file_alone_is_refused_once_even_on_a_public_address() {
    let report = Setup::of_file("[server]\ntls_cert_file = \"cert.pem\"\nlisten = \"0.0.0.0:443\"").report();
    assert!(report.starts_with("1 problem ") && report.contains("`server.tls_key_file` as well"), "{report}");
}

#[test]
fn what_only_the_server_opens_is_judged_for_the_server_alone() {
    let setup = of("");
    assert!(setup.load().is_ok(), "a command beside the server");
    let none = std::iter::empty::<(String, String)>().collect::<Environment>();
    let errors = load_for(Purpose::Serve, &Flags::default(), &none, setup.cwd()).unwrap_err();
    insta::assert_snapshot!(errors, @r#"
    2 problems in the configuration
      countersign.toml:2  server.tls_cert_file = "cert.pem"
        the file cannot be read: No such file or directory (os error 2)
        hint: name a file that is there; a relative path is relative to the current directory
      countersign.toml:3  server.tls_key_file = "key.pem"
        the file cannot be read: No such file or directory (os error 2)
        hint: name a file that is there; a relative path is relative to the current directory
    "#);
}

#[test]
fn hosts_of_issuers_are_told_without_brackets_and_ports() {
    for (issuer, host) in [("https://[::1]:8443", "::1"), ("https://auth.example.com/a", "auth.example.com")] {
        let config = of(&format!("issuer = \"{issuer}\"")).config();
        assert_eq!(config.server.issuer_at(1).host(), host);
    }
}

#[test]
fn authorities_that_can_not_be_read_are_judged_for_the_server_alone() {
    let setup = Setup::of_file("[server]\noutbound_ca_file = \"ca.pem\"\n").file("ca.pem", "nothing");
    assert!(setup.load().is_ok(), "a command beside the server");
    let none = std::iter::empty::<(String, String)>().collect::<Environment>();
    let errors = load_for(Purpose::Serve, &Flags::default(), &none, setup.cwd()).unwrap_err();
    insta::assert_snapshot!(errors, @r#"
    1 problem in the configuration
      countersign.toml:2  server.outbound_ca_file = "ca.pem"
        there is no certificate in the file
        hint: name a PEM file of certificate authorities; a relative path is relative to the current directory
    "#);
}
