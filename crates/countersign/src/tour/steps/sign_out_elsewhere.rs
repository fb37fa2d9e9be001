//! What sign-out does not reach yet: resource servers that check tokens by themselves.

use crate::tour::cast::{Ana, Tokens};
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::orders::AUDIENCE;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::json;

const ABOUT: About = About {
    part: Part::Endings,
    name: "sign-out-elsewhere",
    title: "Sign-out, as other resource servers see it: their tokens hold until they expire",
    why: "The price of not asking the issuer: who is not asked can't take back. Short lifetimes bound it, to ten \
          minutes by default. The revocation feed, which tells every verifier what was taken back, will close this \
          gap.",
};

pub(super) async fn play(stage: &mut Stage, ana: &Ana) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let tablet = Tokens::of(
        &stage
            .send("tablet", ana.sign_in(stage.world(), json!({ "audience": AUDIENCE, "scope": "orders:read" })))
            .await?,
    )?;
    let body = json!({ "refresh_token": *tablet.refresh });
    let sign_out = Request::post(stage.world().issuer("/api/v1/sign-out")).json(body);
    stage.send("tablet", sign_out).await?;

    let still = stage.send("somebody", tablet.orders(stage.world())).await?;
    stage.expect("the orders service, right after sign-out", "200", still.told());
    stage.wait(stage.world().beyond_access_lifetime());
    let late = stage.send("somebody", tablet.orders(stage.world())).await?;
    stage.expect("the orders service, when the token has expired", "401 expired", late.told());
    Ok(())
}
