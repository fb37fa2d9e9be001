//! `Prefer: wait=N` (RFC 7240 §4.3): how long a client would wait for the whole.

use crate::limits::WAIT_SECONDS_MAX;
use crate::openapi::{AnswerHeader, Input, Operation, values};
use axum::extract::FromRequestParts;
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use std::convert::Infallible;
use std::time::Duration;

/// How long a client would wait; a preference that can't be read is none (RFC 7240 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait(Option<u64>);

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

impl Wait {
    /// What the answer says of it.
    pub(crate) const APPLIED: AnswerHeader = AnswerHeader {
        name: "preference-applied",
        description: "`wait` as it was taken, where it was asked for (RFC 7240 §3).",
        example: "wait=5",
        always: false,
    };

    /// As a length of time; none where it was not asked for.
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.0.unwrap_or_default())
    }

    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(PREFER).into_iter().filter_map(|value| value.to_str().ok());
        let mut preferences = values.flat_map(|value| value.split(','));
        // The first of a name counts (RFC 7240 §2); more than the limit is the limit.
        let wait = preferences.find_map(|preference| {
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"').parse::<u64>().ok())
        });
        Self(wait.flatten().map(|seconds| seconds.min(WAIT_SECONDS_MAX)))
    }
}

impl<S: Sync> FromRequestParts<S> for Wait {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Input for Wait {
    fn describe(operation: &mut Operation) {
        let text = format!(
            "`wait=N` (RFC 7240 §4.3): how many seconds to wait for the whole, {WAIT_SECONDS_MAX} at most. What can't \
             be read is no preference."
        );
        operation.header::<values::Preferences>("prefer", &text, "wait=5");
    }
}

impl IntoResponseParts for Wait {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        let applied = self.0.and_then(|seconds| HeaderValue::from_str(&format!("wait={seconds}")).ok());
        applied.into_iter().for_each(|applied| {
            response.headers_mut().insert(PREFERENCE_APPLIED, applied);
        });
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::{PREFER, Wait};
    use axum::http::HeaderMap;

    fn wait(values: &[&str]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, value.parse().unwrap());
        }
        Wait::of(&headers).0
    }

    #[test]
    fn a_preference_is_found_among_others_and_bounded() {
        assert_eq!(wait(&["wait=5"]), Some(5));
        assert_eq!(wait(&["respond-async, WAIT = \"0\";x=1, wait=9"]), Some(0));
        assert_eq!(wait(&["return=minimal", "wait=31"]), Some(30));
        for unreadable in [&[][..], &["wait"], &["wait=-1"], &["wait=soon"], &["waiting=4"]] {
            assert_eq!(wait(unreadable), None, "{unreadable:?}");
        }
    }
}
