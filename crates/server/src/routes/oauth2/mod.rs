//! OAuth 2.1 (RFC 6749). Nothing here reads a token cookie.

pub(crate) mod authorize;
pub(crate) mod introspect;
pub(crate) mod logout;
pub(crate) mod par;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod userinfo;
