//! Tokens (RFC 7519): parsed and trusted are two types, and one function joins them.

mod audience;
mod claims;
mod expectations;
mod timestamp;
mod token_type;
mod unverified;
mod verified;

pub use expectations::{Expectations, Leeway, LeewayTooLong};
pub use timestamp::Timestamp;
pub use token_type::TokenType;
pub use unverified::UnverifiedToken;
pub use verified::VerifiedToken;
