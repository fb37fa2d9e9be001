//! Issuance: the password is traded for two tokens, one to show and one to renew it with.

use crate::tour::cast::{Ana, Tokens};
use crate::tour::decoded::DecodedToken;
use crate::tour::interrupted::Interrupted;
use crate::tour::orders::AUDIENCE;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::json;

const ABOUT: About = About {
    part: Part::SixSteps,
    name: "issuance",
    title: "Issuance: the right password is traded for an access token and a refresh token",
    why: "The access token says who (sub), for whom (aud), what (scope) and until when (exp), signed, in claims that \
          anybody can read and nobody can change. The laptop also asked for orders:refund, which needs a role that Ana \
          does not have: it is left out, and `scope` says what was given.",
};

/// A default token fits into any header field, with room for a dozen cookies beside it.
const TOKEN_BYTES_MAX: usize = 640;

pub(super) async fn play(stage: &mut Stage, ana: &Ana) -> Result<Tokens, Interrupted> {
    stage.begin(&ABOUT);
    let asked = json!({ "audience": AUDIENCE, "scope": "orders:read orders:refund" });
    let answer = stage.send("laptop", ana.sign_in(stage.world(), asked)).await?;
    stage.expect("sign-in with the right password", "200", answer.told());

    let tokens = Tokens::of(&answer)?;
    stage.show(&tokens.access)?;
    let token = DecodedToken::of(&tokens.access)?;
    stage.expect_at_most("bytes of the access token", TOKEN_BYTES_MAX, token.bytes);
    stage.expect("its audience", AUDIENCE, token.claim("aud"));
    stage.expect("its scope", "orders:read", token.claim("scope"));
    stage.expect("its session", &tokens.session, token.claim("sid"));
    Ok(tokens)
}
