//! What a resource server embeds: tokens verified from memory, and refused within moments of being revoked.
//!
//! From an issuer's URL a [`Verifier`] finds metadata, keys and the revocation feed by itself and keeps them current in
//! the background. Requests are served from memory only. Where the feed is late it says so, and follows a
//! [`StalePolicy`]. Tokens of any other OpenID Connect issuer work too, without a feed.
//!
//! - axum: the extractor [`Bearer`] (feature `axum`). tower: [`VerifierLayer`]. Anything else:
//!   [`Verifier::authenticate`] on `http` types, or [`Verifier::verify`] on a string.
//! - Connections that outlive a request: [`VerifiedToken::revoked`].
//! - Tests: [`TestIssuer`] (feature `test-kit`), an issuer in memory.
//!
//! ```
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! use std::time::Duration;
//! use countersign_verifier::{TestIssuer, Verifier};
//!
//! let issuer = TestIssuer::start().await;
//! let verifier = Verifier::builder(issuer.url()).audience("https://api.example").build().await?;
//! assert!(verifier.wait_until_current(Duration::from_secs(10)).await);
//!
//! let minted = issuer.mint("https://api.example");
//! let token = verifier.verify::<serde_json::Value>(&minted.token)?;
//! assert!(token.is_fresh());
//!
//! issuer.revoke_session(&minted.session);
//! token.revoked().await;
//! assert_eq!(verifier.verify::<serde_json::Value>(&minted.token).unwrap_err().code(), "revoked");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
#![deny(missing_docs)]

mod access;
mod background;
mod builder;
mod cache;
mod challenge;
mod claims;
mod clock;
mod discovery;
mod ended;
mod error;
#[cfg(feature = "axum")]
mod extract;
mod feed;
mod folder;
mod introspect;
mod issuers;
mod keys;
mod layer;
mod metrics;
mod net;
mod policy;
mod proofs;
mod random;
mod relaying;
mod request;
mod require;
mod resource;
mod staleness;
mod state;
mod terms;
#[cfg(feature = "test-kit")]
mod test_issuer;
mod timing;
mod token;
mod verifier;
mod waiting;

pub mod limits;

pub use builder::{Builder, Complete, WantsAudience};
pub use challenge::{Refusal, Scheme, Why};
pub use claims::Registered;
pub use clock::{Clock, SystemClock};
pub use countersign_jose::{HttpUri, ProofNonces, Timestamp, TokenType};
pub use ended::{Ended, OtherSession};
pub use error::{BuildError, VerifyError};
#[cfg(feature = "axum")]
pub use extract::{Bearer, BearerFor, Demand};
pub use feed::FeedEvent;
pub use issuers::Issuers;
pub use layer::{VerifierLayer, VerifierService};
pub use metrics::Metrics;
pub use relaying::{RelayLevel, RelayStatus};
pub use request::PublicUri;
pub use require::Needs;
pub use resource::ResourceMetadata;
pub use staleness::{Freshness, StalePolicy};
#[cfg(feature = "test-kit")]
pub use test_issuer::{Fault, ManualClock, Mint, Minted, TestIssuer, TestOptions};
pub use timing::Timing;
pub use token::VerifiedToken;
pub use verifier::Verifier;
