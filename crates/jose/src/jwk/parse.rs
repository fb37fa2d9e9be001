//! Keys from JSON: what contradicts itself, or says that it is for something else, is no key.

use zeroize::Zeroizing;

use super::PublicMembers;
use crate::{
    Algorithm, KeyError, KeyId, Secret,
    algorithm::Curve,
    base64url,
    json::{self, Limits, Object},
    key::RsaPrivateParts,
};

/// Members that only a private key has (RFC 7518 §6.2.2, §6.3.2, §6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key as JSON (RFC 7517 §4), syntactically checked. It is written with public members only.
///
/// ```
/// use countersign_jose::{Algorithm, Jwk, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::Es256)?.verifying_key();
/// let json = serde_json::to_vec(&key.to_jwk())?;
/// assert_eq!(Jwk::parse(&json)?.key_id(), Some(key.id()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    members: PublicMembers,
    algorithm: Algorithm,
    id: Option<KeyId>,
}

impl Jwk {
    /// Reads a public JWK. `VerifyingKey::from_jwk` makes it usable.
    ///
    /// # Errors
    /// [`KeyError::PrivateMembers`] if it has any; other [`KeyError`]s if it is malformed, of a type that we do not
    /// speak, or if `alg`, `use` or `key_ops` say that it does not verify signatures of its one algorithm.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        Self::from_object(&json::object(json, Limits::JWK)?)
    }

    /// Its `kid`.
    #[must_use]
    pub const fn key_id(&self) -> Option<&KeyId> {
        self.id.as_ref()
    }

    /// Its `alg`; where absent, the one of its curve, for RSA `RS256`.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) const fn new(members: PublicMembers, algorithm: Algorithm, id: KeyId) -> Self {
        Self { members, algorithm, id: Some(id) }
    }

    pub(crate) const fn members(&self) -> &PublicMembers {
        &self.members
    }

    pub(super) fn from_object(object: &Object<'_>) -> Result<Self, KeyError> {
        if PRIVATE.iter().any(|name| object.has(name)) {
            return Err(KeyError::PrivateMembers);
        }
        let members = public_members(object)?;
        let algorithm = algorithm_of(object, &members)?;
        check_purpose(object, "verify")?;
        Ok(Self { members, algorithm, id: key_id(object)? })
    }
}

pub(crate) struct PrivateJwk {
    pub(crate) members: PrivateMembers,
    pub(crate) algorithm: Algorithm,
    pub(crate) id: Option<KeyId>,
}

pub(crate) enum PrivateMembers {
    Ec { curve: Curve, x: Box<[u8]>, y: Box<[u8]>, d: Zeroizing<Vec<u8>> },
    Ed25519 { x: [u8; 32], d: Zeroizing<[u8; 32]> },
    Rsa { n: Vec<u8>, e: Vec<u8>, parts: RsaPrivateParts },
    Secret(Secret<Vec<u8>>),
}

impl PrivateJwk {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let object = json::object(json, Limits::JWK)?;
        let id = key_id(&object)?;
        if key_type(&object)? == "oct" {
            refuse_members(&object, &["x", "y", "n", "e", "crv", "d"])?;
            let algorithm = named_algorithm(&object)?.unwrap_or(Algorithm::Hs256);
            if !algorithm.is_symmetric() {
                return Err(OTHER_ALGORITHM);
            }
            check_purpose(&object, "sign")?;
            return Ok(Self { members: PrivateMembers::Secret(Secret::new(bytes(&object, "k")?)), algorithm, id });
        }
        let public = public_members(&object)?;
        let algorithm = algorithm_of(&object, &public)?;
        check_purpose(&object, "sign")?;
        refuse_members(&object, &["k", "oth"])?; // `oth`: more than two primes
        let members = match public {
            PublicMembers::Ec { curve, x, y } => {
                PrivateMembers::Ec { curve, x, y, d: Zeroizing::new(bytes(&object, "d")?) }
            }
            PublicMembers::Ed25519 { x } => PrivateMembers::Ed25519 { x, d: Zeroizing::new(array(&object, "d")?) },
            PublicMembers::Rsa { n, e } => {
                let part = |name| bytes(&object, name).map(Zeroizing::new);
                let (d, p, q) = (part("d")?, part("p")?, part("q")?);
                let (dp, dq, qi) = (part("dp")?, part("dq")?, part("qi")?);
                PrivateMembers::Rsa { n, e, parts: RsaPrivateParts { d, p, q, dp, dq, qi } }
            }
        };
        Ok(Self { members, algorithm, id })
    }
}

