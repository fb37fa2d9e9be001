//! The answer to a token request (RFC 6749 §5.1). That nobody may keep it is said at the edge, of all that may not be.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An access token, and what it is good for.
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    pub(super) access_token: String,
    pub(super) token_type: &'static str,
    pub(super) expires_in: u64,
    pub(super) scope: String,
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}
