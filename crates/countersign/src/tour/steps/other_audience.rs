//! Another audience: a genuine token of this issuer and this person, made for somebody else.

use crate::tour::cast::{Ana, Tokens};
use crate::tour::decoded::DecodedToken;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::json;

const ABOUT: About = About {
    part: Part::Refused,
    name: "other-audience",
    title: "Refused: a token for another audience",
    why: "A token is for one resource server. Otherwise each service that is shown one could use it at all the others.",
};

pub(super) async fn play(stage: &mut Stage, ana: &Ana) -> Result<Tokens, Interrupted> {
    stage.begin(&ABOUT);
    // Nothing is asked for, so the token is for the issuer's own API.
    let phone = Tokens::of(&stage.send("phone", ana.sign_in(stage.world(), json!({}))).await?)?;
    stage.expect("the token's audience", stage.world().issuer(""), DecodedToken::of(&phone.access)?.claim("aud"));
    let answer = stage.send("phone", phone.orders(stage.world())).await?;
    stage.expect("the orders service", "401 wrong_audience", answer.told());
    let answer = stage.send("phone", phone.me(stage.world())).await?;
    stage.expect("the issuer, which it is for", "200", answer.told());
    Ok(phone)
}
