//! What a browser sign-in is known by: the cookie `cso_…`.

use crate::ids::SessionId;
use crate::session::{SecretHash, SessionSecret};
use countersign_jose::base64url;
use zeroize::Zeroizing;

/// A browser sign-in's session and secret, as its cookie carries them. Wiped when dropped; does not print.
///
/// It is no refresh token: it has neither generation nor MAC, so neither opens as the other.
#[derive(Clone)]
pub struct BrowserSecret {
    session: SessionId,
    secret: SessionSecret,
}

/// By which scanners of source code and logs find a secret that leaked.
const PREFIX: &str = "cso_";

impl BrowserSecret {
    /// That of a session which has just been opened.
    #[must_use]
    pub const fn new(session: SessionId, secret: SessionSecret) -> Self {
        Self { session, secret }
    }

    /// Reads a cookie's value; `None` if it is not the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(base64url::decode(text.strip_prefix(PREFIX)?).ok()?);
        let (session, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            session: SessionId::from_bytes(*session),
            secret: SessionSecret::from_bytes(secret.try_into().ok()?),
        })
    }

    /// The cookie's value.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 32]);
        bytes[..16].copy_from_slice(self.session.as_bytes());
        bytes[16..].copy_from_slice(self.secret.expose());
        let encoded = Zeroizing::new(base64url::encode(&*bytes));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + encoded.len()));
        text.push_str(PREFIX);
        text.push_str(&encoded);
        text
    }

    /// The session that it names.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// What storage holds of its secret.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        self.secret.hash()
    }
}

impl std::fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserSecret").field("session", &self.session).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::BrowserSecret;
    use crate::ids::SessionId;
    use crate::session::SessionSecret;

    #[test]
    fn a_cookie_reads_back_and_does_not_print() {
        let secret = BrowserSecret::new(SessionId::from_bytes([1; 16]), SessionSecret::from_bytes([2; 16]));
        let text = secret.expose();
        assert_eq!(text.len(), 47);
        let read = BrowserSecret::parse(&text).unwrap();
        assert_eq!((read.session(), read.hash()), (secret.session(), secret.hash()));
        assert!(!format!("{read:?}").contains("AgIC"));
        for other in ["", "cso_", &text[4..], &text[..46], &format!("{}A", &*text), &text.replace("cso", "csr")] {
            assert!(BrowserSecret::parse(other).is_none(), "{other}");
        }
    }
}
