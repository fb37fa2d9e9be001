//! An issuer that runs, answers, and has lost its database.

use crate::stage::{Stage, Tokens, current, judge, until, until_judged};
use countersign_verifier::{StalePolicy, Verifier};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const MOST: Duration = Duration::from_secs(2);
/// A reading of the clock may be a tenth of a second old.
const SLACK: Duration = Duration::from_millis(200);

/// Two verifiers that turn stale after two seconds, one of which then refuses.
async fn verifiers(stage: &Stage) -> [Verifier; 2] {
    let accepting = current(stage.verifier().max_staleness(MOST)).await;
    let refusing = current(stage.verifier().max_staleness(MOST).stale(StalePolicy::Refuse)).await;
    [accepting, refusing]
}

/// Whoever calls a token fresh after `lost` by more than the bound has lied. Ends when both say that they are stale.
async fn turn_stale_in_time([accepting, refusing]: &[Verifier; 2], good: &Tokens, lost: Instant) {
    for verifier in [accepting, refusing] {
        until("stale", || {
            let looked_at = lost.elapsed();
            let is_fresh = judge(verifier, &good.access) == "fresh";
            assert!(!is_fresh || looked_at <= MOST + SLACK, "fresh {looked_at:?} after the database was lost");
            !is_fresh
        })
        .await;
    }
    assert_eq!(judge(accepting, &good.access), "stale");
    let error = refusing.verify::<serde_json::Value>(&good.access).unwrap_err();
    assert_eq!((error.code(), error.is_temporary()), ("stale", true));
}

fn database(stage: &Stage, name: &str) -> PathBuf {
    stage.place.data().join(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_whose_database_was_renamed_away_keeps_nobody_fresh() {
    let stage = Stage::start(&[]);
    let verifiers = verifiers(&stage).await;
    let (ended, good) = (stage.sign_in(), stage.sign_in());
    stage.sign_out(&ended);
    for verifier in &verifiers {
        until_judged(verifier, &ended, "revoked").await;
    }
    std::fs::rename(database(&stage, "countersign.db"), database(&stage, "gone")).unwrap();
    turn_stale_in_time(&verifiers, &good, Instant::now()).await;
    assert_eq!(stage.call("GET", "/healthz", None, None).0, 200, "the process lives");
    assert_eq!(stage.call("GET", "/readyz", None, None).0, 503);
    for verifier in &verifiers {
        assert_eq!(judge(verifier, &ended.access), "revoked", "stale or not");
    }
    std::fs::rename(database(&stage, "gone"), database(&stage, "countersign.db")).unwrap();
    let later = stage.sign_in();
    stage.sign_out(&later);
    for verifier in &verifiers {
        until_judged(verifier, &good, "fresh").await;
        until_judged(verifier, &later, "revoked").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_with_another_file_in_its_databases_place_keeps_nobody_fresh() {
    let stage = Stage::start(&[]);
    let verifiers = verifiers(&stage).await;
    let (ended, good) = (stage.sign_in(), stage.sign_in());
    // A whole database of the same deployment, only older: the process still has the one that it opened.
    std::fs::copy(database(&stage, "countersign.db"), database(&stage, "older")).unwrap();
    stage.sign_out(&ended);
    for verifier in &verifiers {
        until_judged(verifier, &ended, "revoked").await;
    }
    std::fs::rename(database(&stage, "countersign.db"), database(&stage, "gone")).unwrap();
    std::fs::rename(database(&stage, "older"), database(&stage, "countersign.db")).unwrap();
    turn_stale_in_time(&verifiers, &good, Instant::now()).await;
    assert_eq!(stage.call("GET", "/readyz", None, None).0, 503);
    std::fs::rename(database(&stage, "gone"), database(&stage, "countersign.db")).unwrap();
    for verifier in &verifiers {
        until_judged(verifier, &good, "fresh").await;
        assert_eq!(judge(verifier, &ended.access), "revoked");
    }
}
