//! The resource: the answer is made from the claims alone.

use crate::tour::cast::Tokens;
use crate::tour::decoded::DecodedToken;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};

const ABOUT: About = About {
    part: Part::SixSteps,
    name: "resource",
    title: "Resource: the orders service answers whom the token names",
    why: "Whose orders these are it takes from `sub`, never from a parameter that the client could choose.",
};

pub(super) async fn play(stage: &mut Stage, laptop: &Tokens) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let answer = stage.send("laptop", laptop.orders(stage.world())).await?;
    let subject = DecodedToken::of(&laptop.access)?.claim("sub");
    stage.expect("whose orders are answered", subject, answer.text("of")?);
    Ok(())
}
