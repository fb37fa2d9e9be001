//! A password change: whoever knew the old one is out, and the session that changed it goes on.

use crate::tour::cast::{Ana, Tokens};
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::json;

const ABOUT: About = About {
    part: Part::Endings,
    name: "password-change",
    title: "A password change ends every other session; the current one goes on with new tokens",
    why: "Passwords are changed because somebody else may know them, so every session that the old one opened ends, \
          in the commit that changes it. The current session gets a new secret too: a copy of its old refresh token \
          is worth nothing.",
};

pub(super) async fn play(stage: &mut Stage, ana: Ana, phone: Tokens) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    let laptop = Tokens::of(&stage.send("laptop", ana.sign_in(stage.world(), json!({}))).await?)?;
    let fresh = stage.world().password();
    let body = json!({ "current_password": *ana.password, "new_password": *fresh });
    let answer = stage
        .send("laptop", Request::put(stage.world().issuer("/api/v1/me/password")).bearer(&laptop.access).json(body))
        .await?;
    stage.expect("the change", "200", answer.told());
    let current = Tokens::of(&answer)?;
    stage.expect("its session", &laptop.session, &current.session);

    let goes_on = stage.send("laptop", current.me(stage.world())).await?;
    stage.expect("the session that changed it", "200", goes_on.told());
    let replaced = stage.send("somebody", laptop.refresh(stage.world())).await?;
    stage.expect("its refresh token from before", "401 invalid_grant", replaced.told());
    let other = stage.send("phone", phone.refresh(stage.world())).await?;
    stage.expect("another session", "401 invalid_grant", other.told());

    let old = stage.send("phone", ana.sign_in(stage.world(), json!({}))).await?;
    stage.expect("sign-in with the old password", "401 invalid_credentials", old.told());
    let new = stage.send("phone", Ana { password: fresh }.sign_in(stage.world(), json!({}))).await?;
    stage.expect("sign-in with the new one", "200", new.told());
    Ok(())
}
