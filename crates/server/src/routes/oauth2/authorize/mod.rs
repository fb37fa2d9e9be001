//! `GET` and `POST /oauth2/authorize` (RFC 6749 §3.1, OpenID Connect Core §3.1.2), and the pages that it leads to.
//!
//! The request travels with each page as it came, and each post begins with it anew: nothing is stored, and no page leads
//! anywhere but on from a request that was checked a moment ago.

pub(super) mod answer;
pub(crate) mod consent;
pub(crate) mod sign_in;

use crate::app::App;
use crate::documents;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::cookie::TokenCookies;
use crate::http::form::RawForm;
use crate::limits::TARGET_BYTES_MAX;
use crate::pages::{self, Attempt};
use answer::{answer, see_other};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use countersign_core::Draw;
use countersign_core::grant::{AuthorizationError, BrowserSecret, Destination, Parameters, SignedInFor, Unanswerable};
use countersign_core::ops::{Authorize, Authorized, Decision, Origin};

/// One step of a request: what is known of whoever is at the browser.
struct Step<'a> {
    app: &'a App,
    /// As it came.
    request: &'a str,
    browser: Option<&'a BrowserSecret>,
    signed_in: SignedInFor,
    decision: Option<Decision>,
    origin: Origin,
}

pub(crate) async fn get(
    State(app): State<App>,
    origin: RequestOrigin,
    cookies: TokenCookies,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (request, browser) = (query.unwrap_or_default(), cookies.browser());
    Step { browser: browser.as_ref(), ..Step::first(&app, &request, origin.into()) }.take(&app.draw()).await
}

/// A form of another site comes without our cookie (`SameSite=Lax`), whoever is signed in: what can't be answered without
/// it is asked once more by `GET`, with which browsers send it.
pub(crate) async fn post(
    State(app): State<App>,
    origin: RequestOrigin,
    RawForm(body): RawForm,
) -> Result<Response, ApiError> {
    let step = Step::first(&app, &body, origin.into());
    match step.lead(&app.draw()).await? {
        Authorized::SignIn(_) | Authorized::Answer(_, Err(AuthorizationError::LoginRequired)) => {
            let query = Parameters::parse(&body).map_err(unanswerable)?.to_query();
            let location = format!("{}/oauth2/authorize?{query}", pages::base(&app));
            if location.len() > TARGET_BYTES_MAX {
                return Err(ApiError::target_too_long());
            }
            see_other(&location)
        }
        led => respond(&app, &body, SignedInFor::Another, led),
    }
}

impl<'a> Step<'a> {
    /// Of nobody known.
    const fn first(app: &'a App, request: &'a str, origin: Origin) -> Self {
        Self { app, request, browser: None, signed_in: SignedInFor::Another, decision: None, origin }
    }

    async fn lead(self, draw: &Draw) -> Result<Authorized, ApiError> {
        let parameters = Parameters::parse(self.request).map_err(unanswerable)?;
        let described = match Destination::client(&parameters) {
            Ok(client) => documents::described(self.app, &client, self.origin.address).await?,
            Err(_) => None,
        };
        let (browser, signed_in, decision, origin) = (self.browser, self.signed_in, self.decision, self.origin);
        let authorize = Authorize { parameters: &parameters, described, browser, signed_in, decision, origin };
        Ok(authorize.run(self.app.store(), self.app.policies(), draw).await?)
    }

    async fn take(self, draw: &Draw) -> Result<Response, ApiError> {
        let (app, request, signed_in) = (self.app, self.request, self.signed_in);
        respond(app, request, signed_in, self.lead(draw).await?)
    }
}

fn respond(app: &App, request: &str, signed_in: SignedInFor, led: Authorized) -> Result<Response, ApiError> {
    match led {
        Authorized::Unanswerable(error) => Err(unanswerable(error)),
        Authorized::Answer(destination, outcome) => answer(app, &destination, &outcome),
        Authorized::SignIn(needed) => pages::sign_in(app, &needed, request, &Attempt::First),
        Authorized::Consent(needed) => {
            let this = signed_in == SignedInFor::This;
            let vouched = this.then(|| app.ring().mac_keys.vouch(needed.session, request)).flatten();
            pages::consent(app, &needed, request, &vouched.unwrap_or_default())
        }
    }
}

fn unanswerable(error: Unanswerable) -> ApiError {
    ApiError::invalid_request(error.to_string())
}

/// A page that was opened by itself.
fn start_again() -> ApiError {
    ApiError::invalid_request("this page belongs to a request of an application: begin there")
}
