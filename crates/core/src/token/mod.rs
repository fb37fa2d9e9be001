//! What leaves the server: access tokens, ID tokens and refresh tokens.

mod access;
mod id;
mod refresh;

pub use access::AccessClaims;
pub use id::IdClaims;
pub use refresh::{
    MacKeys, MacStanding, OpenedRefreshToken, REFRESH_TOKEN_CHARACTERS, REFRESH_TOKEN_PREFIX, RefreshTokenError,
};
