//! The resource server of the tour. It knows two things of the issuer, its URL and a client's secret to read the
//! revocation feed with, and its own audience. All else is the verifier's work: metadata, keys and revocations it fetches
//! by itself, and every token is checked from memory.

use super::http::{Answer, Request};
use super::interrupted::Interrupted;
use super::redaction::Redaction;
use super::step::{Checked, Event, Server};
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_core::client::ClientSecret;
use countersign_core::{Source, Time};
use countersign_server::ManualSource;
use countersign_verifier::{Clock, Needs, Refusal, Registered, SystemClock, TokenType, VerifiedToken, Verifier, Why};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Its audience: a name, and not necessarily the address at which it is reached.
pub(super) const AUDIENCE: &str = "https://orders.example";
/// The client as which it reads the revocation feed.
pub(super) const CLIENT: &str = "orders";

const STARTED_WITHIN: Duration = Duration::from_secs(10);

/// A resource server that has what it needs.
#[derive(Clone)]
pub(super) struct Orders(Arc<Shared>);

struct Shared {
    verifier: Verifier,
    source: Arc<ManualSource>,
    /// How the last token that held was checked, for the tour to show.
    checked: Mutex<Vec<Checked>>,
}

/// The tour's clock, which stands still until a step moves it.
struct TourClock {
    source: Arc<ManualSource>,
    began: Time,
    runs: SystemClock,
}

// A step of the wall clock counts as so much less that has passed: enough for the verifier to look at the wall clock
// again at once, too little to age the feed's keys, which it renews in real time.
const STEP_SHARE: u64 = 20;

impl Clock for TourClock {
    fn wall_ms(&self) -> u64 {
        self.source.now().as_millis()
    }

    fn monotonic_ms(&self) -> u64 {
        self.runs.monotonic_ms() + self.source.now().since(self.began).as_millis() / STEP_SHARE
    }
}

/// The verifier's refusal, with its code in the body for whoever watches.
struct Refused(Refusal);

impl Orders {
    /// Starts the verifier, which learns all by itself; returns what it asked first, too.
    pub(super) async fn start(
        issuer: &str,
        secret: &ClientSecret,
        source: Arc<ManualSource>,
    ) -> Result<(Self, Vec<Event>), Interrupted> {
        let clock = TourClock { began: source.now(), source: source.clone(), runs: SystemClock::new() };
        let verifier = Verifier::builder(issuer)
            .audience(AUDIENCE)
            .client(CLIENT, secret.expose())
            .leeway(Duration::ZERO)
            .clock(Arc::new(clock))
            .build()
            .await?;
        if !verifier.wait_until_current(STARTED_WITHIN).await {
            return Err(Interrupted::Late("the orders service did not learn the issuer's keys and revocations"));
        }
        let asked = first_requests(issuer).await?;
        Ok((Self(Arc::new(Shared { verifier, source, checked: Mutex::default() })), asked))
    }

    pub(super) fn router(&self) -> Router {
        Router::new().route("/orders", get(list)).route("/refunds", post(refund)).with_state(self.clone())
    }

    /// How the last token that held was checked.
    pub(super) fn checked(&self) -> Vec<Checked> {
        self.0.checked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it knows of every revocation again: after a step of the clock its own token has to be renewed.
    pub(super) async fn wait_until_current(&self) -> bool {
        self.0.verifier.wait_until_current(STARTED_WITHIN).await
    }

    /// The one way in: a token that holds, and says that its bearer may do this.
    async fn admit(&self, parts: &Parts, scope: &'static str) -> Result<VerifiedToken<Registered>, Refused> {
        let needs = Needs::any_token().scope(scope);
        let token = self.0.verifier.authenticate::<Registered>(parts, &needs).await.map_err(Refused)?;
        *self.0.checked.lock().unwrap_or_else(PoisonError::into_inner) = self.told(&token, scope);
        Ok(token)
    }

    fn told(&self, token: &VerifiedToken<Registered>, scope: &str) -> Vec<Checked> {
        let seconds = token.expires_at().seconds_since(self.0.source.now().timestamp());
        let checked = |what, found| Checked { what, found };
        vec![
            checked(
                "typ",
                format!("{}: an access token, not some other token of the issuer", TokenType::AccessToken.as_str()),
            ),
            checked("alg and kid", format!("the one algorithm of key {}", token.key_id())),
            checked("signature", "made by that key over header and claims".to_owned()),
            checked("exp", format!("in {seconds} s")),
            checked("iss", self.0.verifier.issuer().to_owned()),
            checked("aud", AUDIENCE.to_owned()),
            checked("revocation", "neither it, nor its session, nor its client is in the set".to_owned()),
            checked("scope", format!("holds {scope}")),
        ]
    }
}

/// What a verifier asks first, asked once more for the tour to show.
async fn first_requests(issuer: &str) -> Result<Vec<Event>, Interrupted> {
    let metadata = Request::get(format!("{issuer}/.well-known/oauth-authorization-server"));
    let found = metadata.send().await?;
    let jwks = Request::get(found.text("jwks_uri")?);
    let published = jwks.send().await?;
    Ok(vec![exchange(&metadata, &found), exchange(&jwks, &published)])
}

async fn list(State(orders): State<Orders>, parts: Parts) -> Result<Response, Refused> {
    let token = orders.admit(&parts, "orders:read").await?;
    Ok(Json(json!({ "of": token.subject(), "orders": ["a lamp", "two chairs"] })).into_response())
}

async fn refund(State(orders): State<Orders>, parts: Parts) -> Result<Response, Refused> {
    let token = orders.admit(&parts, "orders:refund").await?;
    Ok(Json(json!({ "of": token.subject(), "refunded": "a lamp" })).into_response())
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (code, detail) = match self.0.why() {
            Why::NoToken => ("missing_token", "no token was sent".to_owned()),
            Why::InvalidRequest(why) => ("invalid_request", (*why).to_owned()),
            Why::Token(error) => (error.code(), error.to_string()),
            other => ("refused", other.to_string()),
        };
        let (parts, ()) = self.0.into_response().into_parts();
        (parts.status, parts.headers, Json(json!({ "code": code, "detail": detail }))).into_response()
    }
}

fn exchange(request: &Request, answer: &Answer) -> Event {
    // Neither holds a token to be numbered.
    let mut redaction = Redaction::default();
    let (request, answer) = (redaction.request(request), redaction.answer(answer));
    Event::Exchange { who: "orders", server: Server::Issuer, request, answer }
}
