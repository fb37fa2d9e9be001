//! Refusals as answers: status, and challenges that say what to do (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1).

use std::sync::Arc;

use countersign_jose::Algorithm;
use http::{
    HeaderName, Response, StatusCode,
    header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{
    error::VerifyError,
    limits::RETRY_AFTER_SECONDS,
    require::Needs,
    terms::{ProofTerms, Terms},
};

pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

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
pub enum Why {
    /// It came without a token. 401, and the challenges name no error (RFC 6750 §3.1).
    #[error("no token was sent")]
    NoToken,
    /// Its headers cannot be read in one way only. 400.
    #[error("malformed request: {0}")]
    InvalidRequest(&'static str),
    /// The token, or what it allows. 401 or 403; 503 where the verifier cannot tell.
    #[error(transparent)]
    Token(#[from] VerifyError),
}

/// A request that is refused: why, and all that the answer tells the client.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    #[source]
    why: Why,
    told: Box<Told>,
}

/// What the challenges say beside the error.
#[derive(Debug, Clone)]
struct Told {
    scheme: Scheme,
    /// The scopes that the route asks for, separated by spaces.
    scope: String,
    terms: Arc<Terms>,
    nonce: Option<HeaderValue>,
}

impl Refusal {
    pub(crate) fn new(why: Why, scheme: Scheme, needs: &Needs, terms: Arc<Terms>) -> Self {
        let scope = needs.scopes().join(" ");
        Self { why, told: Box::new(Told { scheme, scope, terms, nonce: None }) }
    }

    /// The nonce for the client's next proof.
    pub(crate) fn with_nonce(mut self, nonce: Option<HeaderValue>) -> Self {
        self.told.nonce = nonce;
        self
    }

    /// Why.
    #[must_use]
    pub const fn why(&self) -> &Why {
        &self.why
    }

    /// A stable name for this kind of failure.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match &self.why {
            Why::NoToken => "no_token",
            Why::InvalidRequest(_) => "invalid_request",
            Why::Token(error) => error.code(),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match &self.why {
            Why::NoToken => StatusCode::UNAUTHORIZED,
            Why::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            Why::Token(error) if error.is_temporary() => StatusCode::SERVICE_UNAVAILABLE,
            Why::Token(VerifyError::InsufficientScope | VerifyError::InsufficientRole) => StatusCode::FORBIDDEN,
            Why::Token(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// The values of `WWW-Authenticate`; none for a 503. Without a token there is one for each scheme that is taken, else
    /// one for the scheme that was used. Their texts are fixed: nothing of the token is in them.
    #[must_use]
    pub fn challenges(&self) -> Vec<HeaderValue> {
        let terms = &self.told.terms;
        match &self.why {
            Why::NoToken => {
                // Bearer first: some clients read no further than the first one.
                let schemes = match terms.proofs {
                    ProofTerms::None => &[Scheme::Bearer][..],
                    ProofTerms::Taken => &[Scheme::Bearer, Scheme::Dpop],
                    ProofTerms::Required => &[Scheme::Dpop],
                };
                schemes.iter().map(|scheme| self.challenge(*scheme, None)).collect()
            }
            Why::InvalidRequest(why) => vec![self.challenge(self.told.scheme, Some(("invalid_request", why)))],
            Why::Token(error) if error.is_temporary() => Vec::new(),
            Why::Token(error) => {
                let is_dpop = self.told.scheme == Scheme::Dpop || matches!(error, VerifyError::Bound);
                let scheme = if is_dpop { Scheme::Dpop } else { Scheme::Bearer };
                vec![self.challenge(scheme, Some((error_name(error, scheme), description(error))))]
            }
        }
    }

    /// The whole answer, without a body.
    #[must_use]
    pub fn into_response<B: Default>(self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for challenge in self.challenges() {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        if let Some(nonce) = self.told.nonce {
            headers.insert(DPOP_NONCE, nonce);
        }
        response
    }

    fn challenge(&self, scheme: Scheme, error: Option<(&str, &str)>) -> HeaderValue {
        let Told { scope, terms, .. } = &*self.told;
        let mut parameters = Vec::new();
        if let Some((name, description)) = error {
            parameters.extend([("error", name), ("error_description", description)]);
        }
        // No other scope would help a token that does not hold, or whose owner lacks a role.
        let helps = matches!(self.why, Why::NoToken | Why::Token(VerifyError::InsufficientScope));
        if helps && is_scope(scope) {
            parameters.push(("scope", scope));
        }
        let algorithms = proof_algorithms().join(" ");
        if scheme == Scheme::Dpop {
            parameters.push(("algs", &algorithms));
        }
        parameters.extend(terms.metadata.as_ref().map(|metadata| ("resource_metadata", metadata.url())));
        let parameters: Vec<String> = parameters.iter().map(|(name, value)| format!(r#"{name}="{value}""#)).collect();
        let name = scheme.name();
        let text = if parameters.is_empty() { name.to_owned() } else { format!("{name} {}", parameters.join(", ")) };
        // Every value was made of what a header carries; if one was not, the scheme remains.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(name))
    }
}

impl Scheme {
    const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// What a handler requires of a bearer token itself, as an answer.
impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        Self::new(Why::Token(error), Scheme::Bearer, &Needs::any_token(), Arc::default())
    }
}

/// `algs` of a challenge, and what the metadata says of it: every algorithm with a public key.
pub(crate) fn proof_algorithms() -> Vec<&'static str> {
    Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()).map(Algorithm::as_str).collect()
}

fn error_name(error: &VerifyError, scheme: Scheme) -> &'static str {
    match error {
        VerifyError::InsufficientScope | VerifyError::InsufficientRole => "insufficient_scope",
        VerifyError::UseNonce => "use_dpop_nonce",
        error if scheme == Scheme::Dpop && error.is_about_proof() => "invalid_dpop_proof",
        _ => "invalid_token",
    }
}

/// What a client can do something about is told apart; what only an attacker would ask is not.
fn description(error: &VerifyError) -> &'static str {
    match error.code() {
        "expired" if !error.is_about_proof() => "the token has expired",
        "not_yet_valid" if !error.is_about_proof() => "the token is not valid yet",
        "revoked" => "the token was revoked",
        "wrong_audience" => "the token is for another audience",
        "wrong_issuer" => "the token is from another issuer",
        "insufficient_scope" | "insufficient_role" => "the token does not allow this",
        "replay" => "the proof was used before",
        "use_dpop_nonce" => "the proof must hold the nonce of this answer",
        _ if matches!(error, VerifyError::Bound) => "the token must come with a proof of possession",
        _ if error.is_about_proof() => "the proof is not valid for this request",
        _ => "the token is not valid",
    }
}

/// RFC 6749 §3.3: no quote, no backslash, nothing that a header does not carry.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\')
}
