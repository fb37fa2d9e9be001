//! A key that checks signatures, and its one algorithm.

use std::{fmt, sync::Arc};

use aws_lc_rs::signature::ParsedPublicKey;

use super::{KeyId, ecdsa, ed25519, hmac::HmacKey, rsa};
use crate::{
    Algorithm, Jwk, KeyError, Secret, Thumbprint, VerifyError,
    jwk::{self, PublicMembers},
    pem,
};

/// A key that checks signatures of exactly one algorithm (RFC 7517 §4.4: `alg` belongs to the key). Parsed once, cheap
/// to clone.
///
/// ```
/// use countersign_jose::{Jwk, VerifyingKey};
///
/// let jwk = Jwk::parse(br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let key = VerifyingKey::from_jwk(&jwk)?;
/// assert_eq!(key.thumbprint().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"); // RFC 8037 §A.3
/// # Ok::<(), countersign_jose::KeyError>(())
/// ```
#[derive(Clone)]
pub struct VerifyingKey {
    id: KeyId,
    algorithm: Algorithm,
    material: Arc<Material>,
}

pub(crate) enum Material {
    Public { members: PublicMembers, key: ParsedPublicKey },
    Secret(Box<HmacKey>),
}

impl VerifyingKey {
    /// Prepares a public JWK. Without `kid` the id is the thumbprint.
    ///
    /// # Errors
    /// [`KeyError::Unusable`] if the parts make no valid key.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_members(jwk.members().clone(), jwk.key_id().cloned())
    }

    /// Reads one block `BEGIN PUBLIC KEY` (RFC 7468 §13). The algorithm is the caller's to name (RFC 8725 §3.1); the
    /// id is the thumbprint, see [`with_id`](Self::with_id).
    ///
    /// # Errors
    /// [`KeyError`] if this is no such block or no key of this algorithm.
    pub fn from_spki_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let der = pem::decode("PUBLIC KEY", pem)?;
        let members = jwk::from_spki(&der).ok_or(KeyError::Unsupported("a public key is P-256, Ed25519 or RSA"))?;
        if members.algorithm() != algorithm {
            return Err(KeyError::Unusable("the PEM block holds a key of another algorithm"));
        }
        Self::from_members(members, None)
    }

    /// Takes an HS256 secret, for the one party that both signs and verifies.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_secret`](crate::SigningKey::from_secret).
    pub fn from_secret(secret: impl Into<Secret<Vec<u8>>>, id: KeyId) -> Result<Self, KeyError> {
        let material = Arc::new(Material::Secret(Box::new(HmacKey::new(secret.into())?)));
        Ok(Self { id, algorithm: Algorithm::Hs256, material })
    }

    /// The public JWK with `kid`, `alg` and `use`; `None` for HS256, which is never published.
    #[must_use]
    pub fn to_jwk(&self) -> Option<Jwk> {
        self.public_members().map(|members| Jwk::new(members.clone(), self.id.clone()))
    }

    /// The RFC 7638 thumbprint with SHA-256. That of an HS256 key is a hash of its secret: do not publish it.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        match &*self.material {
            Material::Public { members, .. } => members.thumbprint(),
            Material::Secret(key) => Thumbprint::of_secret(key.secret()),
        }
    }

    /// The name of this key.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The same key under another name.
    #[must_use]
    pub fn with_id(mut self, id: KeyId) -> Self {
        self.id = id;
        self
    }

    pub(super) fn from_members(members: PublicMembers, id: Option<KeyId>) -> Result<Self, KeyError> {
        let key = match &members {
            PublicMembers::P256 { x, y } => ecdsa::public(x, y),
            PublicMembers::Ed25519 { x } => ed25519::public(x),
            PublicMembers::Rsa { n, e } => rsa::public(n, e),
        }?;
        let id = id.map_or_else(|| KeyId::new(members.thumbprint().to_string()), Ok)?;
        Ok(Self { id, algorithm: members.algorithm(), material: Arc::new(Material::Public { members, key }) })
    }

    pub(super) fn public_members(&self) -> Option<&PublicMembers> {
        match &*self.material {
            Material::Public { members, .. } => Some(members),
            Material::Secret(_) => None,
        }
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    /// Checks `signature` over `signing_input`, the ASCII bytes `header.payload` (RFC 7515 §5.2). It says nothing about
    /// header or claims: tokens go through [`UnverifiedToken::verify`](crate::UnverifiedToken::verify).
    ///
    /// # Errors
    /// [`VerifyError::BadSignature`] if the bytes were changed or another key made the signature.
    pub fn check(&self, signing_input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let holds = match (&*self.material, self.algorithm) {
            (Material::Public { key, .. }, Algorithm::Es256) => ecdsa::check(key, signing_input, signature),
            (Material::Public { key, .. }, Algorithm::EdDsa) => ed25519::check(key, signing_input, signature),
            (Material::Public { key, .. }, Algorithm::Rs256) => rsa::check(key, signing_input, signature),
            (Material::Secret(key), Algorithm::Hs256) => key.check(signing_input, signature),
            // No constructor makes these pairs.
            (Material::Public { .. }, Algorithm::Hs256) | (Material::Secret(_), _) => false,
        };
        if holds { Ok(()) } else { Err(VerifyError::BadSignature) }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
