//! Heads: the pulse of the feed.

use super::Point;
use crate::ObjectError;

/// Where the feed stands, and that nothing more was committed up to `as_of`: what keeps a verifier fresh that has
/// everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    point: Point,
}

impl Head {
    /// Takes where the feed stands.
    ///
    /// # Errors
    /// [`ObjectError::OutOfRange`] for numbers that JSON does not carry exactly.
    pub fn new(point: Point) -> Result<Self, ObjectError> {
        point.check()?;
        Ok(Self { point })
    }

    /// Where the feed stands.
    #[must_use]
    pub const fn point(&self) -> &Point {
        &self.point
    }
}
