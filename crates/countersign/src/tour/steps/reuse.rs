//! Reuse: a thief has copied a refresh token. That it is used twice gives it away.

use crate::tour::cast::Tokens;
use crate::tour::http::Request;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};
use serde_json::Value;

const ABOUT: About = About {
    part: Part::Endings,
    name: "reuse",
    title: "A stolen refresh token is replayed after its owner went on",
    why: "Of the two who hold the chain now, nobody can tell which is the thief: so the session ends for both, and \
          both must prove anew who they are. Ana sees why from her phone, down to the two requests that collided.",
};

/// A thief copies the laptop's token; the laptop refreshes twice; the thief tries. The phone is another session.
pub(super) async fn play(stage: &mut Stage, laptop: Tokens, phone: Tokens) -> Result<Tokens, Interrupted> {
    stage.begin(&ABOUT);
    let stolen = laptop.refresh(stage.world());
    let laptop = refreshed(stage, &laptop).await?;
    let laptop = refreshed(stage, &laptop).await?;
    stage.wait(stage.world().beyond_grace());
    let thief = stage.send("thief", stolen).await?;
    stage.expect("the thief", "401 invalid_grant", thief.told());
    let owner = stage.send("laptop", laptop.refresh(stage.world())).await?;
    stage.expect("the owner, afterwards", "401 invalid_grant", owner.told());

    // The phone's token expired with the laptop's, some steps ago.
    let phone = Tokens::of(&stage.send("phone", phone.refresh(stage.world())).await?)?;
    let sessions =
        stage.send("phone", Request::get(stage.world().issuer("/api/v1/sessions")).bearer(&phone.access)).await?;
    stage.expect("why, as the phone is told", "reused", reason(&sessions.body, &laptop.session));
    Ok(phone)
}

async fn refreshed(stage: &mut Stage, laptop: &Tokens) -> Result<Tokens, Interrupted> {
    stage.wait(stage.world().beyond_grace());
    let answer = stage.send("laptop", laptop.refresh(stage.world())).await?;
    Tokens::of(&answer)
}

fn reason(sessions: &Value, session: &str) -> String {
    let items = sessions["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ended = items.iter().find(|item| item["id"] == session);
    ended.and_then(|item| item["end"]["reason"].as_str()).unwrap_or("not ended").to_owned()
}
