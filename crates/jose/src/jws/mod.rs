//! Signed texts (RFC 7515), compact serialization only.

mod compact;
mod header;
mod payload;
mod sign;
mod verify;

pub use header::Header;
pub use payload::SignedPayload;
pub use sign::Signer;

pub(crate) use compact::{CompactJws, CompactLimits};
pub(crate) use sign::encoded_header;
pub(crate) use verify::pick_key;
