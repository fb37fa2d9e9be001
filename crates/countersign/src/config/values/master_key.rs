//! The key that seals all others.

use crate::config::{error::Fault, shapes::Text};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;
use zeroize::Zeroizing;

const BYTES: usize = 32;

/// 256 bits that seal the private keys. Wiped when dropped, and not printable.
pub(crate) struct MasterKey(Zeroizing<[u8; BYTES]>);

impl MasterKey {
    /// How a key takes it.
    pub(in crate::config) const SHAPE: Text<Self> = Text { what: "32 bytes in base64url", parse: Self::parse };

    /// The key itself.
    pub(crate) fn expose(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// Reads 43 characters of base64url (RFC 4648 §5, no padding): what a command prints is read here too.
    fn parse(text: &str) -> Result<Self, Fault> {
        let mut key = Zeroizing::new([0; BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(text, key.as_mut_slice()) {
            Ok(BYTES) => Ok(Self(key)),
            _ => Err(Fault::new(format!("expected {BYTES} bytes in base64url without padding, 43 characters"))
                .hint("`openssl rand -base64 32 | tr '+/' '-_' | tr -d '='` makes one")),
        }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
