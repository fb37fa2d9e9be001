//! Signed texts (RFC 7515), compact serialization only.

mod compact;
mod header;
mod sign;
mod verify;

pub use header::Header;
pub use sign::Signer;

pub(crate) use compact::CompactJws;
pub(crate) use verify::pick_key;
