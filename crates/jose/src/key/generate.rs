//! New keys: besides nonces the only place in this crate where randomness is drawn.

use zeroize::Zeroizing;

use super::{KeyId, SigningKey, ecdsa, ed25519, failed, rsa};
use crate::{Algorithm, KeyError, Secret, base64url, limits::HMAC_SECRET_BYTES_MIN};

impl SigningKey {
    /// Makes a new key. Its id is the RFC 7638 thumbprint, for HS256 a random one: there the thumbprint would be a
    /// hash of the secret. RSA keys have 2048 bits, HMAC secrets 256.
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
        match algorithm {
            Algorithm::Es256 => Self::from_ecdsa(ecdsa::generate()?, None),
            Algorithm::EdDsa => Self::from_ed25519(ed25519::generate()?, None),
            Algorithm::Rs256 => Self::from_rsa(rsa::generate()?, None),
            Algorithm::Hs256 => {
                let mut secret = Zeroizing::new([0; HMAC_SECRET_BYTES_MIN]);
                fill(&mut *secret)?;
                let mut id = [0; 16];
                fill(&mut id)?;
                Self::from_secret(Secret::new(secret.to_vec()), KeyId::new(base64url::encode(&id))?)
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "key generation draws here, so that no caller can pass a weak seed")]
fn fill(bytes: &mut [u8]) -> Result<(), KeyError> {
    aws_lc_rs::rand::fill(bytes).map_err(failed)
}
