//! "Sign out everywhere" and a sign-in within one second, with clocks that are apart.

use crate::stage::{Stage, current, judge, until_judged};
use countersign_verifier::{Clock, SystemClock};
use std::sync::Arc;

/// A machine whose wall clock is wrong by so many milliseconds.
struct Shifted(SystemClock, i64);

impl Clock for Shifted {
    fn wall_ms(&self) -> u64 {
        self.0.wall_ms().saturating_add_signed(self.1)
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.monotonic_ms()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tokens_of_one_second_the_one_before_is_refused_and_the_one_after_works() {
    let stage = Stage::start(&[]);
    let shifted = |ms| stage.verifier().clock(Arc::new(Shifted(SystemClock::new(), ms)));
    let ahead = current(shifted(3_000)).await;
    let behind = current(shifted(-3_000)).await;
    let mut rounds = 0;
    loop {
        let before = stage.sign_in();
        stage.sign_out_everywhere(&before);
        let after = stage.sign_in();
        for verifier in [&ahead, &behind] {
            assert_eq!(judge(verifier, &after.access), "fresh", "{:?}", verifier.metrics());
            until_judged(verifier, &before, "revoked").await;
            assert_eq!(judge(verifier, &after.access), "fresh", "{:?}", verifier.metrics());
        }
        rounds += 1;
        if before.claims()["iat"] == after.claims()["iat"] {
            break;
        }
        assert!(rounds < 50, "never within one second");
    }
    let skew = [&ahead, &behind].map(|verifier| verifier.metrics().clock_skew_ms.unwrap());
    assert!(skew[0] > 2_000 && skew[1] < -2_000, "the clocks were apart: {skew:?}");
}
