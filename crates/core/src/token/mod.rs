//! What leaves the server: access tokens and the custom claims in them, ID tokens, refresh tokens.

mod access;
mod custom;
mod id;
mod identity;
mod refresh;
mod registered;

pub use access::AccessClaims;
pub use custom::{ClaimMapping, ClaimName, ClaimSource, CustomClaims, CustomClaimsTooLong, InvalidClaim};
pub use id::{IdClaims, OnceToldClaims};
pub use identity::{IdentityClaim, IdentityClaims, identity_claims, identity_codes};
pub use refresh::{
    MacKeys, MacStanding, OpenedRefreshToken, REFRESH_TOKEN_CHARACTERS, REFRESH_TOKEN_PREFIX, RefreshTokenError,
};
