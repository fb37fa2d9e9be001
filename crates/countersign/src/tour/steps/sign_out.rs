//! Sign-out: the session ends, and with it everything that the issuer itself is asked.

use crate::tour::cast::{Ana, Tokens};
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::json;

const ABOUT: About = About {
    part: Part::Endings,
    name: "sign-out",
    title: "Sign-out: the refresh token and, at the issuer, the access token are refused at once",
    why: "A sign-out that only forgets the tokens in the client leaves them alive for whoever copied them. This one \
          ends the session; the issuer looks up the session of every access token that comes to its own API.",
};

pub(super) async fn play(stage: &mut Stage, ana: &Ana) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let tablet = Tokens::of(&stage.send("tablet", ana.sign_in(stage.world(), json!({}))).await?)?;
    let body = json!({ "refresh_token": *tablet.refresh });
    let answer = stage.send("tablet", Request::post(stage.world().issuer("/api/v1/sign-out")).json(body)).await?;
    stage.expect("sign-out", "204", answer.told());

    let refused = stage.send("tablet", tablet.refresh(stage.world())).await?;
    stage.expect("refresh afterwards", "401 invalid_grant", refused.told());
    let refused = stage.send("tablet", tablet.me(stage.world())).await?;
    stage.expect("the access token at the issuer", "401 invalid_token", refused.told());
    Ok(())
}
