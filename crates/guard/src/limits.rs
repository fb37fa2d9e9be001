//! Every limit of this crate, unit in the name.

use std::time::Duration;

/// What is read of a request's head. More than any proxy lets in as it comes, so that what a client makes large is
/// answered here rather than cut off, which proxies tell as an error of the server.
pub const HEAD_BYTES_MAX: usize = 256 * 1024;
/// Header fields of a request.
pub const HEADER_FIELDS_MAX: usize = 1_024;
/// How long a request's head may take.
pub const HEADER_READ_MAX: Duration = Duration::from_secs(15);
/// Connections at once: those of a few proxies.
pub const CONNECTIONS_MAX: usize = 16_384;
/// How long what runs may take when the guard stops.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Length of the original request's path and query.
pub const TARGET_BYTES_MAX: usize = 64 * 1024;
/// Rules of one guard.
pub const RULES_MAX: usize = 4_096;
