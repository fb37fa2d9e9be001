//! Keys from JSON: what contradicts itself, or says that it is for something else, is no key.

use zeroize::Zeroizing;

use super::PublicMembers;
use crate::{
    Algorithm, KeyError, KeyId, Secret, base64url,
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

    /// Its `alg`; where absent, the one that its type has.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.members.algorithm()
    }

    pub(crate) const fn new(members: PublicMembers, id: KeyId) -> Self {
        Self { members, id: Some(id) }
    }

    pub(crate) const fn members(&self) -> &PublicMembers {
        &self.members
    }

    pub(super) fn from_object(object: &Object<'_>) -> Result<Self, KeyError> {
        if PRIVATE.iter().any(|name| object.has(name)) {
            return Err(KeyError::PrivateMembers);
        }
        let members = public_members(object)?;
        check_purpose(object, members.algorithm(), "verify")?;
        Ok(Self { members, id: key_id(object)? })
    }
}

pub(crate) struct PrivateJwk {
    pub(crate) members: PrivateMembers,
    pub(crate) id: Option<KeyId>,
}

pub(crate) enum PrivateMembers {
    P256 { x: [u8; 32], y: [u8; 32], d: Zeroizing<[u8; 32]> },
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
            check_purpose(&object, Algorithm::Hs256, "sign")?;
            return Ok(Self { members: PrivateMembers::Secret(Secret::new(bytes(&object, "k")?)), id });
        }
        let public = public_members(&object)?;
        check_purpose(&object, public.algorithm(), "sign")?;
        refuse_members(&object, &["k", "oth"])?; // `oth`: more than two primes
        let members = match public {
            PublicMembers::P256 { x, y } => PrivateMembers::P256 { x, y, d: Zeroizing::new(array(&object, "d")?) },
            PublicMembers::Ed25519 { x } => PrivateMembers::Ed25519 { x, d: Zeroizing::new(array(&object, "d")?) },
            PublicMembers::Rsa { n, e } => {
                let part = |name| bytes(&object, name).map(Zeroizing::new);
                let (d, p, q) = (part("d")?, part("p")?, part("q")?);
                let (dp, dq, qi) = (part("dp")?, part("dq")?, part("qi")?);
                PrivateMembers::Rsa { n, e, parts: RsaPrivateParts { d, p, q, dp, dq, qi } }
            }
        };
        Ok(Self { members, id })
    }
}

fn key_type(object: &Object<'_>) -> Result<String, KeyError> {
    string(object, "kty")?.ok_or(KeyError::Unusable("`kty` is missing"))
}

fn public_members(object: &Object<'_>) -> Result<PublicMembers, KeyError> {
    match (key_type(object)?.as_str(), string(object, "crv")?.as_deref()) {
        ("EC", Some("P-256")) => {
            refuse_members(object, &["n", "e"])?;
            Ok(PublicMembers::P256 { x: array(object, "x")?, y: array(object, "y")? })
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
        ("EC" | "OKP", _) => Err(KeyError::Unsupported("`crv` must be P-256 (EC) or Ed25519 (OKP)")),
        _ => Err(KeyError::Unsupported("`kty` must be EC, OKP or RSA")),
    }
}

/// `alg`, `use` and `key_ops` (RFC 7517 §4.2 to §4.4) must all allow what the key is loaded for.
fn check_purpose(object: &Object<'_>, algorithm: Algorithm, operation: &str) -> Result<(), KeyError> {
    if let Some(name) = string(object, "alg")?
        && name.parse() != Ok(algorithm)
    {
        return Err(KeyError::Unusable("`alg` is not the algorithm of this type of key"));
    }
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
    if operations.windows(2).any(|pair| pair[0] == pair[1]) {
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
