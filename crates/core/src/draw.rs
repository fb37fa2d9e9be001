//! Time and randomness as values: an operation gets one [`Draw`] and is from then on a function of what it was given.

use crate::client::ClientSecret;
use crate::grant::{AuthorizationCode, PushedRequestSecret};
use crate::ids::{AccountId, SessionId, TokenId};
use crate::session::SessionSecret;
use crate::time::Time;
use countersign_jose::{Algorithm, KeyError, SigningKey};
use countersign_revocation::Epoch;
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

// Its place in the alphabet of base64url.
const HYPHEN: u8 = 62;
// Three ids, a secret and a salt of 16 bytes each; a secret to hand out; what is random of an epoch; a nonce.
const DRAWN_BYTES: usize = 5 * 16 + 32 + 10 + 12;

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
    /// For the one secret of 256 bits that it may hand out: of a client, of a pushed request, or a code.
    pub secret: Zeroizing<[u8; 32]>,
    /// For the storage epoch it may begin.
    pub epoch_id: Epoch,
    /// For the password it may hash.
    pub salt: [u8; 16],
    /// For what it may seal.
    pub nonce: [u8; 12],
}

impl Draw {
    /// Takes a share from `source`.
    #[must_use]
    pub fn from(source: &dyn Source) -> Self {
        // One call: each has a cost of its own, whatever its length.
        let mut bytes = Zeroizing::new([0; DRAWN_BYTES]);
        source.fill(&mut *bytes);
        let mut left = Share(&bytes[..]);
        let now = source.now();
        Self {
            now,
            jti: TokenId::from_bytes(left.id()),
            session_id: SessionId::from_bytes(left.id()),
            session_secret: SessionSecret::from_bytes(left.take()),
            account_id: AccountId::from_bytes(left.id()),
            secret: Zeroizing::new(left.take()),
            epoch_id: Epoch::new(now.as_millis(), left.take()),
            salt: left.take(),
            nonce: left.take(),
        }
    }
}

impl Draw {
    /// The secret of the client that the operation registers, or whose secret it replaces. Few do: it is written out only
    /// here.
    #[must_use]
    pub fn client_secret(&self) -> ClientSecret {
        ClientSecret::from_bytes(&self.secret)
    }

    /// The authorization code that the operation gives.
    #[must_use]
    pub fn authorization_code(&self) -> AuthorizationCode {
        AuthorizationCode::from_bytes(&self.secret)
    }

    /// What the request that the operation keeps will be known by.
    #[must_use]
    pub fn pushed_request(&self) -> PushedRequestSecret {
        PushedRequestSecret::from_bytes(&self.secret)
    }
}

/// Random bytes that nobody has taken yet.
struct Share<'a>(&'a [u8]);

impl Share<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        #[expect(
            clippy::expect_used,
            reason = "`DRAWN_BYTES` counts what `Draw::from` takes, and each draw takes the same"
        )]
        let (taken, left) = self.0.split_first_chunk().expect("enough was drawn");
        self.0 = left;
        *taken
    }

    /// An id whose text does not begin with `-`: on a command line it would look like a flag.
    fn id(&mut self) -> [u8; 16] {
        let mut bytes: [u8; 16] = self.take();
        if bytes[0] >> 2 == HYPHEN {
            bytes[0] ^= 0x80;
        }
        bytes
    }
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
