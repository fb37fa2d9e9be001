//! What a store tells about itself: how its writer keeps up.

use crate::measure::Measured;

/// How the writer of a store keeps up, since it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterFigures {
    /// How long each commit took, from its begin until it was on disk, in nanoseconds.
    pub commit_times: Measured,
    /// How many changes shared each commit.
    pub batch_sizes: Measured,
    /// How many changes wait now.
    pub waiting: u64,
    /// How many changes were refused because too many waited.
    pub refused: u64,
}
