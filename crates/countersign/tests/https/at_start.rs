//! What a start with TLS says and refuses, and what clients then see.

use crate::certificates::{Authority, Issued, replace};
use crate::client::Client;
use crate::settings;
use crate::support::{ServerProcess, countersign};
use std::process::{Output, Stdio};
use tempfile::TempDir;

fn refused(folder: &TempDir, issued: &Issued, args: &[&str]) -> (Option<i32>, String) {
    let files = issued.put(folder.path());
    let mut command = countersign(&folder.path().join("data"));
    let Output { status, stderr, .. } = command.args(args).envs(settings(&files)).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_bad_pair_is_refused_with_all_that_is_wrong_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let Issued { certificate, key } = Authority::new().issue(&["localhost"]);
    let swapped = Issued { certificate: key, key: certificate };
    for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["config", "check"]] {
        let (code, report) = refused(&folder, &swapped, args);
        assert_eq!(code, Some(2), "{report}");
        for expected in [
            "2 problems in the configuration",
            "COUNTERSIGN_SERVER__TLS_CERT_FILE  server.tls_cert_file",
            "there is no certificate in the file",
            "COUNTERSIGN_SERVER__TLS_KEY_FILE  server.tls_key_file",
            "there is no private key in the file",
            "hint: it holds a certificate: are `server.tls_cert_file` and `server.tls_key_file` swapped?",
        ] {
            assert!(report.contains(expected), "{expected}\n{report}");
        }
        assert!(!folder.path().join("data").exists());
    }
    // Commands beside the server do not need its certificate.
    let (code, report) = refused(&folder, &swapped, &["account", "list"]);
    assert!(!report.contains("certificate"), "{code:?} {report}");
}

#[test]
fn a_key_of_another_certificate_or_open_to_others_is_refused() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (one, other) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
    let (code, report) = refused(&folder, &Issued { key: other.key, ..one }, &["serve"]);
    assert_eq!(code, Some(2), "{report}");
    assert!(report.contains("the key does not belong to the certificate\n"), "{report}");
    let files = authority.issue(&["localhost"]).put(folder.path());
    let key = std::fs::read_to_string(&files.key).unwrap();
    replace(&files.key, &key, 0o644);
    let output = countersign(&folder.path().join("data")).arg("serve").envs(settings(&files)).output().unwrap();
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{report}");
    assert!(report.contains("others can read the key (mode 0644)") && report.contains("hint: chmod 600 "), "{report}");
    assert!(!report.contains("PRIVATE"), "{report}");
}

/// A server whose log is read until it has said all this.
#[test]
fn an_expired_certificate_of_another_host_is_served_with_warnings() {
    use std::io::{BufRead as _, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let issued = Authority::new().issue_between(&["other.example.com"], 1_000_000_000, 1_700_000_000);
    let files = issued.put(folder.path());
    let mut command = countersign(&folder.path().join("data"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).envs(settings(&files));
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut missing = vec!["has expired: clients refuse it", "does not name the issuer's host", "serving"];
    while let (Some(Ok(line)), false) = (log.next(), missing.is_empty()) {
        missing.retain(|expected| !line.contains(expected));
        if missing.is_empty() {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(missing.is_empty(), "never said: {missing:?}");
}

#[test]
fn clients_see_an_https_issuer_and_the_headers_of_security_on_any_address() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let data = folder.path().join("data");
    let files = authority.issue(&["localhost"]).put(folder.path());
    // Twice: another free port is the default issuer's own affair.
    for _ in 0..2 {
        let server = ServerProcess::start(&data, "0.0.0.0:0", &settings(&files));
        let address = ([127, 0, 0, 1], server.address.port()).into();
        let client = Client::tls(address, "localhost", &[&authority]);
        let metadata = client.send("GET /.well-known/oauth-authorization-server", &[], "").unwrap();
        let issuer = format!("https://localhost:{}", server.address.port());
        assert_eq!(metadata.json(200)["issuer"], issuer);
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(metadata.header(name), Some(value), "{name}");
        }
        let untrusted = Client::tls(address, "localhost", &[&Authority::new()]);
        assert!(untrusted.connect().is_err());
    }
}
