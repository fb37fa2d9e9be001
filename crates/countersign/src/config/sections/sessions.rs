//! `[sessions]`

use crate::config::{
    declare::{Fallback::Is, section},
    shapes::{Count, DurationIn, FOREVER, MINUTE, SECOND},
};
use std::time::Duration;

section! {
    /// How long sessions last, and which repeated refreshes are a lost reply rather than a theft.
    sessions: Sessions {
        /// Without a refresh for this long, a session is over.
        idle: Duration = Is("14d"), DurationIn::new(SECOND, FOREVER);
        /// However busy, a session is over after this long; it wins over `sessions.idle`.
        absolute: Duration = Is("90d"), DurationIn::new(SECOND, FOREVER);
        /// A refresh token that comes twice within this is one client's: both get the same successor.
        grace: Duration = Is("10s"), DurationIn::new(Duration::ZERO, MINUTE).too_long(
            "a stolen refresh token would go unnoticed that long",
            "use \"10s\"",
        );
        /// How many lost replies in a row are forgiven, each a refresh with the token before the current one; 0
        /// forgives none.
        forgiveness: u32 = Is("2"), Count(0..=5);
    }
}
