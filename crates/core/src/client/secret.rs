//! A client's secret (RFC 6749 §2.3.1): 256 random bits, shown once; storage holds SHA-256 of its text.

use crate::session::SecretHash;
use countersign_jose::{Secret, base64url};
use zeroize::Zeroizing;

/// A client's secret, or what somebody presents as one. Wiped when dropped; does not print.
#[derive(Clone)]
pub struct ClientSecret(Secret<String>);

/// By which scanners of source code and logs find a secret that leaked.
const PREFIX: &str = "css_";

impl ClientSecret {
    /// The secret of these random bytes: `css_` and 43 characters of base64url.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let encoded = Zeroizing::new(base64url::encode(bytes));
        let mut text = String::with_capacity(PREFIX.len() + encoded.len());
        text.push_str(PREFIX);
        text.push_str(&encoded);
        Self(Secret::new(text))
    }

    /// What somebody presents, whatever its form: telling a malformed one apart would take another time.
    #[must_use]
    pub const fn presented(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// Its text, for whoever it is shown to, once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What storage holds of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.expose().as_bytes())
    }
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::ClientSecret;

    #[test]
    fn a_secret_is_47_characters_and_does_not_print() {
        let secret = ClientSecret::from_bytes(&[0xff; 32]);
        assert_eq!(secret.expose(), "css___________________________________________8");
        assert_eq!(secret.expose().len(), 47);
        assert_eq!(format!("{secret:?}"), "ClientSecret([redacted])");
    }

    #[test]
    fn what_is_presented_matches_by_its_whole_text() {
        let secret = ClientSecret::from_bytes(&[7; 32]);
        let presented = |text: String| ClientSecret::presented(text).hash();
        assert_eq!(presented(secret.expose().to_owned()), secret.hash());
        for other in [String::new(), secret.expose()[4..].to_owned(), format!("{} ", secret.expose())] {
            assert_ne!(presented(other), secret.hash());
        }
    }
}