fn key_type(object: &Object<'_>) -> Result<String, KeyError> {
    string(object, "kty")?.ok_or(KeyError::Unusable("`kty` is missing"))
}

fn public_members(object: &Object<'_>) -> Result<PublicMembers, KeyError> {
    match (key_type(object)?.as_str(), string(object, "crv")?.as_deref()) {
        ("EC", Some(curve)) => {
            let curve = Curve::named(curve).ok_or(UNKNOWN_CURVE)?;
            refuse_members(object, &["n", "e"])?;
            Ok(PublicMembers::Ec { curve, x: bytes(object, "x")?.into(), y: bytes(object, "y")?.into() })
        }
        ("OKP", Some("Ed25519")) => {
            refuse_members(object, &["y", "n", "e"])?;
            Ok(PublicMembers::Ed25519 { x: array(object, "x")? })
        }
        ("RSA", None) => {
            refuse_members(object, &["x", "y"])?;
            Ok(PublicMembers::Rsa { n: bytes(object, "n")?, e: bytes(object, "e")? })
        }
        ("RSA", Some(_)) => Err(KeyError::Unusable("an RSA key has no `crv`")),
        ("oct", _) => Err(KeyError::PrivateMembers),
        ("EC" | "OKP", _) => Err(UNKNOWN_CURVE),
        _ => Err(KeyError::Unsupported("`kty` must be EC, OKP or RSA")),
    }
}

const UNKNOWN_CURVE: KeyError = KeyError::Unsupported("`crv` must be P-256, P-384 or P-521 (EC) or Ed25519 (OKP)");
const OTHER_ALGORITHM: KeyError = KeyError::Unusable("`alg` is no algorithm of this type of key");

/// The one algorithm of a key: its `alg`, which must be one for such a key, or the one of its type.
fn algorithm_of(object: &Object<'_>, members: &PublicMembers) -> Result<Algorithm, KeyError> {
    let algorithm = named_algorithm(object)?.unwrap_or_else(|| members.default_algorithm());
    if members.fits(algorithm) { Ok(algorithm) } else { Err(OTHER_ALGORITHM) }
}

fn named_algorithm(object: &Object<'_>) -> Result<Option<Algorithm>, KeyError> {
    string(object, "alg")?.map(|name| name.parse().map_err(|_| OTHER_ALGORITHM)).transpose()
}

/// `use` and `key_ops` (RFC 7517 §4.2, §4.3) must both allow what the key is loaded for.
fn check_purpose(object: &Object<'_>, operation: &str) -> Result<(), KeyError> {
    if string(object, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(KeyError::Unusable("`use` is not `sig`"));
    }
    let Some(value) = object.get("key_ops") else { return Ok(()) };
    let mut operations = value.strings().ok_or(KeyError::Unusable("`key_ops` is not an array of strings"))?;
    // A key that signs may verify too; one that also encrypts or derives is used twice (RFC 7517 §4.3).
    if !operations.iter().any(|name| name == operation)
        || operations.iter().any(|name| name != "sign" && name != "verify")
    {
        return Err(KeyError::Unusable("`key_ops` does not allow this operation, or allows others than signatures"));
    }
    operations.sort_unstable();
    if operations.array_windows().any(|[a, b]| a == b) {
        return Err(KeyError::Unusable("`key_ops` names an operation twice"));
    }
    Ok(())
}

fn key_id(object: &Object<'_>) -> Result<Option<KeyId>, KeyError> {
    string(object, "kid")?.map(KeyId::new).transpose()
}

fn refuse_members(object: &Object<'_>, names: &[&str]) -> Result<(), KeyError> {
    if names.iter().any(|name| object.has(name)) {
        return Err(KeyError::Unusable("members of another type of key"));
    }
    Ok(())
}

fn string(object: &Object<'_>, name: &str) -> Result<Option<String>, KeyError> {
    let Some(value) = object.get(name) else { return Ok(None) };
    let string = value.string().ok_or(KeyError::Unusable("a member is not a string"))?;
    Ok(Some(string.into_owned()))
}

fn bytes(object: &Object<'_>, name: &str) -> Result<Vec<u8>, KeyError> {
    let value = object.get(name).ok_or(KeyError::Unusable("a required member is missing"))?;
    let text = value.string().ok_or(KeyError::Unusable("a member is not a string"))?;
    base64url::decode(&text).map_err(|_| KeyError::Unusable("a member is not base64url"))
}

fn array(object: &Object<'_>, name: &str) -> Result<[u8; 32], KeyError> {
    let bytes = Zeroizing::new(bytes(object, name)?);
    bytes.as_slice().try_into().map_err(|_| KeyError::Unusable("a member has not exactly 32 bytes"))
}
