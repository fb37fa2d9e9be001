//! What the first start makes, and what the next one leaves as it is.

use crate::kit::{Place, files};
use crate::support::{ServerProcess, countersign};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn terminate(server: u32) {
    // The shell's own `kill`: a bare machine may have no other.
    let kill = format!("kill -TERM {server}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Starts a server, stops it by SIGTERM, and gives its exit code with all that it wrote.
fn start_and_stop(place: &Place) -> (i32, String, String) {
    let mut command = countersign(&place.data());
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--issuer", "http://localhost:8420"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    terminate(child.id());
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap_or(-1), ready, String::from_utf8(output.stderr).unwrap())
}

#[cfg(unix)]
#[test]
fn the_first_start_makes_everything_for_its_owner_alone_and_the_next_changes_nothing() {
    let place = Place::new();
    let (code, ready, log) = start_and_stop(&place);
    assert_eq!(code, 0, "{log}");
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["event"], "ready");
    assert_eq!(ready["issuer"], "http://localhost:8420");
    assert_eq!(ready["data"], place.data().display().to_string());
    assert!(ready["listen"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(ready["pid"].as_u64().is_some());
    assert_eq!(ready.as_object().unwrap().len(), 5);
    assert!(log.contains("countersign account add you@example.com --role admin"), "{log}");

    assert_eq!(mode(&place.data()), 0o700);
    for (path, _) in files(&place.data()) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let before = files(&place.data());
    let names: Vec<_> = before.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["countersign.db", "lock", "master.key"]);

    let (code, _, log) = start_and_stop(&place);
    assert_eq!(code, 0, "{log}");
    let after = files(&place.data());
    for ((path, before), (_, after)) in before.iter().zip(&after) {
        assert!(before == after, "{} changed", path.display());
    }
    assert_eq!(before.len(), after.len());
}

#[test]
fn a_second_server_on_the_same_folder_is_refused_with_the_first_ones_process() {
    let place = Place::new();
    let server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
    let second = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    second.assert_failed(3, &[&format!("process {}", server.id()), "hint:"]);
    server.kill();
    // The lock of a killed server is gone with it.
    ServerProcess::start(&place.data(), "127.0.0.1:0", &[]);
}

#[test]
fn a_server_that_has_an_administrator_names_no_command() {
    let place = Place::new();
    place.json(&["account", "add", "root@example.com", "--role", "admin"]);
    let (code, _, log) = start_and_stop(&place);
    assert_eq!(code, 0);
    assert!(!log.contains("account add"), "{log}");
}

#[test]
fn a_port_that_is_taken_is_refused_with_another_to_take() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.run(&["serve", "--listen", &address]).assert_failed(2, &[&address, "--listen 127.0.0.1:0"]);
}

#[test]
fn another_issuer_is_refused_until_it_is_asked_for() {
    let place = Place::new();
    let serve = |issuer: &str, more: &[&str]| {
        let args = ["serve", "--listen", "127.0.0.1:0", "--issuer", issuer];
        place.run(&[&args, more].concat())
    };
    assert_eq!(start_and_stop(&place).0, 0);
    let refused = serve("https://auth.example.com", &[]);
    refused.assert_failed(
        2,
        &["http://localhost:8420", "https://auth.example.com", "0 live sessions", "serve --change-issuer"],
    );

    let mut command = countersign(&place.data());
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--issuer", "https://auth.example.com"]);
    let mut child = command.arg("--change-issuer").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.contains("\"issuer\":\"https://auth.example.com\""), "{ready}");
    terminate(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    serve("http://localhost:8420", &[]).assert_failed(2, &["https://auth.example.com"]);
}
