//! Bounded, strict JSON (RFC 8259, I-JSON of RFC 7493): one text, one meaning.
//!
//! Parsers differ on duplicate members, lone surrogates, byte order marks and what follows the value. Whatever two
//! parsers could read in two ways is refused here, before serde sees it.

mod de;
mod error;
mod scan;
mod value;
mod write;

pub use error::JsonError;

pub(crate) use value::{Object, Value, whole_number};
pub(crate) use write::Written;

use crate::limits;

/// How large a JSON text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text.
    pub bytes_max: usize,
    /// Nesting of arrays and objects; the outermost counts as one.
    pub depth_max: usize,
    /// Members of any one object.
    pub members_max: usize,
}

impl Limits {
    /// Those of a JOSE header.
    pub const HEADER: Self = Self {
        bytes_max: limits::HEADER_BYTES_MAX,
        depth_max: limits::JSON_DEPTH_MAX,
        members_max: limits::HEADER_MEMBERS_MAX,
    };
    /// Those of a claims set.
    pub const CLAIMS: Self = Self {
        bytes_max: limits::CLAIMS_BYTES_MAX,
        depth_max: limits::JSON_DEPTH_MAX,
        members_max: limits::CLAIMS_MEMBERS_MAX,
    };
    /// Those of a JWK.
    pub const JWK: Self = Self {
        bytes_max: limits::JWK_BYTES_MAX,
        depth_max: limits::JSON_DEPTH_MAX,
        members_max: limits::JWK_MEMBERS_MAX,
    };
    /// Those of a JWK Set.
    pub const JWK_SET: Self = Self {
        bytes_max: limits::JWK_SET_BYTES_MAX,
        depth_max: limits::JSON_DEPTH_MAX,
        members_max: limits::JWK_MEMBERS_MAX,
    };
}

/// Checks that `bytes` are one strict JSON value within `limits`.
///
/// ```
/// use countersign_jose::json::{self, JsonError, Limits};
///
/// assert!(json::check(br#"{"a":[1,2],"b":null}"#, Limits::CLAIMS).is_ok());
/// assert_eq!(json::check(br#"{"a":1,"\u0061":2}"#, Limits::CLAIMS), Err(JsonError::DuplicateMember));
/// ```
///
/// # Errors
/// [`JsonError`] says what was wrong.
pub fn check(bytes: &[u8], limits: Limits) -> Result<(), JsonError> {
    scan::Scanner::new(bytes, limits)?.document().map(|_| ())
}

/// Checks that `bytes` are one strict JSON object, and returns its members unread.
pub(crate) fn object(bytes: &[u8], limits: Limits) -> Result<Object<'_>, JsonError> {
    let mut object = Object::default();
    object.read(bytes, limits)?;
    Ok(object)
}
