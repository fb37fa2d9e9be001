//! A private key and its one algorithm.

use std::fmt;

use aws_lc_rs::{
    rsa,
    signature::{EcdsaKeyPair, Ed25519KeyPair},
};
use zeroize::Zeroizing;

use super::{KeyId, VerifyingKey, ecdsa, ed25519, private_der, verifying::Material};
use crate::{
    Algorithm, KeyError, Secret, SignError,
    algorithm::{Curve, Family},
    base64url,
    jwk::{PrivateJwk, PrivateMembers, PublicMembers, private_jwk},
    pem,
};

const PKCS8_LABEL: &str = "PRIVATE KEY";
const PKCS1_LABEL: &str = "RSA PRIVATE KEY";
const SEC1_LABEL: &str = "EC PRIVATE KEY";

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
    /// Takes back what [`to_stored`](Self::to_stored) gave: PKCS#8 DER, for HMAC the raw secret.
    ///
    /// # Errors
    /// [`KeyError`] if the bytes are no key of this algorithm, or one that is too weak.
    pub fn from_stored(algorithm: Algorithm, id: KeyId, bytes: &[u8]) -> Result<Self, KeyError> {
        Self::from_bytes(algorithm, Some(id), bytes)
    }

    /// The key as bytes for [`from_stored`](Self::from_stored): PKCS#8 DER, for HMAC the raw secret.
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
        Self::from_hmac_secret(Algorithm::Hs256, secret, id)
    }

    /// Takes a secret for HS256, HS384 or HS512: at least as long as the hash (32, 48, 64 bytes), 1,024 bytes at most.
    ///
    /// # Errors
    /// Those of [`from_secret`](Self::from_secret), and [`KeyError::Unusable`] for an algorithm that is not of HMAC.
    pub fn from_hmac_secret(
        algorithm: Algorithm,
        secret: impl Into<Secret<Vec<u8>>>,
        id: KeyId,
    ) -> Result<Self, KeyError> {
        let secret = secret.into();
        let stored = Zeroizing::new(secret.expose().clone());
        Ok(Self { public: VerifyingKey::from_hmac_secret(algorithm, secret, id)?, private: Private::Hmac, stored })
    }

    /// Reads one PKCS#8 block (`BEGIN PRIVATE KEY`). The algorithm is the caller's to name (RFC 8725 §3.1); the id is
    /// the thumbprint, see [`with_id`](Self::with_id).
    ///
    /// # Errors
    /// [`KeyError`] if this is no such block or no key of this algorithm.
    pub fn from_pkcs8_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_pkcs8_der(algorithm, &pem::decode(PKCS8_LABEL, pem)?)
    }

    /// Reads a PKCS#8 document (RFC 5208), otherwise as [`from_pkcs8_pem`](Self::from_pkcs8_pem) does.
    ///
    /// # Errors
    /// [`KeyError`] if this is none, or no key of this algorithm.
    pub fn from_pkcs8_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        if algorithm.is_symmetric() {
            return Err(KeyError::Unusable("PKCS#8 holds no HMAC secret"));
        }
        Self::from_bytes(algorithm, None, der)
    }

    /// Reads one PKCS#1 block (`BEGIN RSA PRIVATE KEY`), for RS256 to RS512 or PS256 to PS512.
    ///
    /// # Errors
    /// [`KeyError`] if this is no such block, or the algorithm is not one of RSA.
    pub fn from_pkcs1_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_pkcs1_der(algorithm, &pem::decode(PKCS1_LABEL, pem)?)
    }

    /// Reads an `RSAPrivateKey` of two primes (RFC 8017 §A.1.2), for RS256 to RS512 or PS256 to PS512.
    ///
    /// # Errors
    /// [`KeyError`] if this is none, or the algorithm is not one of RSA.
    pub fn from_pkcs1_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Rsa => Self::from_bytes(algorithm, None, &private_der::from_pkcs1(der)?),
            _ => Err(KeyError::Unusable("PKCS#1 holds RSA keys only")),
        }
    }

    /// Reads one SEC1 block (`BEGIN EC PRIVATE KEY`), for ES256, ES384 or ES512.
    ///
    /// # Errors
    /// [`KeyError`] if this is no such block, or the key is not on the curve of this algorithm.
    pub fn from_sec1_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_sec1_der(algorithm, &pem::decode(SEC1_LABEL, pem)?)
    }

    /// Reads an `ECPrivateKey` (RFC 5915), for ES256, ES384 or ES512. A public point in it must belong to it.
    ///
    /// # Errors
    /// [`KeyError`] if this is none, or the key is not on the curve of this algorithm.
    pub fn from_sec1_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Ecdsa(curve) => Self::from_bytes(algorithm, None, &private_der::from_sec1(curve, der)?),
            _ => Err(KeyError::Unusable("SEC1 holds keys of ES256, ES384 and ES512 only")),
        }
    }

    /// The key as one PKCS#8 block; `None` for a secret, which has no such form.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Option<Zeroizing<String>> {
        self.to_pkcs8_der().map(|der| pem::encode(PKCS8_LABEL, &der))
    }

    /// The key as PKCS#8; `None` for a secret, which has no such form.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        (!self.algorithm().is_symmetric()).then(|| self.stored.clone())
    }

    /// The key as one PKCS#1 block; `None` for what is no RSA key.
    #[must_use]
    pub fn to_pkcs1_pem(&self) -> Option<Zeroizing<String>> {
        self.to_pkcs1_der().map(|der| pem::encode(PKCS1_LABEL, &der))
    }

    /// The key as PKCS#1 `RSAPrivateKey`; `None` for what is no RSA key.
    #[must_use]
    pub fn to_pkcs1_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        matches!(self.private, Private::Rsa(_)).then(|| private_der::to_pkcs1(&self.stored)).flatten()
    }

    /// The key as one SEC1 block; `None` for what is no key of ES256, ES384 or ES512.
    #[must_use]
    pub fn to_sec1_pem(&self) -> Option<Zeroizing<String>> {
        self.to_sec1_der().map(|der| pem::encode(SEC1_LABEL, &der))
    }

    /// The key as SEC1 `ECPrivateKey` with its curve and public point; `None` for what is no key of ES256, ES384 or
    /// ES512.
    #[must_use]
    pub fn to_sec1_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        let (Private::Ecdsa(pair), Some(PublicMembers::Ec { curve, x, y })) =
            (&self.private, self.public.public_members())
        else {
            return None;
        };
        private_der::to_sec1(*curve, &ecdsa::scalar(pair).ok()?, &ecdsa::point(x, y))
    }

    /// Reads a private JWK: `EC`, `OKP`, `RSA` or `oct` (RFC 7518 §6). Without `kid` the id is the thumbprint; an `oct`
    /// key must have a `kid`.
    ///
    /// # Errors
    /// [`KeyError`] if it is malformed, public, for another use, of another algorithm than its `alg`, or broken.
    pub fn from_jwk(json: &[u8]) -> Result<Self, KeyError> {
        let jwk = PrivateJwk::parse(json)?;
        match jwk.members {
            PrivateMembers::Ec { curve, x, y, d } => {
                Self::from_ecdsa(curve, ecdsa::from_parts(curve, &x, &y, &d)?, jwk.id)
            }
            PrivateMembers::Ed25519 { x, d } => Self::from_ed25519(ed25519::from_parts(&x, &d)?, jwk.id),
            PrivateMembers::Rsa { n, e, parts } => {
                Self::from_rsa(jwk.algorithm, super::rsa::from_parts(&n, &e, &parts)?, jwk.id)
            }
            PrivateMembers::Secret(secret) => {
                let id = jwk.id.ok_or(KeyError::Unusable("an `oct` key needs a `kid`"))?;
                Self::from_hmac_secret(jwk.algorithm, secret, id)
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

    pub(super) fn from_ecdsa(curve: Curve, pair: EcdsaKeyPair, id: Option<KeyId>) -> Result<Self, KeyError> {
        let (x, y) = ecdsa::coordinates(curve, &pair)?;
        let public = VerifyingKey::from_members(curve.algorithm(), PublicMembers::Ec { curve, x, y }, id)?;
        Ok(Self { public, stored: ecdsa::to_pkcs8(&pair)?, private: Private::Ecdsa(pair) })
    }

    pub(super) fn from_ed25519(pair: Ed25519KeyPair, id: Option<KeyId>) -> Result<Self, KeyError> {
        let x = ed25519::public_point(&pair)?;
        let public = VerifyingKey::from_members(Algorithm::EdDsa, PublicMembers::Ed25519 { x }, id)?;
        Ok(Self { public, stored: ed25519::to_pkcs8(&pair)?, private: Private::Ed25519(pair) })
    }

    pub(super) fn from_rsa(algorithm: Algorithm, pair: rsa::KeyPair, id: Option<KeyId>) -> Result<Self, KeyError> {
        let (n, e) = super::rsa::public_parts(&pair)?;
        let public = VerifyingKey::from_members(algorithm, PublicMembers::Rsa { n, e }, id)?;
        Ok(Self { public, stored: super::rsa::to_pkcs8(&pair)?, private: Private::Rsa(pair) })
    }

    fn from_bytes(algorithm: Algorithm, id: Option<KeyId>, bytes: &[u8]) -> Result<Self, KeyError> {
        let pkcs8 = || private_der::check_pkcs8(algorithm, bytes).map(|()| bytes);
        match algorithm.family() {
            Family::Ecdsa(curve) => Self::from_ecdsa(curve, ecdsa::from_pkcs8(curve, pkcs8()?)?, id),
            Family::Ed25519 => Self::from_ed25519(ed25519::from_pkcs8(pkcs8()?)?, id),
            Family::Rsa => Self::from_rsa(algorithm, super::rsa::from_pkcs8(pkcs8()?)?, id),
            Family::Hmac => Self::from_hmac_secret(algorithm, bytes.to_vec(), id.ok_or(KeyError::KeyId)?),
        }
    }

    /// Signs `text` as it stands, and appends a dot and the encoded signature.
    pub(crate) fn sign_onto(&self, text: &mut String) -> Result<(), SignError> {
        // Each family has a signature type of its own.
        match &self.private {
            Private::Ecdsa(pair) => append(ecdsa::sign(pair, text.as_bytes())?.as_ref(), text),
            Private::Ed25519(pair) => append(ed25519::sign(pair, text.as_bytes())?.as_ref(), text),
            Private::Rsa(pair) => append(super::rsa::sign(self.algorithm(), pair, text.as_bytes())?.as_ref(), text),
            Private::Hmac => match self.public.material() {
                Material::Secret(key) => append(key.sign(text.as_bytes()).as_ref(), text),
                _ => return Err(SignError::Crypto), // no constructor makes this pair
            },
        }
        Ok(())
    }
}

fn append(signature: &[u8], text: &mut String) {
    text.push('.');
    base64url::encode_to(signature, text);
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", self.id())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
