//! Refusals as answers: status, and a challenge that says what to do (RFC 6750 §3, RFC 9449 §7.1).

use countersign_jose::Algorithm;
use http::{
    Response, StatusCode,
    header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{error::VerifyError, limits::RETRY_AFTER_SECONDS, require::Needs};

/// How a token was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// `Bearer` (RFC 6750).
    Bearer,
    /// `DPoP` (RFC 9449).
    Dpop,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It came without a token. 401, and the challenge names no error (RFC 6750 §3.1).
    #[error("no token was sent")]
    NoToken,
    /// Its headers cannot be read in one way only. 400.
    #[error("malformed request: {0}")]
    InvalidRequest(&'static str),
    /// The token, or what it allows. 401 or 403; 503 where the verifier cannot tell.
    #[error("{error}")]
    Token {
        /// Why.
        #[source]
        error: VerifyError,
        /// How it was presented.
        scheme: Scheme,
        /// The scopes that the route asks for, separated by spaces.
        scope: String,
    },
}

impl Refusal {
    pub(crate) fn token(error: VerifyError, scheme: Scheme, needs: &Needs) -> Self {
        Self::Token { error, scheme, scope: needs.scopes().join(" ") }
    }

    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::InvalidRequest(_) => "invalid_request",
            Self::Token { error, .. } => error.code(),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            Self::Token { error, .. } if error.is_temporary() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Token { error: VerifyError::InsufficientScope, .. } => StatusCode::FORBIDDEN,
            Self::Token { .. } => StatusCode::UNAUTHORIZED,
        }
    }

    /// `WWW-Authenticate`; none for a 503. Its texts are fixed: nothing of the token is in them.
    #[must_use]
    pub fn challenge(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::NoToken => return Some(HeaderValue::from_static("Bearer")),
            Self::InvalidRequest(why) => format!(r#"Bearer error="invalid_request", error_description="{why}""#),
            Self::Token { error, .. } if error.is_temporary() => return None,
            Self::Token { error, scheme, scope } => token_challenge(error, *scheme, scope),
        };
        // A scope that is no header's text is left out with the rest: the scheme remains.
        Some(HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Bearer")))
    }

    /// The whole answer, without a body.
    #[must_use]
    pub fn into_response<B: Default>(self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.challenge() {
            Some(challenge) => headers.insert(WWW_AUTHENTICATE, challenge),
            None => headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS)),
        };
        response
    }
}

/// What a handler requires of a bearer token itself, as an answer.
impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        Self::Token { error, scheme: Scheme::Bearer, scope: String::new() }
    }
}

fn token_challenge(error: &VerifyError, scheme: Scheme, scope: &str) -> String {
    let is_dpop = scheme == Scheme::Dpop || matches!(error, VerifyError::Bound);
    let name = if is_dpop { "DPoP" } else { "Bearer" };
    let code = match error {
        VerifyError::InsufficientScope => "insufficient_scope",
        error if is_dpop && error.is_about_proof() => "invalid_dpop_proof",
        _ => "invalid_token",
    };
    let mut text = format!(r#"{name} error="{code}", error_description="{}""#, description(error));
    if matches!(error, VerifyError::InsufficientScope) && is_scope(scope) {
        text.push_str(&format!(r#", scope="{scope}""#));
    }
    if is_dpop {
        let asymmetric = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
        let names: Vec<&str> = asymmetric.map(Algorithm::as_str).collect();
        text.push_str(&format!(r#", algs="{}""#, names.join(" ")));
    }
    text
}

/// What a client can do something about is told apart; what only an attacker would ask is not.
fn description(error: &VerifyError) -> &'static str {
    match error.code() {
        "expired" if !error.is_about_proof() => "the token has expired",
        "not_yet_valid" if !error.is_about_proof() => "the token is not valid yet",
        "revoked" => "the token was revoked",
        "wrong_audience" => "the token is for another audience",
        "wrong_issuer" => "the token is from another issuer",
        "insufficient_scope" => "the token does not allow this",
        "replay" => "the proof was used before",
        _ if matches!(error, VerifyError::Bound) => "the token must come with a proof of possession",
        _ if error.is_about_proof() => "the proof is not valid for this request",
        _ => "the token is not valid",
    }
}

/// RFC 6749 §3.3: no quote, no backslash, nothing that a header does not carry.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\')
}
