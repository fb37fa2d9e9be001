//! The running digest over everything that an epoch ever said. It finds faults; against attackers the signature stands.

use aws_lc_rs::digest::{Context, SHA256, digest};
use countersign_jose::base64url;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Entry, Epoch};

/// XOR, over a set of entries, of SHA-256(`"countersign set 1"` | epoch | entry bytes) cut to 128 bits. Order does not
/// count, and to add an entry again takes it out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SetDigest([u8; 16]);

/// Keeps these hashes apart from all others.
const DOMAIN: &[u8] = b"countersign set 1";

impl SetDigest {
    /// The digest of no entries.
    pub const EMPTY: Self = Self([0; 16]);

    /// Takes the 16 bytes, as storage keeps them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Adds an entry, or takes it out again.
    pub fn toggle(&mut self, epoch: Epoch, entry: &Entry) {
        self.combine(entry.digest(epoch));
    }

    /// Adds all entries of another digest.
    pub fn combine(&mut self, other: Self) {
        for (byte, other) in self.0.iter_mut().zip(other.0) {
            *byte ^= other;
        }
    }

    /// The digest of that one entry.
    pub(crate) fn of(epoch: Epoch, entry: &Entry) -> Self {
        let id = entry.id();
        let mut context = Context::new(&SHA256);
        context.update(DOMAIN);
        context.update(epoch.as_bytes());
        context.update(&[entry.kind().as_byte()]);
        context.update(&entry.sequence().0.to_be_bytes());
        context.update(&entry.until().to_be_bytes());
        // An id is 256 bytes at most.
        context.update(&u16::try_from(id.len()).unwrap_or(u16::MAX).to_be_bytes());
        context.update(id.as_bytes());
        context.update(digest(&SHA256, entry.extra().unwrap_or("").as_bytes()).as_ref());
        Self(cut(context.finish().as_ref()))
    }
}

/// The first 128 bits of a hash.
pub(crate) fn cut(hash: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash) {
        *byte = *hashed;
    }
    bytes
}

impl std::fmt::Debug for SetDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SetDigest({})", base64url::encode(&self.0))
    }
}

impl Serialize for SetDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SetDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        bits(&text).map(Self).ok_or_else(|| de::Error::custom("not 16 bytes in base64url"))
    }
}

/// The 128 bits that 22 characters of canonical base64url stand for.
pub(crate) fn bits(text: &str) -> Option<[u8; 16]> {
    if text.len() != 22 {
        return None;
    }
    base64url::decode(text).ok()?.try_into().ok()
}
