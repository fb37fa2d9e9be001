//! JSON bodies: bounded, strict, and never repeated in an error.

use crate::error::{ApiError, Kind};
use crate::http::body::{check_type, read};
use crate::limits::{BODY_BYTES_MAX, JSON_DEPTH_MAX, JSON_MEMBERS_MAX};
use crate::openapi::{Input, Operation};
use axum::extract::{FromRequest, Request};
use countersign_jose::json::{self, JsonError, Limits};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::Required;

/// A JSON body that must be there.
pub(crate) struct Json<T>(pub(crate) T);

/// A JSON body that may be left out.
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

const JSON: &str = "application/json";
const LIMITS: Limits = Limits { bytes_max: BODY_BYTES_MAX, depth_max: JSON_DEPTH_MAX, members_max: JSON_MEMBERS_MAX };

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        check_type(&parts.headers, JSON)?;
        parse(&read(&parts.headers, body).await?).map(Self)
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let body = read(&parts.headers, body).await?;
        if body.is_empty() {
            return Ok(Self(None));
        }
        check_type(&parts.headers, JSON)?;
        parse(&body).map(|value| Self(Some(value)))
    }
}

impl<T: ToSchema> Input for Json<T> {
    fn describe(operation: &mut Operation) {
        describe::<T>(operation, Required::True);
    }
}

impl<T: ToSchema> Input for OptionalJson<T> {
    fn describe(operation: &mut Operation) {
        describe::<T>(operation, Required::False);
    }
}

fn describe<T: ToSchema>(operation: &mut Operation, required: Required) {
    let limits = format!(
        "One JSON object in UTF-8: {BODY_BYTES_MAX} bytes, {JSON_DEPTH_MAX} levels and {JSON_MEMBERS_MAX} members an \
         object at most; no member twice, none that is not told here."
    );
    operation.body::<T>(JSON, required, &limits);
    operation.fails(&[Kind::InvalidRequest, Kind::TooLarge, Kind::UnsupportedMediaType]);
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // serde would read an array into a struct too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::invalid_request("the body must be a JSON object"));
    }
    json::check(body, LIMITS).map_err(|error| match error {
        JsonError::DuplicateMember => ApiError::invalid_request("the body has a member twice"),
        _ => ApiError::invalid_request("the body is not one JSON object within the limits (UTF-8, 16 levels deep)"),
    })?;
    serde_json::from_slice(body).map_err(|error| ApiError::invalid_request(told(&error)))
}

/// What serde says, without what was sent: its messages repeat values, and a value may be a password.
fn told(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    // `missing field` names one of ours; `unknown field` names theirs, and then lists ours.
    if let Some(missing) = message.strip_prefix("missing field ") {
        let name = missing.split('`').nth(1).unwrap_or_default();
        return format!("member `{name}` is missing");
    }
    let expected = message.rsplit_once("expected ").map(|(_, rest)| rest.split(" at line ").next().unwrap_or(rest));
    match expected {
        Some(expected) if message.starts_with("unknown field") => {
            format!("unknown member before {place}: expected {expected}")
        }
        Some(expected) if message.starts_with("unknown variant") => {
            format!("unknown word before {place}: expected {expected}")
        }
        Some(expected) if message.starts_with("invalid type") => {
            format!("a member before {place} has the wrong type: expected {expected}")
        }
        _ => format!("a member before {place} has a value that can't be one"),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::error::{self, Problem, render};
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only its reading matters")]
        login: String,
        #[expect(dead_code, reason = "only its reading matters")]
        #[serde(default)]
        times: Option<u8>,
    }

    async fn refusal(body: &[u8]) -> String {
        let response = parse::<Form>(body).expect_err("it is malformed").into_response();
        assert!(response.extensions().get::<Problem>().is_some());
        let body = render(response, "id", error::Form::Problem, "https://issuer.example")
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_refusal_says_what_was_expected_and_repeats_nothing() {
        for (body, told) in [
            (r#"{"login":5}"#, "wrong type: expected a string"),
            (r#"{"login":"a","times":"hunter2"}"#, "wrong type: expected u8"),
            (r#"{"login":"a","hunter2":1}"#, "unknown member"),
            (r#"{"times":1}"#, "member `login` is missing"),
            (r#"{"login":"hunter2","login":"b"}"#, "twice"),
            (r#"{"login":"hunter2""#, "not one JSON object"),
            (r#"{"login":"hunter2"} x"#, "not one JSON object"),
            (r#"["hunter2"]"#, "must be a JSON object"),
        ] {
            let refusal = refusal(body.as_bytes()).await;
            assert!(refusal.contains(told) && !refusal.contains("hunter2"), "{body}: {refusal}");
        }
    }
}
