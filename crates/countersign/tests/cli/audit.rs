//! `countersign audit`: found by whom, what and when; forgotten in time.

use crate::kit::Place;
use crate::support::ServerProcess;
use rusqlite::Connection;
use serde_json::Value;
use std::time::{Duration, Instant};

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["what"].as_str().unwrap().to_owned()).collect()
}

fn populated() -> Place {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    place.json(&["account", "add", "ben"]);
    let secret = place.path("secret").display().to_string();
    place.run(&["client", "add", "orders", "--kind", "machine", "--secret-out", &secret]);
    place.json(&["account", "role", "ana", "add", "admin"]);
    place
}

#[test]
fn events_are_found_by_whose_and_what_and_when() {
    let place = populated();
    let of_ana = place.json(&["audit", "list", "--account", "ana"]);
    assert!(names(&of_ana).len() >= 2 && of_ana["items"].as_array().unwrap().iter().all(|item| item["login"] == "ana"));
    let accounts = place.json(&["audit", "list", "--what", "account."]);
    assert!(names(&accounts).iter().all(|name| name.starts_with("account.")), "{accounts}");
    let at_client = place.json(&["audit", "list", "--client", "orders"]);
    assert_eq!(at_client["items"][0]["client_id"], "orders");
    assert!(names(&place.json(&["audit", "list", "--since", "1h"])).len() >= 4);
    assert_eq!(names(&place.json(&["audit", "list", "--until", "1h"])), [""; 0]);
    assert_eq!(names(&place.json(&["audit", "list", "--since", "2100-01-01T00:00:00Z"])), [""; 0]);
    let shown = place.run(&["audit", "list"]);
    assert!(shown.out.contains("account.created") && shown.out.contains("command line"), "{}", shown.out);
    place.run(&["audit", "list", "--since", "yesterday"]).assert_failed(2, &["--since yesterday", "7d"]);
    place.run(&["audit", "list", "--account", "carl"]).assert_failed(1, &["no account `carl`"]);
    place.run(&["audit", "list", "--after", "x"]).assert_failed(2, &["--after"]);
}

#[test]
fn a_list_is_paged_and_an_export_is_whole() {
    let place = populated();
    let all = names(&place.json(&["audit", "list"]));
    let (mut paged, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut args = vec!["audit", "list", "--limit", "2"];
        args.extend(after.iter().flat_map(|after| ["--after", after.as_str()]));
        let page = place.json(&args);
        paged.extend(names(&page));
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let lines = |args: &[&str]| -> Vec<String> {
        let ran = place.run(args);
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["what"].as_str().unwrap().to_owned();
        ran.out.lines().map(line).collect()
    };
    assert_eq!(lines(&["audit", "export", "--order", "newest"]), all);
    let oldest_first = lines(&["audit", "export"]);
    assert_eq!(oldest_first.iter().rev().cloned().collect::<Vec<_>>(), all);
    assert_eq!(names(&place.json(&["audit", "export"])), oldest_first);
}

#[test]
fn the_server_forgets_what_is_older_than_is_kept() {
    let place = populated();
    let database = Connection::open(place.data().join("countersign.db")).unwrap();
    database.execute("INSERT INTO audit (at, what) VALUES (1000, 'long.ago')", []).unwrap();
    let count = || -> i64 {
        database.query_row("SELECT count(*) FROM audit WHERE what = 'long.ago'", [], |row| row.get(0)).unwrap()
    };
    let _server = ServerProcess::start(&place.data(), "127.0.0.1:0", &[("COUNTERSIGN_TELEMETRY__AUDIT_KEPT", "2d")]);
    let started = Instant::now();
    while count() > 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "it was not forgotten");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(names(&place.json(&["audit", "list"])).len() >= 4, "too much was forgotten");
}
