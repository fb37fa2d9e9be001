//! A missing scope: the token holds, but does not say that this may be done.

use crate::tour::cast::Tokens;
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};

const ABOUT: About = About {
    part: Part::Refused,
    name: "missing-scope",
    title: "Refused: a request beyond the token's scope",
    why: "401 means: show a (better) token. 403 means: this token is fine, and its bearer may not do this.",
};

pub(super) async fn play(stage: &mut Stage, laptop: &Tokens) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let answer = stage.send("laptop", Request::post(stage.world().orders("/refunds")).bearer(&laptop.access)).await?;
    stage.expect("a refund with scope orders:read", "403 insufficient_scope", answer.told());
    Ok(())
}
