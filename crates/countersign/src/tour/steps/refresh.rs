//! Refresh: the refresh token is spent, a new pair takes its place.

use crate::tour::cast::Tokens;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};

const ABOUT: About = About {
    part: Part::Refresh,
    name: "refresh",
    title: "Refresh: the refresh token is traded for a new pair",
    why: "Access tokens live for minutes, so that a stolen one is soon worthless. The refresh token lives for weeks, \
          goes to the issuer alone, and rotates: each is good for one trade, so that two holders of one token \
          collide.",
};

/// The laptop's new tokens, and those that they replaced.
pub(super) async fn play(stage: &mut Stage, laptop: Tokens) -> Result<(Tokens, Tokens), Interrupted> {
    stage.begin(&ABOUT);
    let answer = stage.send("laptop", laptop.refresh(stage.world())).await?;
    stage.expect("refresh", "200", answer.told());
    let fresh = Tokens::of(&answer)?;
    stage.expect("the refresh token", "another", if fresh.refresh == laptop.refresh { "the same" } else { "another" });
    stage.expect("the session", &laptop.session, &fresh.session);
    Ok((fresh, laptop))
}
