//! What leaves the server: access tokens and refresh tokens.

mod access;
mod refresh;

pub use access::AccessClaims;
pub use refresh::{
    MacKeys, MacStanding, OpenedRefreshToken, REFRESH_TOKEN_CHARACTERS, REFRESH_TOKEN_PREFIX, RefreshTokenError,
};
