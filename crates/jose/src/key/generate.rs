//! New keys: besides nonces the only place in this crate where randomness is drawn.

use zeroize::Zeroizing;

use super::{KeyId, SigningKey, ecdsa, ed25519, failed, hmac, rsa};
use crate::{Algorithm, KeyError, Secret, algorithm::Family, base64url};

impl SigningKey {
    /// Makes a new key. Its id is the RFC 7638 thumbprint, for an HMAC secret a random one: there the thumbprint would
    /// be a hash of the secret. RSA keys have 2048 bits, HMAC secrets the length of their hash.
    ///
    /// ```
    /// use countersign_jose::{Algorithm, SigningKey};
    ///
    /// let key = SigningKey::generate(Algorithm::Es256)?;
    /// assert_eq!(key.id().as_str(), key.verifying_key().thumbprint().to_string());
    /// # Ok::<(), countersign_jose::KeyError>(())
    /// ```
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if the generator failed.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Ecdsa(curve) => Self::from_ecdsa(curve, ecdsa::generate(curve)?, None),
            Family::Ed25519 => Self::from_ed25519(ed25519::generate()?, None),
            Family::Rsa => Self::from_rsa(algorithm, rsa::generate()?, None),
            Family::Hmac => {
                let mut secret = Zeroizing::new(vec![0; hmac::secret_bytes(algorithm)]);
                fill(&mut secret)?;
                let mut id = [0; 16];
                fill(&mut id)?;
                Self::from_hmac_secret(algorithm, Secret::new(secret.to_vec()), KeyId::new(base64url::encode(&id))?)
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "key generation draws here, and those of proof nonces, so that no caller can pass a weak seed"
)]
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), KeyError> {
    aws_lc_rs::rand::fill(bytes).map_err(failed)
}
