//! JSON Web Tokens, their keys and nothing else: RFC 7515 (JWS), 7517 (JWK), 7518 (JWA), 7519 (JWT), 7638, 8037, and
//! proofs of possession (RFC 9449).
//!
//! ES256, ES384, ES512, EdDSA, and RS, PS, HS in 256, 384 and 512. Compact serialization only; no `none`, no encryption.
//!
//! No I/O, no clock, no async: time arrives as a [`Timestamp`], keys as bytes. A token is one of two types.
//! [`UnverifiedToken`] is enough to pick a key; [`VerifiedToken`] is made by [`UnverifiedToken::verify`] alone, after
//! the signature and every expectation held.
//!
//! ```
//! use std::sync::Arc;
//! use countersign_jose::*;
//!
//! let key = Arc::new(SigningKey::generate(Algorithm::Es256)?);
//! let signer = Signer::new(key.clone(), "at+jwt");
//! let claims = serde_json::json!({
//!     "iss": "https://issuer.example", "aud": "https://api.example", "sub": "ana", "iat": 1_000, "exp": 1_600,
//! });
//! let token = signer.sign(&claims)?;
//!
//! let keys = KeySet::new([key.verifying_key()])?;
//! let leeway = Leeway::seconds(10)?;
//! let expect =
//!     Expectations::new("https://issuer.example", "https://api.example", TokenType::AccessToken, leeway);
//! let verified: VerifiedToken<serde_json::Value> =
//!     UnverifiedToken::parse(&token)?.verify(&keys, &expect, Timestamp::from_seconds(1_200))?;
//! assert_eq!(verified.subject(), Some("ana"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Many tokens of one issuer go through a [`TokenVerifier`], which allocates nothing; [`recipes`] has the ten things that
//! are looked up most.
//!
//! What is refused, and with which code, is the list of attacks in `tests/`; each limit stands in [`limits`].
#![deny(missing_docs)]
// No input may panic: each exception carries its proof.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice))]

mod algorithm;
mod der;
mod dpop;
mod error;
mod jwk;
mod jws;
mod jwt;
mod key;
mod pem;
mod secret;

pub mod base64url;
pub mod json;
pub mod limits;
pub mod recipes;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use dpop::{DpopProof, HttpUri, NewProof, ProofError, ProofExpectations, ProofNonces, access_token_hash};
pub use error::{KeyError, ParseError, SignError, VerifyError};
pub use jwk::{Jwk, JwkSet, RefusedKey, Thumbprint};
pub use jws::{Header, SignedPayload, Signer};
pub use jwt::{
    Expectations, Leeway, LeewayTooLong, Timestamp, TokenBuffer, TokenType, TokenVerifier, UnverifiedToken,
    VerifiedToken, VerifiedTokenRef,
};
pub use key::{KeyId, KeySet, SigningKey, VerifyingKey};
pub use secret::Secret;

/// The page for those who come from `jsonwebtoken`: its examples run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/integrating/from-jsonwebtoken.md")]
struct FromJsonwebtoken;
