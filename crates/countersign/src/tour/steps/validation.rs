//! Validation: what the resource server checked of the token that it was just shown.

use crate::tour::stage::Stage;
use crate::tour::step::{About, Event, Part};

const ABOUT: About = About {
    part: Part::SixSteps,
    name: "validation",
    title: "Validation: the orders service checked that token by itself",
    why: "At its start it fetched the issuer's metadata and public keys, and what is revoked; since then it follows the \
          revocation feed. Every token is checked from memory, in microseconds, all of this or nothing, and the issuer \
          is not asked: that is what tokens are for.",
};

/// `before`: how many requests the issuer had got before the orders service was shown the token.
pub(super) fn play(stage: &mut Stage, before: u64) {
    stage.begin(&ABOUT);
    let (learnt, checked) = (stage.world_mut().take_learnt(), stage.world().checked());
    learnt.into_iter().for_each(|asked| stage.record(asked));
    let names = checked.iter().map(|checked| checked.what).collect::<Vec<_>>().join(", ");
    stage.record(Event::Validation { checked });
    stage.expect("what was checked", "typ, alg and kid, signature, exp, iss, aud, revocation, scope", names);
    stage.expect("requests to the issuer about that token", 0, stage.world().issuer_requests() - before);
}
