//! A private key and its one algorithm.

use std::fmt;

use aws_lc_rs::{
    rsa,
    signature::{EcdsaKeyPair, Ed25519KeyPair},
};
use zeroize::Zeroizing;

use super::{KeyId, VerifyingKey, ecdsa, ed25519, verifying::Material};
use crate::{
    Algorithm, KeyError, Secret, SignError,
    jwk::{PrivateJwk, PrivateMembers, PublicMembers, private_jwk},
    pem,
};

const PEM_LABEL: &str = "PRIVATE KEY";

/// A key that signs with exactly one algorithm. Prints no secret; zeroized when dropped.
///
/// ```
/// use countersign_jose::{Algorithm, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::EdDsa)?;
/// let stored = key.to_stored(); // seal this before it is written anywhere
/// let again = SigningKey::from_stored(Algorithm::EdDsa, key.id().clone(), &stored)?;
/// assert_eq!(again.verifying_key().thumbprint(), key.verifying_key().thumbprint());
/// # Ok::<(), countersign_jose::KeyError>(())
/// ```
pub struct SigningKey {
    public: VerifyingKey,
    private: Private,
    stored: Zeroizing<Vec<u8>>,
}

enum Private {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(rsa::KeyPair),
    /// The secret is in the verifying key: they are the same.
    Hmac,
}

impl SigningKey {
    /// Takes back what [`to_stored`](Self::to_stored) gave: PKCS#8 DER, for HS256 the raw secret.
    ///
    /// # Errors
    /// [`KeyError`] if the bytes are no key of this algorithm, or one that is too weak.
    pub fn from_stored(algorithm: Algorithm, id: KeyId, bytes: &[u8]) -> Result<Self, KeyError> {
        Self::from_bytes(algorithm, Some(id), bytes)
    }

    /// The key as bytes for [`from_stored`](Self::from_stored): PKCS#8 DER, for HS256 the raw secret.
    #[must_use]
    pub fn to_stored(&self) -> Zeroizing<Vec<u8>> {
        self.stored.clone()
    }

    /// Takes an HS256 secret of 32 to 1,024 bytes.
    ///
    /// # Errors
    /// [`KeyError::SecretBytes`] for another length; [`KeyError::Unusable`] for one repeated byte, and for a PEM, JWK,
    /// OpenSSH or DER key, which is not secret.
    pub fn from_secret(secret: impl Into<Secret<Vec<u8>>>, id: KeyId) -> Result<Self, KeyError> {
        let secret = secret.into();
        let stored = Zeroizing::new(secret.expose().clone());
        Ok(Self { public: VerifyingKey::from_secret(secret, id)?, private: Private::Hmac, stored })
    }

