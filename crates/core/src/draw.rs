//! Time and randomness as values: an operation gets one [`Draw`] and is from then on a function of what it was given.

use crate::client::ClientSecret;
use crate::ids::{AccountId, EpochId, SessionId, TokenId};
use crate::session::SessionSecret;
use crate::time::Time;
use countersign_jose::{Algorithm, KeyError, SigningKey};
use zeroize::Zeroizing;

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
    /// For the client it may register, or whose secret it may replace.
    pub client_secret: ClientSecret,
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
            jti: TokenId::from_bytes(random(source)),
            session_id: SessionId::from_bytes(random(source)),
            session_secret: SessionSecret::from_bytes(random(source)),
            account_id: AccountId::from_bytes(random(source)),
            client_secret: ClientSecret::from_bytes(&Zeroizing::new(random(source))),
            epoch_id: EpochId::from_bytes(random(source)),
            salt: random(source),
            nonce: random(source),
        }
    }
}

fn random<const N: usize>(source: &dyn Source) -> [u8; N] {
    let mut bytes = [0; N];
    source.fill(&mut bytes);
    bytes
}
