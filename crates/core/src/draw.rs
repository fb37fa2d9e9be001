//! Time and randomness as values: an operation gets one [`Draw`] and is from then on a function of what it was given.

use crate::ids::{AccountId, EpochId, SessionId, TokenId};
use crate::session::SessionSecret;
use crate::time::Time;
use countersign_jose::{Algorithm, KeyError, SigningKey};

/// Where time and randomness come from: the system's at the top of a program, a hand-moved clock in a test.
pub trait Source: Send + Sync {
    /// The time now; it never moves back.
    fn now(&self) -> Time;

    /// Fills `bytes` from a cryptographically secure generator.
    fn fill(&self, bytes: &mut [u8]);

    /// A fresh signing key of `algorithm`.
    ///
    /// # Errors
    /// What the generator reports.
    fn signing_key(&self, algorithm: Algorithm) -> Result<SigningKey, KeyError>;
}

// Its place in the alphabet of base64url.
const HYPHEN: u8 = 62;

/// One operation's share of time and randomness.
pub struct Draw {
    /// When the operation happens.
    pub now: Time,
    /// For the access token it may mint.
    pub jti: TokenId,
    /// For the session it may open.
    pub session_id: SessionId,
    /// For the session it may open, or whose secret it may replace.
    pub session_secret: SessionSecret,
    /// For the account it may create.
    pub account_id: AccountId,
    /// For the storage epoch it may begin.
    pub epoch_id: EpochId,
    /// For the password it may hash.
    pub salt: [u8; 16],
    /// For what it may seal.
    pub nonce: [u8; 12],
}

impl Draw {
    /// Takes a share from `source`.
    #[must_use]
    pub fn from(source: &dyn Source) -> Self {
        Self {
            now: source.now(),
            jti: TokenId::from_bytes(id(source)),
            session_id: SessionId::from_bytes(id(source)),
            session_secret: SessionSecret::from_bytes(random(source)),
            account_id: AccountId::from_bytes(id(source)),
            epoch_id: EpochId::from_bytes(id(source)),
            salt: random(source),
            nonce: random(source),
        }
    }
}

/// An id whose text does not begin with `-`: on a command line it would look like a flag.
fn id(source: &dyn Source) -> [u8; 16] {
    let mut bytes: [u8; 16] = random(source);
    if bytes[0] >> 2 == HYPHEN {
        bytes[0] ^= 0x80;
    }
    bytes
}

fn random<const N: usize>(source: &dyn Source) -> [u8; N] {
    let mut bytes = [0; N];
    source.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{Draw, Source};
    use crate::time::Time;
    use countersign_jose::{Algorithm, KeyError, SigningKey};

    struct Always(u8);

    impl Source for Always {
        fn now(&self) -> Time {
            Time::from_millis(0)
        }

        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }

        fn signing_key(&self, algorithm: Algorithm) -> Result<SigningKey, KeyError> {
            SigningKey::generate(algorithm)
        }
    }

    #[test]
    fn no_id_looks_like_a_flag() {
        for byte in 0..=u8::MAX {
            let draw = Draw::from(&Always(byte));
            for id in [draw.session_id.to_string(), draw.jti.to_string(), draw.account_id.to_string()] {
                assert!(!id.starts_with('-'), "{id}");
            }
        }
    }
}