    /// Reads one PKCS#8 block (`BEGIN PRIVATE KEY`). The algorithm is the caller's to name (RFC 8725 §3.1); the id is
    /// the thumbprint, see [`with_id`](Self::with_id).
    ///
    /// # Errors
    /// [`KeyError`] if this is no such block or no key of this algorithm.
    pub fn from_pkcs8_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        if algorithm.is_symmetric() {
            return Err(KeyError::Unusable("PKCS#8 holds no HMAC secret"));
        }
        Self::from_bytes(algorithm, None, &pem::decode(PEM_LABEL, pem)?)
    }

    /// The key as one PKCS#8 block; `None` for HS256, which has no such form.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Option<Zeroizing<String>> {
        (!self.algorithm().is_symmetric()).then(|| pem::encode(PEM_LABEL, &self.stored))
    }

    /// Reads a private JWK: `EC`, `OKP`, `RSA` or `oct` (RFC 7518 §6). Without `kid` the id is the thumbprint; an `oct`
    /// key must have a `kid`.
    ///
    /// # Errors
    /// [`KeyError`] if it is malformed, public, for another use, of another algorithm than its `alg`, or broken.
    pub fn from_jwk(json: &[u8]) -> Result<Self, KeyError> {
        let jwk = PrivateJwk::parse(json)?;
        match jwk.members {
            PrivateMembers::P256 { x, y, d } => Self::from_ecdsa(ecdsa::from_parts(&x, &y, &d)?, jwk.id),
            PrivateMembers::Ed25519 { x, d } => Self::from_ed25519(ed25519::from_parts(&x, &d)?, jwk.id),
            PrivateMembers::Rsa { n, e, parts } => Self::from_rsa(super::rsa::from_parts(&n, &e, &parts)?, jwk.id),
            PrivateMembers::Secret(secret) => {
                Self::from_secret(secret, jwk.id.ok_or(KeyError::Unusable("an `oct` key needs a `kid`"))?)
            }
        }
    }

    /// The key as a private JWK, `kid` and `alg` included.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if the library failed to give out the private parts.
    pub fn to_private_jwk(&self) -> Result<Zeroizing<String>, KeyError> {
        let private = match &self.private {
            Private::Ecdsa(pair) => vec![("d", ecdsa::scalar(pair)?)],
            Private::Ed25519(pair) => vec![("d", ed25519::seed(pair)?)],
            Private::Rsa(_) => {
                let parts = super::rsa::private_parts(&self.stored)?;
                let members = [("d", parts.d), ("p", parts.p), ("q", parts.q), ("dp", parts.dp), ("dq", parts.dq)];
                members.into_iter().chain([("qi", parts.qi)]).collect()
            }
            Private::Hmac => vec![("k", self.stored.clone())],
        };
        Ok(private_jwk(self.public.public_members(), &private, self.id(), self.algorithm()))
    }

    /// The name of this key.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        self.public.id()
    }

    /// The algorithm of this key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The same key under another name.
    #[must_use]
    pub fn with_id(mut self, id: KeyId) -> Self {
        self.public = self.public.with_id(id);
        self
    }

    /// The key that checks what this one signs; for HS256 the same secret.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    pub(super) fn from_ecdsa(pair: EcdsaKeyPair, id: Option<KeyId>) -> Result<Self, KeyError> {
        let (x, y) = ecdsa::coordinates(&pair)?;
        let public = VerifyingKey::from_members(PublicMembers::P256 { x, y }, id)?;
        Ok(Self { public, stored: ecdsa::to_pkcs8(&pair)?, private: Private::Ecdsa(pair) })
    }

    pub(super) fn from_ed25519(pair: Ed25519KeyPair, id: Option<KeyId>) -> Result<Self, KeyError> {
        let x = ed25519::public_point(&pair)?;
        let public = VerifyingKey::from_members(PublicMembers::Ed25519 { x }, id)?;
        Ok(Self { public, stored: ed25519::to_pkcs8(&pair)?, private: Private::Ed25519(pair) })
    }

    pub(super) fn from_rsa(pair: rsa::KeyPair, id: Option<KeyId>) -> Result<Self, KeyError> {
        let (n, e) = super::rsa::public_parts(&pair)?;
        let public = VerifyingKey::from_members(PublicMembers::Rsa { n, e }, id)?;
        Ok(Self { public, stored: super::rsa::to_pkcs8(&pair)?, private: Private::Rsa(pair) })
    }

    fn from_bytes(algorithm: Algorithm, id: Option<KeyId>, bytes: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Es256 => Self::from_ecdsa(ecdsa::from_pkcs8(bytes)?, id),
            Algorithm::EdDsa => Self::from_ed25519(ed25519::from_pkcs8(bytes)?, id),
            Algorithm::Rs256 => Self::from_rsa(super::rsa::from_pkcs8(bytes)?, id),
            Algorithm::Hs256 => Self::from_secret(bytes.to_vec(), id.ok_or(KeyError::KeyId)?),
        }
    }

    /// Signs `input` and hands the signature to `write`: each family has a signature type of its own.
    pub(crate) fn sign_with(&self, input: &[u8], write: impl FnOnce(&[u8])) -> Result<(), SignError> {
        match &self.private {
            Private::Ecdsa(pair) => write(ecdsa::sign(pair, input)?.as_ref()),
            Private::Ed25519(pair) => write(ed25519::sign(pair, input)?.as_ref()),
            Private::Rsa(pair) => write(super::rsa::sign(pair, input)?.as_ref()),
            Private::Hmac => match self.public.material() {
                Material::Secret(key) => write(key.sign(input).as_ref()),
                Material::Public { .. } => return Err(SignError::Crypto),
            },
        }
        Ok(())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", self.id())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
