//! The command itself: its ready line, its file, its signals, its exit codes.

use crate::stage::{AUDIENCE, file, guard, send, until, until_ready};
use crate::support::{ServerProcess, countersign};
use countersign_verifier::TestIssuer;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::{Output, Stdio};

fn hang_up(guard: &ServerProcess) {
    kill_process(Pid::from_raw(guard.id().try_into().unwrap()).unwrap(), Signal::HUP).unwrap();
}

fn metric(guard: &ServerProcess, name: &str) -> f64 {
    let scrape = send(guard.address, "GET /metrics", &[], "").body;
    scrape
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
        .unwrap_or_else(|| panic!("{name}: {scrape}"))
}

/// What nginx would be told about `GET path` without a token.
fn asked(guard: &ServerProcess, path: &str) -> u16 {
    let headers = [("X-Original-Method", "GET"), ("X-Original-URI", path), ("X-Original-Host", "app.example.com")];
    send(guard.address, "GET /verify", &headers, "").status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_read_again_when_the_file_changes_and_a_broken_file_changes_nothing() {
    let (folder, issuer) = (tempfile::tempdir().unwrap(), TestIssuer::start().await);
    let text = file(issuer.url(), "");
    let guard = guard(folder.path(), &text);
    until_ready(&guard).await;
    assert_eq!((asked(&guard, "/public/x"), asked(&guard, "/open/x")), (200, 401));
    let path = folder.path().join("countersign-guard.toml");

    fs::write(&path, text.replace("/public/*", "/open/*")).unwrap();
    until("new rules", || asked(&guard, "/open/x") == 200).await;
    assert_eq!((asked(&guard, "/public/x"), metric(&guard, "countersign_guard_rules_current")), (401, 1.0));

    fs::write(&path, text.replace("/public/*", "/everything/**")).unwrap();
    until("a broken file is noticed", || metric(&guard, "countersign_guard_rules_current") == 0.0).await;
    assert_eq!((asked(&guard, "/open/x"), asked(&guard, "/everything/x")), (200, 401));
    fs::remove_file(&path).unwrap();
    until("no file is noticed", || metric(&guard, "countersign_guard_rules_reloads_total{outcome=\"refused\"}") > 1.0)
        .await;
    assert_eq!(asked(&guard, "/open/x"), 200);

    fs::write(&path, &text).unwrap();
    until("a good file again", || asked(&guard, "/public/x") == 200).await;
    assert_eq!((asked(&guard, "/open/x"), metric(&guard, "countersign_guard_rules_current")), (401, 1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_reads_the_file_at_once_whether_it_changed_or_not() {
    let (folder, issuer) = (tempfile::tempdir().unwrap(), TestIssuer::start().await);
    let guard = guard(folder.path(), &file(issuer.url(), ""));
    hang_up(&guard);
    until("read again", || metric(&guard, "countersign_guard_rules_reloads_total{outcome=\"taken\"}") == 1.0).await;
    assert_eq!(asked(&guard, "/public/x"), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_starts_without_its_issuer_and_judges_from_its_folder() {
    let (folder, issuer) = (tempfile::tempdir().unwrap(), TestIssuer::start().await);
    let text = file(issuer.url(), "max_staleness = \"1h\"");
    let first = guard(folder.path(), &text);
    until_ready(&first).await;
    let saved = || {
        fs::read_dir(folder.path().join("guard-data")).unwrap().flatten().any(|entry| {
            fs::read_dir(entry.path()).is_ok_and(|mut files| files.any(|file| file.unwrap().file_name() == "feed-head"))
        })
    };
    until("kept", saved).await;
    first.kill();
    issuer.stop();
    let second = guard(folder.path(), &text);
    until_ready(&second).await;
    let bearer = format!("Bearer {}", issuer.mint(AUDIENCE).token);
    let headers =
        [("X-Original-Method", "GET"), ("X-Original-URI", "/"), ("X-Original-Host", "a"), ("Authorization", &bearer)];
    assert_eq!(send(second.address, "GET /verify", &headers, "").status, 200);
}

fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    countersign(&folder.path().join("data")).arg("guard").args(arguments).output().unwrap()
}

#[test]
fn a_wrong_configuration_is_2_and_check_starts_nothing() {
    let named = ["--issuer", "https://auth.example.com", "--audience", AUDIENCE];
    let with = |more: &[&'static str]| run(&named.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    let checked = with(&["--check"]);
    assert_eq!(checked.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&checked.stdout).trim(), "no file, and nothing wrong with the flags");
    for (refused, why) in [
        (run(&[]), "no issuer is named"),
        (run(&["--issuer", "https://auth.example.com"]), "--audience"),
        (with(&["--proxy", "ngin"]), "did you mean \"nginx\"?"),
        (with(&["--listen", "here", "--check"]), "expected an IP address and a port"),
        (with(&["--client-id", "guard"]), "--secret-file"),
    ] {
        assert_eq!(refused.status.code(), Some(2), "{why}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(why), "{why}: {refused:?}");
        assert!(refused.stdout.is_empty());
    }
    let json = with(&["--proxy", "ngin", "--check", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (json.status.code(), &document["ok"], &document["problems"][0]["origin"]),
        (Some(2), &false.into(), &"--proxy".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ready_line_tells_where_it_listens_and_sigterm_ends_it_with_0() {
    let (folder, issuer) = (tempfile::tempdir().unwrap(), TestIssuer::start().await);
    let mut command = countersign(&folder.path().join("data"));
    command.args(["guard", "--json", "--listen", "127.0.0.1:0", "--issuer", issuer.url(), "--audience", AUDIENCE]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let expected = serde_json::json!({
        "event": "ready", "listen": ready["listen"], "issuer": issuer.url(), "issuers": [issuer.url()],
        "data": folder.path().join("data").display().to_string(), "pid": child.id(),
    });
    assert_eq!(ready, expected);
    assert_eq!(send(ready["listen"].as_str().unwrap().parse().unwrap(), "GET /healthz", &[], "").status, 200);
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
