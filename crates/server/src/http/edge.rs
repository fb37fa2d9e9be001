//! The edge: every request gets an id and a span, every answer its headers; problems are written here, once.

use crate::app::App;
use crate::error::{ApiError, Form, Problem, render};
use crate::http::cors::Cors;
use crate::http::forwarded::{ClientAddress, client_address};
use crate::limits::{HEADER_BYTES_MAX, HEADER_FIELDS_MAX, TARGET_BYTES_MAX};
use crate::openapi::{Input, Operation};
use crate::telemetry::metrics::{Stopwatch, UNMATCHED};
use crate::telemetry::trace;
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use countersign_core::Source;
use countersign_core::ops::Origin;
use countersign_jose::base64url;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use tracing::Instrument;

/// The request's id: in the answer, in the log, in the audit. The server's own; what a client sends is not taken.
#[derive(Debug, Clone)]
struct RequestId(String);

/// Where a request came from.
#[derive(Debug, Clone)]
pub(crate) struct RequestOrigin {
    pub(crate) address: IpAddr,
    pub(crate) request: String,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
// Nothing is served that a browser should run, frame or guess the type of.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Puts everything that concerns every request before `routes`.
pub(crate) fn layers(routes: Router<App>, app: &App) -> Router<App> {
    // The route is known inside, the rest of the span outside.
    routes.layer(axum::middleware::from_fn(name_route)).layer(from_fn_with_state(app.clone(), edge))
}

async fn name_route(request: Request, next: Next) -> Response<Body> {
    let route = request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str);
    tracing::Span::current().record("route", route);
    next.run(request).await
}

async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response<Body> {
    let (began, stopwatch) = (app.source().now(), Stopwatch::start());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = request_id(app.source());
    let address = client_address(&request, app.http());
    let span = tracing::info_span!(
        "request", id, method = method(&request), route = tracing::field::Empty, client = %address
    );
    trace::continues(&span, request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(ClientAddress(address));
    let form = Form::of(request.uri().path());
    let cors = Cors::of(&request, form, app.http());
    let answering = async {
        let response = match (oversized(&request), &cors) {
            (Some(error), _) => error.into_response(),
            (None, cors) if cors.is_preflight() => cors.preflight(),
            (None, _) => next.run(request).await,
        };
        if let Some(problem) = response.extensions().get::<Problem>() {
            app.metrics().problems.count(problem.kind());
        }
        let mut response = render(response, &id, form, app.issuer());
        finish(response.headers_mut(), &id, &app);
        cors.permit(response.headers_mut());
        let took = app.source().now().since(began).as_millis();
        tracing::info!(status = response.status().as_u16(), took_ms = took, "answered");
        let route = route.as_ref().map(MatchedPath::as_str);
        trace::answered(response.status());
        app.metrics().requests.count(route, response.status(), stopwatch.elapsed());
        response
    };
    answering.instrument(span).await
}

/// The method, if it is one of HTTP's own: any other is the client's text, and may be what it should not have sent.
fn method(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn request_id(source: &dyn Source) -> String {
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    base64url::encode(&bytes)
}

/// What is larger than the limits allow although the listener could read it.
fn oversized(request: &Request) -> Option<ApiError> {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if headers.len() > HEADER_FIELDS_MAX || bytes > HEADER_BYTES_MAX {
        Some(ApiError::header_fields_too_large())
    } else if target > TARGET_BYTES_MAX {
        Some(ApiError::target_too_long())
    } else {
        None
    }
}

fn finish(headers: &mut HeaderMap, id: &str, app: &App) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Pages have policies of their own.
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(CONTENT_POLICY);
    // What may be cached says so itself; tokens and personal data are the rest.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if app.http().is_secure() {
        headers.insert(STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
}

impl<S: Sync> FromRequestParts<S> for RequestOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address);
        let request = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone());
        Ok(Self { address: address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), request: request.unwrap_or_default() })
    }
}

impl Input for RequestOrigin {
    fn describe(_: &mut Operation) {}
}

impl From<RequestOrigin> for Origin {
    fn from(origin: RequestOrigin) -> Self {
        Self { address: origin.address, request: origin.request }
    }
}
