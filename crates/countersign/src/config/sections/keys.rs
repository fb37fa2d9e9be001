//! `[keys]`

use crate::config::{
    declare::{
        Fallback::{Is, Unset},
        section,
    },
    error::Fault,
    reader::Reader,
    shapes::{DAY, DurationIn, FOREVER, Optional, SECOND, Secret, Text},
    values::MasterKey,
};
use std::time::Duration;

section! {
    /// When signing keys change, and what seals them.
    keys: Keys {
        /// How long a key signs before the next one takes over.
        rotation: Duration = Is("30d"), DurationIn::new(SECOND.saturating_mul(5), FOREVER);
        /// How long a verifier may keep the published keys (`Cache-Control: max-age` of the JWK Set).
        jwks_max_age: Duration = Is("10m"), DurationIn::new(Duration::ZERO, DAY);
        /// How long a key is published before it signs: not less than `keys.jwks_max_age`, so that no verifier meets
        /// a key that it has not seen.
        publish_ahead: Duration = Is("1d"), DurationIn::new(Duration::ZERO, FOREVER);
        /// The key that seals the private keys in the database: 32 bytes in base64url, 43 characters. At most one of
        /// this, `keys.master_key_file` and `keys.master_key_command` is given.
        master_key: Option<MasterKey> =
            Unset("made at the first start, a file in the data folder"), Optional(Secret(MasterKey::SHAPE));
        /// A command that prints the master key; it is run once, at the start.
        master_key_command: Option<String> =
            Unset("no command"), Optional(Text { what: "a command", parse: |text| Ok(text.to_owned()) });
    }
}

impl Keys {
    /// What no key can say alone.
    pub(in crate::config) fn settle(&self, reader: &mut Reader<'_>) {
        let sound = reader.is_sound("keys.publish_ahead") && reader.is_sound("keys.jwks_max_age");
        if sound && self.publish_ahead < self.jwks_max_age {
            let max_age = reader.told("keys.jwks_max_age");
            let fault = Fault::new(format!(
                "shorter than {max_age}: a verifier that still caches the old keys would refuse good tokens",
            ));
            reader.refuse("keys.publish_ahead", fault.hint("make it at least as long, or `keys.jwks_max_age` shorter"));
        }
        for other in ["keys.master_key", "keys.master_key_file"] {
            reader.refuse_both(other, "keys.master_key_command");
        }
    }
}
