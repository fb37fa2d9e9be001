//! The variable part of a path.

use crate::error::{ApiError, Kind};
use crate::openapi::{Input, Operation};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The one variable part, decoded.
pub(crate) struct Path(pub(crate) String);

impl<S: Sync + Send> FromRequestParts<S> for Path {
    type Rejection = ApiError;

    /// axum answers what is no UTF-8 once decoded in its own form; nothing here has such a name.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| ApiError::not_found())
    }
}

impl Input for Path {
    fn describe(operation: &mut Operation) {
        operation.fails(&[Kind::NotFound]);
    }
}
