//! What no route answers.

use crate::error::ApiError;

/// No such path.
pub(crate) async fn not_found() -> ApiError {
    ApiError::not_found()
}

/// Such a path, but not by this method; axum adds `Allow`.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::method_not_allowed()
}
