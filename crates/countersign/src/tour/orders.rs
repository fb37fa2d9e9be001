//! The resource server of the tour. It knows two things, the issuer's URL and its own audience, and shares nothing with
//! the issuer: metadata and keys it fetches over HTTP, every token it verifies by itself.

use super::http::{Answer, Request};
use super::interrupted::Interrupted;
use super::redaction::Redaction;
use super::step::{Checked, Event, Server};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_core::Source;
use countersign_jose::{Expectations, KeySet, Leeway, TokenType, UnverifiedToken, VerifiedToken, VerifyError};
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};

/// Its audience: a name, and not necessarily the address at which it is reached.
pub(super) const AUDIENCE: &str = "https://orders.example";

/// A resource server that has its keys.
#[derive(Clone)]
pub(super) struct Orders(Arc<Shared>);

struct Shared {
    keys: KeySet,
    expect: Expectations,
    source: Arc<dyn Source>,
    /// How the last token that held was checked, for the tour to show.
    checked: Mutex<Vec<Checked>>,
}

/// The claim that it reads beside the registered ones.
#[derive(Deserialize)]
struct Claims {
    scope: String,
}

/// Why a request is refused (RFC 6750 §3).
enum Refusal {
    NoToken,
    Invalid(VerifyError),
    InsufficientScope(&'static str),
}

impl Orders {
    /// Learns the issuer's keys, once. (One that runs for longer asks again when a token names a key that it does not
    /// know.) Returns what it asked, too.
    pub(super) async fn learn(issuer: &str, source: Arc<dyn Source>) -> Result<(Self, Vec<Event>), Interrupted> {
        let metadata = Request::get(format!("{issuer}/.well-known/oauth-authorization-server"));
        let found = metadata.send().await?;
        // RFC 8414 §3.3: metadata that names another issuer is somebody else's.
        if found.text("issuer")? != issuer {
            return Err(Interrupted::Missing { what: "issuer", answer: found.told() });
        }
        let jwks = Request::get(found.text("jwks_uri")?);
        let published = jwks.send().await?;
        let keys = KeySet::from_json(published.body.to_string().as_bytes())?;
        let asked = vec![exchange(&metadata, &found), exchange(&jwks, &published)];
        let expect = Expectations::new(issuer, AUDIENCE, TokenType::AccessToken, Leeway::ZERO);
        Ok((Self(Arc::new(Shared { keys, expect, source, checked: Mutex::default() })), asked))
    }

    pub(super) fn router(&self) -> Router {
        Router::new().route("/orders", get(list)).route("/refunds", post(refund)).with_state(self.clone())
    }

    /// How the last token that held was checked.
    pub(super) fn checked(&self) -> Vec<Checked> {
        self.0.checked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The one way in: a token that holds, and says that its bearer may do this.
    fn admit(&self, headers: &HeaderMap, scope: &'static str) -> Result<VerifiedToken<Claims>, Refusal> {
        let token = bearer(headers).ok_or(Refusal::NoToken)?;
        let token = UnverifiedToken::parse(token).map_err(|error| Refusal::Invalid(error.into()))?;
        let now = self.0.source.now().timestamp();
        let token = token.verify::<Claims>(&self.0.keys, &self.0.expect, now).map_err(Refusal::Invalid)?;
        if !token.claims().scope.split(' ').any(|granted| granted == scope) {
            return Err(Refusal::InsufficientScope(scope));
        }
        *self.0.checked.lock().unwrap_or_else(PoisonError::into_inner) = self.told(&token, scope);
        Ok(token)
    }

    fn told(&self, token: &VerifiedToken<Claims>, scope: &str) -> Vec<Checked> {
        let seconds = token.expires_at().seconds_since(self.0.source.now().timestamp());
        let checked = |what, found| Checked { what, found };
        vec![
            checked(
                "typ",
                format!("{}: an access token, not some other token of the issuer", TokenType::AccessToken.as_str()),
            ),
            checked("alg and kid", format!("{}, the one algorithm of key {}", token.algorithm(), token.key_id())),
            checked("signature", "made by that key over header and claims".to_owned()),
            checked("exp", format!("in {seconds} s")),
            checked("iss", token.issuer().to_owned()),
            checked("aud", token.audience().join(" ")),
            checked("scope", format!("holds {scope}")),
        ]
    }
}

async fn list(State(orders): State<Orders>, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = orders.admit(&headers, "orders:read")?;
    Ok(Json(json!({ "of": token.subject(), "orders": ["a lamp", "two chairs"] })).into_response())
}

async fn refund(State(orders): State<Orders>, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = orders.admit(&headers, "orders:refund")?;
    Ok(Json(json!({ "of": token.subject(), "refunded": "a lamp" })).into_response())
}

/// The token of the one `Authorization` field, if it is of the scheme `Bearer` (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return None };
    let (scheme, token) = field.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, detail, challenge) = match self {
            Self::NoToken => {
                (StatusCode::UNAUTHORIZED, "missing_token", "no token was sent".to_owned(), "Bearer".to_owned())
            }
            Self::Invalid(error) => {
                let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{error}\"");
                (StatusCode::UNAUTHORIZED, error.code(), error.to_string(), challenge)
            }
            Self::InsufficientScope(scope) => {
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
                (StatusCode::FORBIDDEN, "insufficient_scope", format!("this needs the scope {scope}"), challenge)
            }
        };
        (status, [(WWW_AUTHENTICATE, challenge)], Json(json!({ "code": code, "detail": detail }))).into_response()
    }
}

fn exchange(request: &Request, answer: &Answer) -> Event {
    // Neither holds a token to be numbered.
    let mut redaction = Redaction::default();
    let (request, answer) = (redaction.request(request), redaction.answer(answer));
    Event::Exchange { who: "orders", server: Server::Issuer, request, answer }
}
