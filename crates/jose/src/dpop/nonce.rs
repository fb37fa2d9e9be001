//! Nonces for proofs (RFC 9449 §8 and §9) that nobody keeps: each is made from a key and the time.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

use crate::{KeyError, Timestamp, base64url, key::fill, limits::PROOF_NONCE_SECONDS};

const NONCE_BYTES: usize = 16;

/// Makes the nonces that a server asks proofs for, and knows them again. Whoever has the same key knows the same nonces,
/// so several processes behind one name need share nothing else.
///
/// ```
/// use countersign_jose::{ProofNonces, Timestamp};
///
/// let nonces = ProofNonces::new(&[7; ProofNonces::KEY_BYTES]);
/// let nonce = nonces.at(Timestamp::from_seconds(1_000));
/// assert!(nonces.is_fresh(&nonce, Timestamp::from_seconds(1_060)));
/// assert!(!nonces.is_fresh(&nonce, Timestamp::from_seconds(1_200)));
/// assert!(!ProofNonces::generate()?.is_fresh(&nonce, Timestamp::from_seconds(1_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ProofNonces(hmac::Key);

impl ProofNonces {
    /// How many bytes the key has.
    pub const KEY_BYTES: usize = 32;

    /// From a key that is random, and used for nothing else.
    #[must_use]
    pub fn new(key: &[u8; Self::KEY_BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Under a key of this process alone.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if the generator failed.
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = zeroize::Zeroizing::new([0; Self::KEY_BYTES]);
        fill(&mut *key)?;
        Ok(Self::new(&key))
    }

    /// The nonce to hand out at `now`: the same for a minute.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> String {
        self.of_period(period(now))
    }

    /// Whether `nonce` was handed out in this minute or the one before, so that whoever takes over the nonce of each answer
    /// always has one that is good; or in the next one, by a process with the same key whose clock is ahead.
    #[must_use]
    pub fn is_fresh(&self, nonce: &str, now: Timestamp) -> bool {
        let period = period(now);
        let same = |of| verify_slices_are_equal(self.of_period(of).as_bytes(), nonce.as_bytes()).is_ok();
        // All are compared, whichever it is.
        same(period) | same(period.saturating_sub(1)) | same(period.saturating_add(1))
    }

    fn of_period(&self, period: u64) -> String {
        let tag = hmac::sign(&self.0, &period.to_be_bytes());
        base64url::encode(tag.as_ref().get(..NONCE_BYTES).unwrap_or_default())
    }
}

/// Prints no key.
impl std::fmt::Debug for ProofNonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProofNonces([redacted])")
    }
}

const fn period(now: Timestamp) -> u64 {
    now.as_seconds() / PROOF_NONCE_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_in_its_minute_and_those_beside_it_and_under_its_key_alone() {
        let (nonces, other) = (ProofNonces::new(&[1; 32]), ProofNonces::new(&[2; 32]));
        let at = Timestamp::from_seconds;
        let nonce = nonces.at(at(120));
        assert_eq!(nonce.len(), 22, "128 bits");
        for seconds in [60, 119, 120, 179, 180, 239] {
            assert!(nonces.is_fresh(&nonce, at(seconds)), "{seconds}");
            assert!(!other.is_fresh(&nonce, at(seconds)), "{seconds}");
        }
        for seconds in [0, 59, 240, 300] {
            assert!(!nonces.is_fresh(&nonce, at(seconds)), "{seconds}");
        }
        assert_eq!((nonces.at(at(179)), nonces.at(at(180)) != nonce), (nonce.clone(), true));
        for other in ["", "x", &nonce[1..], &format!("{nonce}A")] {
            assert!(!nonces.is_fresh(other, at(120)), "{other}");
        }
    }

    #[test]
    fn the_key_does_not_print() {
        assert_eq!(format!("{:?}", ProofNonces::new(&[1; 32])), "ProofNonces([redacted])");
    }
}
