//! Cutting entries to the size of an object.

use super::wire::json_bytes;
use crate::{Entry, limits::ENTRIES_BYTES_MAX};

/// Runs of at most `entries_max` entries whose JSON keeps within the limit, in order; none for no entries.
pub(super) fn chunks(entries: Vec<Entry>, entries_max: usize) -> Vec<Vec<Entry>> {
    let mut chunks: Vec<Vec<Entry>> = Vec::new();
    let mut bytes: usize = 0;
    for entry in entries {
        let more = json_bytes(&entry);
        bytes = bytes.saturating_add(more);
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < entries_max && bytes <= ENTRIES_BYTES_MAX => chunk.push(entry),
            _ => {
                chunks.push(vec![entry]);
                bytes = more;
            }
        }
    }
    chunks
}
