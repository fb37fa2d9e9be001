//! What leaves the server: access tokens, the custom claims in them, and refresh tokens.

mod access;
mod custom;
mod refresh;
mod registered;

pub use access::AccessClaims;
pub use custom::{ClaimMapping, ClaimName, ClaimSource, CustomClaims, CustomClaimsTooLong, InvalidClaim};
pub use refresh::{
    MacKeys, MacStanding, OpenedRefreshToken, REFRESH_TOKEN_CHARACTERS, REFRESH_TOKEN_PREFIX, RefreshTokenError,
};
