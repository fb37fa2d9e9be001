//! A key that checks signatures, and its one algorithm.

use std::{fmt, sync::Arc};

use aws_lc_rs::signature::ParsedPublicKey;

use super::{KeyId, ecdsa, ed25519, hmac::HmacKey, rsa};
use crate::{
    Algorithm, Jwk, KeyError, Secret, Thumbprint, VerifyError,
    algorithm::Curve,
    jwk::{self, PublicMembers},
    pem,
};

const SPKI_LABEL: &str = "PUBLIC KEY";
const PKCS1_LABEL: &str = "RSA PUBLIC KEY";

/// A key that checks signatures of exactly one algorithm (RFC 7517 §4.4: `alg` belongs to the key). Parsed once, cheap
/// to clone, used without a lock.
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

/// What checks: one variant a family, so that no key can be used with an algorithm of another.
pub(crate) enum Material {
    Ecdsa { curve: Curve, members: PublicMembers, key: ParsedPublicKey },
    Ed25519 { members: PublicMembers, key: ParsedPublicKey },
    Rsa { modulus_bytes: usize, members: PublicMembers, key: ParsedPublicKey },
    Secret(Box<HmacKey>),
}

impl VerifyingKey {
    /// Prepares a public JWK. Without `kid` the id is the thumbprint.
    ///
    /// # Errors
    /// [`KeyError::Unusable`] if the parts make no valid key.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        Self::from_members(jwk.algorithm(), jwk.members().clone(), jwk.key_id().cloned())
    }

    /// Reads one block `BEGIN PUBLIC KEY` (RFC 7468 §13). The algorithm is the caller's to name (RFC 8725 §3.1); the
    /// id is the thumbprint, see [`with_id`](Self::with_id).
    ///
    /// # Errors
    /// [`KeyError`] if this is no such block or no key of this algorithm.
    pub fn from_spki_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_spki_der(algorithm, &pem::decode(SPKI_LABEL, pem)?)
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), otherwise as [`from_spki_pem`](Self::from_spki_pem) does.
    ///
    /// # Errors
    /// [`KeyError`] if this is none, or no key of this algorithm.
    pub fn from_spki_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let members = jwk::from_spki(der).ok_or(KeyError::Unsupported(
            "a public key is P-256, P-384, P-521, Ed25519 or RSA, with no more around it",
        ))?;
        Self::from_members(algorithm, members, None)
    }

    /// Reads one block `BEGIN RSA PUBLIC KEY` (PKCS#1), for RS256 to RS512 or PS256 to PS512.
    ///
    /// # Errors
    /// [`KeyError`] if this is no such block, or the algorithm is not one of RSA.
    pub fn from_pkcs1_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_pkcs1_der(algorithm, &pem::decode(PKCS1_LABEL, pem)?)
    }

    /// Reads an `RSAPublicKey` (RFC 8017 §A.1.1), for RS256 to RS512 or PS256 to PS512.
    ///
    /// # Errors
    /// [`KeyError`] if this is none, or the algorithm is not one of RSA.
    pub fn from_pkcs1_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = rsa::split_public(der).ok_or(KeyError::Unusable("not a PKCS#1 RSA public key"))?;
        Self::from_members(algorithm, PublicMembers::Rsa { n, e }, None)
    }

    /// Takes an HS256 secret, for the one party that both signs and verifies.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_secret`](crate::SigningKey::from_secret).
    pub fn from_secret(secret: impl Into<Secret<Vec<u8>>>, id: KeyId) -> Result<Self, KeyError> {
        Self::from_hmac_secret(Algorithm::Hs256, secret, id)
    }

    /// Takes a secret for HS256, HS384 or HS512.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_hmac_secret`](crate::SigningKey::from_hmac_secret).
    pub fn from_hmac_secret(
        algorithm: Algorithm,
        secret: impl Into<Secret<Vec<u8>>>,
        id: KeyId,
    ) -> Result<Self, KeyError> {
        let material = Arc::new(Material::Secret(Box::new(HmacKey::new(algorithm, secret.into())?)));
        Ok(Self { id, algorithm, material })
    }

    /// The public JWK with `kid`, `alg` and `use`; `None` for a secret, which is never published.
    #[must_use]
    pub fn to_jwk(&self) -> Option<Jwk> {
        self.public_members().map(|members| Jwk::new(members.clone(), self.algorithm, self.id.clone()))
    }

    /// The key as `SubjectPublicKeyInfo`; `None` for a secret.
    #[must_use]
    pub fn to_spki_der(&self) -> Option<Vec<u8>> {
        self.public_members().and_then(jwk::to_spki)
    }

    /// The key as one block `BEGIN PUBLIC KEY`; `None` for a secret.
    #[must_use]
    pub fn to_spki_pem(&self) -> Option<String> {
        self.to_spki_der().map(|der| pem::encode(SPKI_LABEL, &der).to_string())
    }

    /// The key as PKCS#1 `RSAPublicKey`; `None` for what is no RSA key.
    #[must_use]
    pub fn to_pkcs1_der(&self) -> Option<Vec<u8>> {
        match self.public_members()? {
            PublicMembers::Rsa { n, e } => rsa::join_public(n, e),
            _ => None,
        }
    }

    /// The key as one block `BEGIN RSA PUBLIC KEY`; `None` for what is no RSA key.
    #[must_use]
    pub fn to_pkcs1_pem(&self) -> Option<String> {
        self.to_pkcs1_der().map(|der| pem::encode(PKCS1_LABEL, &der).to_string())
    }

    /// The RFC 7638 thumbprint with SHA-256. That of an HMAC key is a hash of its secret: do not publish it.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        match &*self.material {
            Material::Ecdsa { members, .. } | Material::Ed25519 { members, .. } | Material::Rsa { members, .. } => {
                members.thumbprint()
            }
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

    pub(crate) fn from_members(
        algorithm: Algorithm,
        members: PublicMembers,
        id: Option<KeyId>,
    ) -> Result<Self, KeyError> {
        if !members.fits(algorithm) {
            return Err(KeyError::Unusable("this key is not one of that algorithm"));
        }
        let id = id.map_or_else(|| KeyId::new(members.thumbprint().to_string()), Ok)?;
        let material = match &members {
            PublicMembers::Ec { curve, x, y } => {
                Material::Ecdsa { curve: *curve, key: ecdsa::public(*curve, x, y)?, members }
            }
            PublicMembers::Ed25519 { x } => Material::Ed25519 { key: ed25519::public(x)?, members },
            PublicMembers::Rsa { n, e } => {
                Material::Rsa { modulus_bytes: n.len(), key: rsa::public(algorithm, n, e)?, members }
            }
        };
        Ok(Self { id, algorithm, material: Arc::new(material) })
    }

    pub(super) fn public_members(&self) -> Option<&PublicMembers> {
        match &*self.material {
            Material::Ecdsa { members, .. } | Material::Ed25519 { members, .. } | Material::Rsa { members, .. } => {
                Some(members)
            }
            Material::Secret(_) => None,
        }
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    /// Length of every signature that this key can accept, in bytes.
    #[must_use]
    pub fn signature_bytes(&self) -> usize {
        match &*self.material {
            Material::Ecdsa { curve, .. } => curve.signature_bytes(),
            Material::Ed25519 { .. } => ed25519::SIGNATURE_BYTES,
            Material::Rsa { modulus_bytes, .. } => *modulus_bytes,
            Material::Secret(key) => key.tag_bytes(),
        }
    }

    /// Checks `signature` over `signing_input`, the ASCII bytes `header.payload` (RFC 7515 §5.2). It says nothing about
    /// header or claims: tokens go through [`UnverifiedToken::verify`](crate::UnverifiedToken::verify).
    ///
    /// # Errors
    /// [`VerifyError::BadSignature`] if the bytes were changed or another key made the signature.
    pub fn check(&self, signing_input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let holds = match &*self.material {
            Material::Ecdsa { curve, key, .. } => ecdsa::check(*curve, key, signing_input, signature),
            Material::Ed25519 { key, .. } => ed25519::check(key, signing_input, signature),
            Material::Rsa { key, .. } => rsa::check(key, signing_input, signature),
            Material::Secret(key) => key.check(signing_input, signature),
        };
        if holds { Ok(()) } else { Err(VerifyError::BadSignature) }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
