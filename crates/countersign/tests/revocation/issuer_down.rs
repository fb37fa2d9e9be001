//! A verifier that starts while nobody answers.

use crate::stage::{LONG, Stage, current, judge, until, until_judged};
use countersign_verifier::{Freshness, StalePolicy};
use std::time::Duration;

const MOST: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_issuer_down_a_verifier_has_what_it_kept_or_is_not_ready() {
    let mut stage = Stage::start(&[]);
    let folder = stage.place.path("verifier");
    let (ended, good) = (stage.sign_in(), stage.sign_in());
    {
        let verifier = current(stage.verifier().data_folder(&folder)).await;
        stage.sign_out(&ended);
        until_judged(&verifier, &ended, "revoked").await;
        until("kept", || std::fs::read_to_string(folder.join("feed-tail")).is_ok_and(|tail| !tail.is_empty())).await;
    }
    stage.kill();

    let empty = stage.verifier().build().await.unwrap();
    assert!(!empty.ready());
    assert_eq!(judge(&empty, &good.access), "not_ready");

    let accepting = stage.verifier().data_folder(&folder).max_staleness(MOST).build().await.unwrap();
    assert!(accepting.ready());
    assert_eq!(judge(&accepting, &ended.access), "revoked");
    // It says how old what it has is, and that grows.
    let told = || Duration::from_millis(accepting.metrics().staleness_ms.expect("how stale it is"));
    until("stale", || told() > MOST).await;
    assert!(told() < LONG);
    assert_eq!(accepting.freshness(), Freshness::Stale);
    assert_eq!([&good, &ended].map(|tokens| judge(&accepting, &tokens.access)), ["stale", "revoked"]);
    assert!(!empty.ready());
    drop(accepting);

    let refusing = stage.verifier().data_folder(&folder).max_staleness(MOST).stale(StalePolicy::Refuse);
    let refusing = refusing.build().await.unwrap();
    assert!(refusing.ready());
    let error = refusing.verify::<serde_json::Value>(&good.access).unwrap_err();
    assert_eq!((error.code(), error.is_temporary()), ("stale", true));
    assert_eq!(judge(&refusing, &ended.access), "revoked");

    stage.start_again();
    for verifier in [&empty, &refusing] {
        assert!(verifier.wait_until_current(LONG).await, "{:?}", verifier.metrics());
        assert_eq!([&good, &ended].map(|tokens| judge(verifier, &tokens.access)), ["fresh", "revoked"]);
    }
}
