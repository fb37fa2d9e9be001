//! Tokens (RFC 7519): parsed and trusted are two types, and one function joins them.

mod claims;
mod expectations;
mod timestamp;
mod token_type;
mod unverified;
mod verified;
mod verifier;

pub use expectations::{Expectations, Leeway, LeewayTooLong};
pub use timestamp::Timestamp;
pub use token_type::TokenType;
pub use unverified::UnverifiedToken;
pub use verified::{VerifiedToken, VerifiedTokenRef};
pub use verifier::{TokenBuffer, TokenVerifier};
