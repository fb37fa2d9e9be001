//! The answer to a token request (RFC 6749 §5.1). That nobody may keep it is said at the edge, of all that may not be.

use crate::openapi::values;
use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// An access token, and what it is good for.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenResponse {
    #[schema(value_type = values::CompactToken)]
    pub(super) access_token: String,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$")]
    pub(super) token_type: &'static str,
    /// Seconds for which the access token holds, an hour at most.
    #[schema(minimum = 0, maximum = 3600)]
    pub(super) expires_in: u64,
    /// What was granted.
    #[schema(value_type = values::ScopeList)]
    pub(super) scope: String,
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}
