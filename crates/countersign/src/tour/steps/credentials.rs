//! Credentials: who somebody is, proven with a password. The only step in which the password travels.

use crate::tour::cast::Ana;
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::json;

const ABOUT: About = About {
    part: Part::SixSteps,
    name: "credentials",
    title: "Credentials: an account is made, and a wrong password gets nothing",
    why: "The server keeps an argon2id hash of the password, and an unknown login gets the same answer in the same \
          time as a wrong password: nobody learns who has an account.",
};

pub(super) async fn play(stage: &mut Stage) -> Result<Ana, Interrupted> {
    stage.begin(&ABOUT);
    let ana = Ana { password: stage.world().password() };
    let created = stage
        .send(
            "laptop",
            Request::post(stage.world().issuer("/api/v1/accounts"))
                .json(json!({ "login": Ana::LOGIN, "password": *ana.password })),
        )
        .await?;
    stage.expect("sign-up", "201", created.told());

    let guess = Ana { password: stage.world().password() };
    let wrong = stage.send("somebody", guess.sign_in(stage.world(), json!({}))).await?;
    stage.expect("sign-in with a wrong password", "401 invalid_credentials", wrong.told());
    Ok(ana)
}
