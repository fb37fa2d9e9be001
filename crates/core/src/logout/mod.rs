//! Signing out across applications: by a client's request (OpenID Connect RP-Initiated Logout), and told to the clients at
//! which sessions end (OpenID Connect Back-Channel Logout).

mod hint;
mod pending;
mod request;
mod token;

pub use hint::IdTokenHint;
pub use pending::{PendingLogout, Try};
pub use request::{InvalidLogout, LogoutRequest};
pub use token::LogoutClaims;
