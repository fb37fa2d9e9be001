//! NumericDate (RFC 7519 §2).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{json, limits::TIMESTAMP_SECONDS_MAX};

/// A time in whole seconds since 1970 (NumericDate, RFC 7519 §2).
///
/// ```
/// use countersign_jose::Timestamp;
///
/// const ISSUED: Timestamp = Timestamp::from_seconds(1_700_000_000);
/// assert_eq!(ISSUED.plus_seconds(600).as_seconds(), 1_700_000_600);
/// assert_eq!(ISSUED.plus_seconds(u64::MAX).as_seconds(), u64::MAX); // saturates
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// That many seconds after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// Later by that many seconds, or the latest time there is.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Earlier by that many seconds, or 1970.
    #[must_use]
    pub const fn minus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Seconds from `earlier` to this; 0 if it is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// A JSON number: fractions are cut off; negative, infinite or past the year 9999 is none.
    pub(crate) fn from_json_number(number: &str) -> Option<Self> {
        // What every issuer writes: the digits of whole seconds.
        if let Some(seconds) = json::whole_number(number) {
            return (seconds <= TIMESTAMP_SECONDS_MAX).then_some(Self(seconds));
        }
        // Whole digits, a fraction or not: exact, where a float would round up to the next second.
        let whole = number.split_once('.').map_or(number, |(whole, _)| whole);
        let seconds = if number.contains(['e', 'E', '-']) {
            let seconds: f64 = number.parse().ok()?;
            (0.0..=TIMESTAMP_SECONDS_MAX as f64).contains(&seconds).then_some(seconds as u64)?
        } else {
            whole.parse().ok()?
        };
        (seconds <= TIMESTAMP_SECONDS_MAX).then_some(Self(seconds))
    }
}

/// Writes the seconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    /// Reads what verification reads: a fraction is cut off.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
                Ok(Timestamp(seconds))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
                u64::try_from(seconds).map(Timestamp).map_err(|_| E::custom("negative"))
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
                let allowed = (0.0..=TIMESTAMP_SECONDS_MAX as f64).contains(&seconds);
                if allowed { Ok(Timestamp(seconds as u64)) } else { Err(E::custom("out of range")) }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_floored_and_bounded() {
        let seconds = |number| Timestamp::from_json_number(number).map(Timestamp::as_seconds);
        assert_eq!(seconds("0.5"), Some(0));
        assert_eq!(seconds("1700000000.99999999999999"), Some(1_700_000_000));
        assert_eq!(seconds("1e10"), Some(10_000_000_000));
        assert_eq!(seconds("253402300799"), Some(TIMESTAMP_SECONDS_MAX));
        for refused in ["253402300800", "-1", "-0.5", "1e400", "1e308", "9223372036854775808", "18446744073709551616"] {
            assert_eq!(seconds(refused), None, "{refused}");
        }
    }
}
