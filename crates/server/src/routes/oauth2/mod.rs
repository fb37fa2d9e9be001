//! OAuth 2.1 (RFC 6749). Nothing here reads a token cookie.

pub(crate) mod authorize;
pub(crate) mod token;
