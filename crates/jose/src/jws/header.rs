//! The JOSE header (RFC 7515 §4). It names a key; it never is one.

use crate::{
    Algorithm, ParseError,
    json::{self, Limits, Object},
    limits::KEY_ID_BYTES_MAX,
};

/// Names that `crit` must not list (RFC 7515 §4.1.11): those of RFC 7515, 7516, 7518 and 7519.
const REGISTERED: [&str; 22] = [
    "alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "enc", "zip", "epk", "apu",
    "apv", "iv", "tag", "p2s", "p2c", "iss", "sub",
];

/// What a token says about itself, untrusted: `alg`, `kid` and `typ`. `jwk`, `jku`, `x5u` and `x5c` are never read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    algorithm: String,
    key_id: Option<String>,
    typ: Option<String>,
}

impl Header {
    /// `alg`, if it is one that we speak.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm.parse().ok()
    }

    /// `alg` as it was written. Escape it before it is shown.
    #[must_use]
    pub fn algorithm_name(&self) -> &str {
        &self.algorithm
    }

    /// `kid` as it was written: 256 bytes at most, any characters. Escape it before it is shown.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `typ` as it was written. Escape it before it is shown.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let header = json::object(bytes, Limits::HEADER).map_err(|error| ParseError::header(&error))?;
        check_critical(&header)?;
        if header.has("b64") {
            return Err(ParseError::Header("`b64` is not for tokens (RFC 7797 §7)"));
        }
        if header.has("zip") {
            return Err(ParseError::Header("`zip` is not supported"));
        }
        if string(&header, "cty")?.is_some_and(|cty| is_jwt(&cty)) {
            return Err(ParseError::Header("a token inside a token (`cty` JWT) is not supported"));
        }
        let key_id = string(&header, "kid")?;
        if key_id.as_ref().is_some_and(|id| id.len() > KEY_ID_BYTES_MAX) {
            return Err(ParseError::Header("`kid` is longer than 256 bytes"));
        }
        let algorithm = string(&header, "alg")?.ok_or(ParseError::Header("`alg` is missing"))?;
        Ok(Self { algorithm, key_id, typ: string(&header, "typ")? })
    }
}

/// No extension is implemented, so any well-formed `crit` is refused; a malformed one is told apart.
fn check_critical(header: &Object<'_>) -> Result<(), ParseError> {
    let Some(critical) = header.get("crit") else { return Ok(()) };
    let mut names = critical.strings().ok_or(ParseError::Header("`crit` is not an array of strings"))?;
    if names.is_empty() {
        return Err(ParseError::Header("`crit` is empty"));
    }
    if names.iter().any(|name| REGISTERED.contains(&&**name) || !header.has(name)) {
        return Err(ParseError::Header("`crit` names a registered or an absent member"));
    }
    names.sort_unstable();
    if names.array_windows().any(|[a, b]| a == b) {
        return Err(ParseError::Header("`crit` names a member twice"));
    }
    Err(ParseError::UnknownCritical)
}

fn is_jwt(cty: &str) -> bool {
    let name = cty.rsplit_once('/').map_or(cty, |(_, name)| name);
    name.eq_ignore_ascii_case("jwt") || name.to_ascii_lowercase().ends_with("+jwt")
}

fn string(header: &Object<'_>, name: &str) -> Result<Option<String>, ParseError> {
    let Some(value) = header.get(name) else { return Ok(None) };
    let string = value.string().ok_or(ParseError::Header("`alg`, `kid`, `typ` and `cty` must be strings"))?;
    Ok(Some(string.into_owned()))
}
