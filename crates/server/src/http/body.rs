//! Bodies: bounded in size and time, of the type that is asked for.

use crate::error::ApiError;
use crate::limits::{BODY_BYTES_MAX, BODY_READ_MAX};
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// `wanted`, in any case of letters, in UTF-8 if it says so.
pub(crate) fn check_type(headers: &HeaderMap, wanted: &str) -> Result<(), ApiError> {
    let mut types = headers.get_all(CONTENT_TYPE).into_iter();
    let (Some(Ok(found)), None) = (types.next().map(|value| value.to_str()), types.next()) else {
        return Err(ApiError::unsupported_media_type());
    };
    let (essence, parameter) = found.split_once(';').map_or((found, None), |(essence, rest)| (essence, Some(rest)));
    let utf8 = parameter.is_none_or(|parameter| {
        let parameter = parameter.trim().to_ascii_lowercase();
        matches!(parameter.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
    });
    if essence.trim().eq_ignore_ascii_case(wanted) && utf8 { Ok(()) } else { Err(ApiError::unsupported_media_type()) }
}

/// The whole body.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return Err(ApiError::too_large());
    }
    let collected = tokio::time::timeout(BODY_READ_MAX, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    let collected = collected.map_err(|_| ApiError::invalid_request("the body did not arrive in time"))?;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            ApiError::too_large()
        } else {
            ApiError::invalid_request("the body broke off or is not well-formed")
        }
    })
}
