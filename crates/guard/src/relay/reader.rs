//! Who may read: whoever the issuer would let read. A relay that reads as a client asks its readers for a token, too; one
//! that was let read without one knows by that that the feed is public.

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse as _, Response},
};
use countersign_verifier::{Needs, Refusal, Registered, VerifiedToken};

use super::Shared;

const FEED_READ: &str = "feed:read";

/// Somebody who may read.
#[derive(Debug)]
pub(super) struct Reader(Option<VerifiedToken<Registered>>);

impl Reader {
    /// Resolves when the token that let it read has ended: never where none is asked for.
    pub(super) async fn ended(&self) {
        match &self.0 {
            Some(token) => _ = token.revoked().await,
            None => std::future::pending().await,
        }
    }
}

impl FromRequestParts<Shared> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, relay: &Shared) -> Result<Self, Response> {
        if relay.is_public {
            return Ok(Self(None));
        }
        let needs = Needs::any_token().scope(FEED_READ);
        let token = relay.verifier.authenticate(parts, &needs).await;
        token.map(|token| Self(Some(token))).map_err(|refusal: Refusal| {
            tracing::debug!(code = refusal.code(), "a reader was refused");
            refusal.into_response::<axum::body::Body>().into_response()
        })
    }
}
