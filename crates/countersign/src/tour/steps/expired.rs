//! Expiry: the only end that a token carries in itself.

use crate::tour::cast::Tokens;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};

const ABOUT: About = About {
    part: Part::Refused,
    name: "expired",
    title: "Refused: a token that has expired",
    why: "Nobody has to be told: at `exp` every resource server stops taking it, by its own clock. The client \
          refreshes, and goes on without asking for the password.",
};

pub(super) async fn play(stage: &mut Stage, laptop: Tokens) -> Result<Tokens, Interrupted> {
    stage.begin(&ABOUT);
    stage.wait(stage.world().beyond_access_lifetime());
    let late = stage.send("laptop", laptop.orders(stage.world())).await?;
    stage.expect("the token, its lifetime later", "401 expired", late.told());

    let fresh = Tokens::of(&stage.send("laptop", laptop.refresh(stage.world())).await?)?;
    let answer = stage.send("laptop", fresh.orders(stage.world())).await?;
    stage.expect("the token from a refresh", "200", answer.told());
    Ok(fresh)
}
