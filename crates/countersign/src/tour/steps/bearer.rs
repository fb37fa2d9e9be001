//! The Bearer request: the token is sent with every request, in one header field.

use crate::tour::cast::Tokens;
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use hyper::header::WWW_AUTHENTICATE;

const ABOUT: About = About {
    part: Part::SixSteps,
    name: "bearer",
    title: "Bearer request: the laptop shows its access token to the orders service",
    why: "RFC 6750: whoever bears the token is let in, so it travels only in `Authorization`, which no log and no \
          Referer repeats, never in a URL. Without it the answer says which schemes are taken (DPoP is for tokens \
          that are bound to a key), and which scope is needed.",
};

/// How many requests the issuer had got before the token was shown.
pub(super) async fn play(stage: &mut Stage, laptop: &Tokens) -> Result<u64, Interrupted> {
    stage.begin(&ABOUT);
    let without = stage.send("laptop", Request::get(stage.world().orders("/orders"))).await?;
    stage.expect("without a token", "401 missing_token", without.told());
    stage.expect(
        "the scheme asked for, and the scope",
        r#"Bearer scope="orders:read""#,
        without.field(WWW_AUTHENTICATE),
    );

    let before = stage.world().issuer_requests();
    let with = stage.send("laptop", laptop.orders(stage.world())).await?;
    stage.expect("with the token", "200", with.told());
    Ok(before)
}
