//! Proof key for code exchange (RFC 7636), by S256 alone: `plain` proves nothing to whoever reads the request.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use countersign_jose::base64url;

/// `code_challenge`: SHA-256 of the verifier that will come with the code.
#[derive(Debug, Clone, Copy, Eq)]
pub struct CodeChallenge([u8; 32]);

/// Text that is no code challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code challenge: expected 43 characters of base64url, the SHA-256 of the code verifier")]
pub struct InvalidCodeChallenge;

/// Characters of a code verifier (RFC 7636 §4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

impl CodeChallenge {
    /// Reads `code_challenge`.
    ///
    /// # Errors
    /// [`InvalidCodeChallenge`] unless it is SHA-256 in base64url.
    pub fn parse(text: &str) -> Result<Self, InvalidCodeChallenge> {
        let bytes = base64url::decode(text).map_err(|_| InvalidCodeChallenge)?;
        bytes.try_into().map(Self).map_err(|_| InvalidCodeChallenge)
    }

    /// What storage kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `code_verifier` is well-formed and hashes to this (RFC 7636 §4.6).
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let well_formed = VERIFIER.contains(&verifier.len()) && verifier.bytes().all(unreserved);
        well_formed && verify_slices_are_equal(digest(&SHA256, verifier.as_bytes()).as_ref(), &self.0).is_ok()
    }
}

impl PartialEq for CodeChallenge {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{CodeChallenge, InvalidCodeChallenge};

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_holds_and_nothing_else_does() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        for other in ["", CHALLENGE, &VERIFIER[1..], &format!("{VERIFIER}A"), &VERIFIER.to_lowercase()] {
            assert!(!challenge.is_met_by(other), "{other}");
        }
    }

    #[test]
    fn a_verifier_outside_the_grammar_is_none() {
        for verifier in ["a".repeat(42), "a".repeat(129), format!("{} ", "a".repeat(43)), "é".repeat(30)] {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
            let challenge = CodeChallenge::from_bytes(hash.as_ref().try_into().unwrap());
            assert!(!challenge.is_met_by(&verifier), "{verifier}");
        }
    }

    #[test]
    fn what_is_no_sha_256_is_no_challenge() {
        for text in ["", "plain", VERIFIER.get(1..).unwrap(), &format!("{CHALLENGE}="), &"A".repeat(44)] {
            assert_eq!(CodeChallenge::parse(text), Err(InvalidCodeChallenge), "{text}");
        }
    }
}
