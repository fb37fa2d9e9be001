//! The name of a key.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{KeyError, limits::KEY_ID_BYTES_MAX};

/// A key id (`kid`, RFC 7517 §4.5): 1 to 256 visible ASCII characters, so that it can be logged and put on one line.
///
/// ```
/// use countersign_jose::KeyId;
///
/// assert_eq!(KeyId::new("2026-07")?.as_str(), "2026-07");
/// assert!(KeyId::new("").is_err());
/// assert!(KeyId::new("a b").is_err());
/// # Ok::<(), countersign_jose::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// Takes a name that is allowed.
    ///
    /// # Errors
    /// [`KeyError::KeyId`] if it is empty, longer than 256 bytes or not visible ASCII throughout.
    pub fn new(id: impl Into<String>) -> Result<Self, KeyError> {
        let id = id.into();
        let allowed = (1..=KEY_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if allowed { Ok(Self(id)) } else { Err(KeyError::KeyId) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
