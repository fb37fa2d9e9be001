//! Sequence numbers, and positions in a feed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Epoch, limits::NUMBER_MAX};

/// The number of an entry within its epoch: the first is 1, and no number is left out. 0 is the place before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The place before the first entry.
    pub const ZERO: Self = Self(0);

    /// The next number; the last one there is stays where it is.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a follower is: everything up to `sequence` of `epoch`. As text `ep:seq`, what `Last-Event-ID` and `?after=`
/// carry.
///
/// ```
/// use countersign_revocation::{Epoch, Position, Sequence};
///
/// let position = Position { epoch: Epoch::new(1_750_000_000_000, [0; 10]), sequence: Sequence(42) };
/// assert_eq!(position.to_string(), "01977420-dc00-7000-8000-000000000000:42");
/// assert_eq!("01977420-dc00-7000-8000-000000000000:42".parse(), Ok(position));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The epoch, which orders first.
    pub epoch: Epoch,
    /// The last number within it.
    pub sequence: Sequence,
}

/// The text is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position in the feed: expected `epoch:number`, the number without leading zeros")]
pub struct ParsePositionError;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.sequence)
    }
}

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, ParsePositionError> {
        let (epoch, number) = text.split_once(':').ok_or(ParsePositionError)?;
        let canonical = number == "0"
            || (!number.starts_with('0') && !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()));
        let number: u64 = number.parse().map_err(|_| ParsePositionError)?;
        if !canonical || number > NUMBER_MAX {
            return Err(ParsePositionError);
        }
        Ok(Self { epoch: epoch.parse().map_err(|_| ParsePositionError)?, sequence: Sequence(number) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_one_text_and_orders_by_epoch_first() {
        let at = |ms, number| Position { epoch: Epoch::new(ms, [3; 10]), sequence: Sequence(number) };
        assert!(at(1, 900) < at(2, 1) && at(2, 1) < at(2, 2));
        let text = at(1, 42).to_string();
        assert_eq!(text.parse(), Ok(at(1, 42)));
        assert_eq!(at(1, 0).to_string().parse(), Ok(at(1, 0)));
        for wrong in [":42".to_owned(), text.replace(':', " "), format!("{text}:"), text.replace(":42", ":")] {
            assert_eq!(wrong.parse::<Position>(), Err(ParsePositionError), "{wrong}");
        }
        for number in ["042", "+42", "-1", "4 2", "9007199254740992", "99999999999999999999"] {
            assert!(text.replace(":42", &format!(":{number}")).parse::<Position>().is_err(), "{number}");
        }
    }
}
