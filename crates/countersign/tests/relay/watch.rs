//! `countersign feed` through relays.

use crate::process::RelayProcess;
use crate::stage::Stage;
use serde_json::Value;
use tokio::task::block_in_place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feed_watch_shows_how_each_relay_on_the_way_stands() {
    let stage = Stage::start(&[("COUNTERSIGN_FEED__ACCESS", "public")]);
    let top = RelayProcess::start(&stage, "top", None);
    let below = RelayProcess::start(&stage, "below", Some(&top));
    let secret = stage.place.path("watcher.secret").display().to_string();
    stage.command(&["client", "add", "watcher", "--kind", "machine", "--scope", "feed:read", "--secret-out", &secret]);
    let (issuer, url) = (stage.issuer(), below.url());
    let as_watcher = ["--issuer", &issuer, "--from", &url, "--client-id", "watcher", "--secret-file", &secret];
    let watch = |args: &[&str]| {
        let args = [&["feed", "watch", "--heads", "--count", "8"], &as_watcher[..], args].concat();
        let ran = block_in_place(|| stage.place.run(&args));
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    };
    let told = watch(&["--json"]);
    let documents: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let levels = documents.iter().rfind(|document| document["kind"] == "levels").expect("how relays stand");
    assert_eq!((levels["levels"].as_array().unwrap().len(), &levels["complete"]), (2, &Value::Bool(true)), "{levels}");
    for level in levels["levels"].as_array().unwrap() {
        assert!(level["lag_ms"].is_u64() && level["as_of"].is_string() && level["applied"].is_string(), "{level}");
    }
    let shown = watch(&[]);
    assert!(shown.contains("level 1  number ") && shown.contains("level 2  number "), "{shown}");
    // At the issuer there are none.
    let direct = ["feed", "watch", "--heads", "--count", "3", "--issuer", &issuer];
    assert!(!block_in_place(|| stage.place.run(&direct)).out.contains("level"));
}
