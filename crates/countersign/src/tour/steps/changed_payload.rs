//! A changed token: the claims can be read and written by anybody, but not signed.

use crate::tour::cast::Tokens;
use crate::tour::decoded::with_claims_changed;
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};

const ABOUT: About = About {
    part: Part::Refused,
    name: "changed-payload",
    title: "Refused: a token whose claims were changed",
    why: "The signature covers header and claims: one changed byte and it does not match. It is checked before a \
          claim is read, so what the claims say does not matter.",
};

pub(super) async fn play(stage: &mut Stage, laptop: &Tokens) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let forged = with_claims_changed(&laptop.access, |claims| claims["scope"] = "orders:read orders:refund".into())?;
    stage.show(&forged)?;
    let answer = stage.send("somebody", Request::post(stage.world().orders("/refunds")).bearer(&forged)).await?;
    stage.expect("a refund with more scope written in", "401 bad_signature", answer.told());
    Ok(())
}
