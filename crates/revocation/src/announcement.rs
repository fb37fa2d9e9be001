//! Keys that will sign soon.

use countersign_jose::{KeyId, base64url};

use crate::{EntryError, limits::NUMBER_MAX};

/// A key that will sign soon: fetch the JWK Set before, and look whether it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its `kid`.
    pub key: KeyId,
    /// Its RFC 7638 thumbprint with SHA-256.
    pub thumbprint: [u8; 32],
    /// When it begins to sign, in seconds since 1970.
    pub not_before: u64,
    /// The last second at which the hint matters; 0: always.
    pub until: u64,
}

impl Announcement {
    /// Reads `"thumbprint not_before"`. What a later version may write behind a further space is left aside.
    pub(crate) fn parse(key: KeyId, extra: &str, until: u64) -> Result<Self, EntryError> {
        const MALFORMED: EntryError = EntryError::Extra("not a thumbprint and a time");
        let mut words = extra.split(' ');
        let (thumbprint, not_before) = words.next().zip(words.next()).ok_or(MALFORMED)?;
        let thumbprint = base64url::decode(thumbprint).ok().and_then(|bytes| bytes.try_into().ok());
        let digits = not_before.bytes().all(|digit| digit.is_ascii_digit());
        let not_before = not_before.parse().ok().filter(|number| digits && *number <= NUMBER_MAX);
        let (thumbprint, not_before) = thumbprint.zip(not_before).ok_or(MALFORMED)?;
        Ok(Self { key, thumbprint, not_before, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, NewEntry, Sequence};

    fn code(extra: Option<&str>) -> &'static str {
        let entry = NewEntry::new(Kind::KeyAnnounced, "k1", 900, extra.map(str::to_owned));
        entry.map_or_else(|error| error.code(), |_| "accepted")
    }

    #[test]
    fn an_announcement_reads_back() {
        let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        let key = KeyId::new("k1").unwrap();
        let entry = NewEntry::new(Kind::KeyAnnounced, "k1", 900, Some(format!("{thumbprint} 800"))).unwrap();
        let announced = entry.numbered(Sequence(1)).announcement().unwrap();
        assert_eq!((announced.key, announced.not_before, announced.until), (key, 800, 900));
        assert_eq!(base64url::encode(&announced.thumbprint), thumbprint);
        let later = format!("{thumbprint} 800 more");
        assert_eq!(code(Some(&later)), "accepted");
        for extra in [None, Some(""), Some(thumbprint), Some("x 800"), Some(&format!("{thumbprint} +8"))] {
            assert_eq!(code(extra), "entry_extra", "{extra:?}");
        }
    }
}
