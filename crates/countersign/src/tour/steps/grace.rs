//! Grace: two tabs with one token are one client, not a thief.

use crate::tour::cast::Tokens;
use crate::tour::interrupted::Interrupted;
use crate::tour::stage::Stage;
use crate::tour::step::{About, Part};

const ABOUT: About = About {
    part: Part::Refresh,
    name: "grace",
    title: "Refresh: a second tab sends the spent token three seconds later",
    why: "A lost reply, two tabs, a restarted worker: within the grace period the spent token gets the same \
          successor once more, so there is still one chain and nobody is signed out. The successor is computed \
          again, not stored.",
};

pub(super) async fn play(stage: &mut Stage, laptop: &Tokens, spent: &Tokens) -> Result<(), Interrupted> {
    stage.begin(&ABOUT);
    stage.wait(3);
    let answer = stage.send("second tab", spent.refresh(stage.world())).await?;
    stage.expect("refresh with the spent token", "200", answer.told());
    let repeated = Tokens::of(&answer)?;
    let successor = if repeated.refresh == laptop.refresh { "the same" } else { "another" };
    stage.expect("its successor", "the same", successor);
    Ok(())
}
