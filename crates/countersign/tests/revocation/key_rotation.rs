//! Keys that change every five seconds, under load.

use crate::stage::{Stage, judge, key_id};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const SETTINGS: [(&str, &str); 6] = [
    ("COUNTERSIGN_KEYS__ROTATION", "5s"),
    ("COUNTERSIGN_KEYS__JWKS_MAX_AGE", "1s"),
    ("COUNTERSIGN_KEYS__PUBLISH_AHEAD", "2s"),
    ("COUNTERSIGN_TOKENS__ACCESS_LIFETIME", "2m"),
    ("COUNTERSIGN_SESSIONS__GRACE", "0s"),
    ("COUNTERSIGN_LIMITS__SIGN_IN_ACCOUNT_BURST", "0"),
];
const LASTS: Duration = Duration::from_secs(25);
const KEYS_MIN: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_good_token_is_refused_while_keys_rotate_every_five_seconds() {
    let stage = Stage::start(&SETTINGS);
    let verifiers = [stage.current_verifier().await, stage.current_verifier().await];
    let mut sessions = [stage.sign_in(), stage.sign_in()];
    let (mut tokens, mut keys) = (Vec::new(), BTreeSet::new());
    let begun = Instant::now();
    while begun.elapsed() < LASTS || keys.len() < KEYS_MIN {
        for session in &mut sessions {
            *session = stage.refresh(session);
            keys.insert(key_id(&session.access));
            tokens.push(session.access.clone());
        }
        // Each one at once, by a verifier that waits for nothing, and all that are out.
        for token in &tokens {
            for verifier in &verifiers {
                let (judged, metrics) = (judge(verifier, token), || verifier.metrics());
                assert_eq!(judged, "fresh", "key {} after {:?}: {:?}", key_id(token), begun.elapsed(), metrics());
            }
        }
        assert!(begun.elapsed() < 3 * LASTS, "keys do not rotate: {keys:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(tokens.len() > 100, "it was under load: {} tokens", tokens.len());
    let refused = verifiers.map(|verifier| verifier.metrics().refusals);
    assert!(refused.iter().all(std::collections::BTreeMap::is_empty), "{refused:?}");
}
