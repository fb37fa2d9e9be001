//! Epochs: the lives of a feed's numbering.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One life of the feed's numbering: a UUID of version 7 (RFC 9562 §5.7), so that a later epoch compares greater.
///
/// ```
/// use countersign_revocation::Epoch;
///
/// let epoch = Epoch::new(1_750_000_000_000, [0xff; 10]);
/// assert_eq!(epoch.to_string(), "01977420-dc00-7fff-bfff-ffffffffffff");
/// assert_eq!(epoch.to_string().parse::<Epoch>()?, epoch);
/// // A clock that went back does not make an older epoch.
/// assert!(Epoch::new_later_than(Some(epoch), 1_000, [0; 10]) > epoch);
/// # Ok::<(), countersign_revocation::ParseEpochError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch([u8; 16]);

/// The text or bytes are no epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an epoch: expected a version 7 UUID as 36 characters, hyphenated and lower case")]
pub struct ParseEpochError;

/// Where the hyphens stand, as the number of bytes before each.
const HYPHEN_AFTER: [usize; 4] = [4, 6, 8, 10];
const TEXT_BYTES: usize = 36;
/// The version 7 in the upper half of byte 6, the variant 10 in the upper bits of byte 8.
const VERSION: u8 = 0x70;
const VARIANT: u8 = 0x80;

impl Epoch {
    /// The epoch that begins at `unix_ms`, milliseconds since 1970 (48 bits count); 74 of the random bits are used.
    #[must_use]
    pub const fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        let [_, _, t0, t1, t2, t3, t4, t5] = unix_ms.to_be_bytes();
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        let (r0, r2) = (VERSION | (r0 & 0x0f), VARIANT | (r2 & 0x3f));
        Self([t0, t1, t2, t3, t4, t5, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9])
    }

    /// An epoch that begins at `unix_ms`, or a millisecond after the one that is known if that is later: a new epoch
    /// must be later than any that a verifier has seen, whatever this clock says.
    #[must_use]
    pub fn new_later_than(known: Option<Self>, unix_ms: u64, random: [u8; 10]) -> Self {
        let earliest = known.map_or(0, |known| known.unix_ms().saturating_add(1));
        Self::new(unix_ms.max(earliest), random)
    }

    /// When it began, in milliseconds since 1970.
    #[must_use]
    pub const fn unix_ms(&self) -> u64 {
        let [t0, t1, t2, t3, t4, t5, ..] = self.0;
        u64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5])
    }

    /// Takes the 16 bytes of a UUID.
    ///
    /// # Errors
    /// [`ParseEpochError`] if its version is not 7 or its variant not that of RFC 9562.
    pub const fn from_bytes(bytes: [u8; 16]) -> Result<Self, ParseEpochError> {
        let [_, _, _, _, _, _, version, _, variant, ..] = bytes;
        if version & 0xf0 == VERSION && variant & 0xc0 == VARIANT { Ok(Self(bytes)) } else { Err(ParseEpochError) }
    }

    /// The 16 bytes, as entries are hashed and stored with.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(TEXT_BYTES);
        for (index, byte) in self.0.iter().enumerate() {
            if HYPHEN_AFTER.contains(&index) {
                text.push('-');
            }
            text.extend([byte >> 4, byte & 0x0f].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({self})")
    }
}

impl FromStr for Epoch {
    type Err = ParseEpochError;

    fn from_str(text: &str) -> Result<Self, ParseEpochError> {
        let mut bytes = [0_u8; 16];
        let mut rest = text;
        for (index, byte) in bytes.iter_mut().enumerate() {
            if HYPHEN_AFTER.contains(&index) {
                rest = rest.strip_prefix('-').ok_or(ParseEpochError)?;
            }
            let (digits, after) = rest.split_at_checked(2).ok_or(ParseEpochError)?;
            // One text for each epoch: `from_str_radix` would take upper case and a sign too.
            if !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(ParseEpochError);
            }
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ParseEpochError)?;
            rest = after;
        }
        if rest.is_empty() { Self::from_bytes(bytes) } else { Err(ParseEpochError) }
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_epoch_compares_greater_as_value_and_as_text() {
        let (early, late) = (Epoch::new(1_000, [0xff; 10]), Epoch::new(1_001, [0; 10]));
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(late.unix_ms(), 1_001);
        assert!(Epoch::new_later_than(Some(late), 5, [0; 10]) > late);
        assert_eq!(Epoch::new_later_than(Some(late), 7_000, [0; 10]).unix_ms(), 7_000);
    }

    #[test]
    fn an_epoch_has_one_text() {
        let epoch = Epoch::new(0x0123_4567_89ab, [0xcd; 10]);
        let text = epoch.to_string();
        assert_eq!(text, "01234567-89ab-7dcd-8dcd-cdcdcdcdcdcd");
        assert_eq!(text.parse(), Ok(epoch));
        let wrong = [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{text}0"),
            format!("{{{text}}}"),
            text.replacen('0', "+", 1),
            text.replace("-7", "-4"),
            text.replace("-8", "-c"),
            text.replace('a', "é"),
            String::new(),
        ];
        for wrong in wrong {
            assert_eq!(wrong.parse::<Epoch>(), Err(ParseEpochError), "{wrong}");
        }
        assert!(Epoch::from_bytes([0; 16]).is_err());
        assert_eq!(Epoch::from_bytes(*epoch.as_bytes()), Ok(epoch));
    }
}
