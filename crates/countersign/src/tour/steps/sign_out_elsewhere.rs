//! What sign-out reaches beyond the issuer: every resource server that follows the revocation feed.

use crate::tour::cast::{Ana, Tokens};
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::orders::AUDIENCE;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const ABOUT: About = About {
    part: Part::Endings,
    name: "sign-out-elsewhere",
    title: "Sign-out, as other resource servers see it: refused there too, within moments",
    why: "A token that is checked without asking anybody can't be taken back, unless whoever checks it is told. The \
          issuer signs and numbers what it takes back, and every verifier holds it in memory; one that misses \
          something knows it, and says so.",
};

/// The bound that is asked of the whole way; on this machine it takes a few milliseconds.
const REFUSED_WITHIN_MS: usize = 1_000;

pub(super) async fn play(stage: &mut Stage, ana: &Ana) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let asked = ana.sign_in(stage.world(), json!({ "audience": AUDIENCE, "scope": "orders:read" }));
    let tablet = Tokens::of(&stage.send("tablet", asked).await?)?;
    let before = stage.send("tablet", tablet.orders(stage.world())).await?;
    stage.expect("the orders service, before", "200", before.told());
    stage.expect("the orders service knows of every revocation", true, stage.world().orders_current().await);

    let body = json!({ "refresh_token": *tablet.refresh });
    let sign_out = Request::post(stage.world().issuer("/api/v1/sign-out")).json(body);
    stage.send("tablet", sign_out).await?;
    let took = until_refused(stage, &tablet).await?;
    let after = stage.send("somebody", tablet.orders(stage.world())).await?;
    stage.expect("the orders service, after sign-out", "401 revoked", after.told());
    stage.expect_at_most("milliseconds until it refused", REFUSED_WITHIN_MS, took);
    Ok(())
}

/// How many milliseconds it takes until the orders service refuses the token; no longer is waited than a while.
async fn until_refused(stage: &Stage, tokens: &Tokens) -> Result<usize, Interrupted> {
    let began = Instant::now();
    loop {
        let answer = tokens.orders(stage.world()).send().await?;
        let took = usize::try_from(began.elapsed().as_millis()).unwrap_or(usize::MAX);
        if answer.status != 200 || took > 2 * REFUSED_WITHIN_MS {
            return Ok(took);
        }
        sleep(Duration::from_millis(1)).await;
    }
}
