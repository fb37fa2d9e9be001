//! Query strings, read as strictly as bodies.

use crate::error::{ApiError, Kind};
use crate::openapi::{Input, Operation};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

/// The query, read into `T`; a type with `deny_unknown_fields` takes no others, and nothing twice.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync + Send> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // axum's message repeats what was sent.
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|query| Self(query.0))
            .map_err(|_| ApiError::invalid_request("the query has an unknown or malformed parameter"))
    }
}

impl<T: IntoParams> Input for Query<T> {
    fn describe(operation: &mut Operation) {
        operation.query::<T>().fails(&[Kind::InvalidRequest]);
    }
}
