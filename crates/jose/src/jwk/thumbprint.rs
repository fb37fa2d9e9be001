//! JWK thumbprints (RFC 7638, RFC 8037 §2).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::{PublicMembers, export::required_members};
use crate::base64url;

/// The SHA-256 thumbprint of a key; displayed as base64url, 43 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The hash itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of_secret(secret: &[u8]) -> Self {
        let k = Zeroizing::new(base64url::encode(secret));
        Self::of_json(&Zeroizing::new(format!(r#"{{"k":"{}","kty":"oct"}}"#, k.as_str())))
    }

    fn of_json(json: &str) -> Self {
        let mut thumbprint = [0; 32];
        thumbprint.copy_from_slice(digest(&SHA256, json.as_bytes()).as_ref());
        Self(thumbprint)
    }
}

impl PublicMembers {
    /// Hashes the required members in the order of their names, without white space.
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        let mut members = required_members(self);
        members.sort_unstable_by_key(|(name, _)| *name);
        // No value needs escaping: all are base64url or fixed names.
        let members: Vec<String> = members.into_iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        Thumbprint::of_json(&format!("{{{}}}", members.join(",")))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64url::encode(&self.0))
    }
}
