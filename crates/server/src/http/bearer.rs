//! Who asks: `Authorization: Bearer` (RFC 6750 §2.1) or the access cookie.

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::http::cookie::{CookieName, TokenCookies};
use crate::http::dpop;
use crate::http::same_origin::BrowserContext;
use crate::openapi::{Input, Operation, Scheme};
use crate::routes::api::delivery::Delivery;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use countersign_core::client::ClientId;
use countersign_core::ops::{Authenticated, authenticate};
use countersign_core::session::Proof;
use countersign_core::{SessionId, TokenId};
use countersign_jose::{Expectations, Secret, TokenType, UnverifiedToken, VerifiedToken, VerifyError};
use serde::Deserialize;

/// An access token as it was presented. Nothing about it is known yet.
pub(crate) struct BearerToken(Secret<String>);

/// An account that is signed in at the server itself, and how it showed that.
pub(crate) struct SignedIn {
    pub(crate) who: Authenticated,
    pub(crate) browser: BrowserContext,
    /// How its tokens reach it.
    pub(crate) delivery: Delivery,
}

/// What the server asks of its own tokens, beside what verification does.
#[derive(Deserialize)]
pub(crate) struct OwnClaims {
    pub(crate) sub: String,
    pub(crate) iat: u64,
    /// What a token is bound to: who presents it as a bearer token may have found it (RFC 9449 §7.1).
    #[serde(default)]
    pub(crate) cnf: Option<Confirmation>,
    pub(crate) sid: String,
    pub(crate) jti: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
}

/// The key that must be shown with a token (RFC 9449 §6).
#[derive(Deserialize)]
pub(crate) struct Confirmation {
    pub(crate) jkt: String,
}

impl BearerToken {
    pub(crate) fn as_str(&self) -> &str {
        self.0.expose()
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for BearerToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ApiError> {
        let malformed = || ApiError::invalid_request("`Authorization` must be `Bearer` and a token (RFC 6750 §2.1)");
        match authorization(&parts.headers, malformed)? {
            None => Ok(None),
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(Self(token))),
            Some(_) => Err(malformed()),
        }
    }
}

/// Scheme and token of the one `Authorization` header.
fn authorization(headers: &HeaderMap, malformed: fn() -> ApiError) -> Result<Option<(&str, Secret<String>)>, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ApiError::invalid_request("more than one `Authorization` header"));
    }
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(malformed)?;
    if token.is_empty() {
        return Err(malformed());
    }
    Ok(Some((scheme, Secret::new(token.trim_start_matches(' ').to_owned()))))
}

/// What a request presents as an access token, and how. Nothing about it is known yet.
pub(crate) struct PresentedToken {
    method: Method,
    headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for PresentedToken {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { method: parts.method.clone(), headers: parts.headers.clone() })
    }
}

impl Input for PresentedToken {
    fn describe(operation: &mut Operation) {
        operation.takes(Scheme::Bearer, &[]);
        operation.fails(&[Kind::InvalidRequest, Kind::MissingToken, Kind::InvalidToken]);
        operation.fails(&[Kind::UnprovenToken, Kind::TokenNeedsNonce]);
    }
}

impl PresentedToken {
    /// A token for the issuer itself, of whatever client, presented to `path` as it must be: with a proof of the key that
    /// it is bound to (RFC 9449 §7.1), or without one if it is bound to none.
    pub(crate) fn of_issuer(&self, app: &App, path: &str) -> Result<VerifiedToken<OwnClaims>, ApiError> {
        own_token(app, &self.headers, &self.method, path)
    }
}

fn own_token(
    app: &App,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
) -> Result<VerifiedToken<OwnClaims>, ApiError> {
    let malformed = || ApiError::invalid_request("`Authorization` must be `Bearer` or `DPoP` and a token");
    let (scheme, text) = authorization(headers, malformed)?.ok_or_else(ApiError::missing_token)?;
    let token = verify(app, text.expose(), app.issuer());
    let token = token.map_err(|error| ApiError::invalid_token(error.to_string()))?;
    match &token.claims().cnf {
        None if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        Some(bound) if scheme.eq_ignore_ascii_case("dpop") => {
            match dpop::shown(app, headers, method.as_str(), path, Some(text.expose())) {
                Proof::Of(key) if key == bound.jkt => Ok(token),
                Proof::NeedsNonce => Err(ApiError::token_needs_nonce().with_nonce(dpop::next_nonce(app))),
                _ => Err(ApiError::unproven_token()),
            }
        }
        _ => Err(ApiError::invalid_token("presented under another scheme than it was issued for")),
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let bearer = <BearerToken as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await?;
        let cookies = TokenCookies::from_request_parts(parts, app).await?;
        let browser = BrowserContext::from_request_parts(parts, app).await?;
        let (token, delivery) = match (&bearer, cookies.get(CookieName::Access)) {
            (Some(token), _) => (token.as_str(), Delivery::Body),
            (None, Some(token)) => (token, Delivery::Cookie),
            (None, None) => return Err(ApiError::missing_token()),
        };
        let token = verify(app, token, app.issuer()).map_err(|error| ApiError::invalid_token(error.to_string()))?;
        let claims = token.claims();
        // Of another client's token the issuer is the audience where nothing else was asked for: no one agreed to more
        // than its scopes.
        if claims.client_id != ClientId::FIRST_PARTY {
            return Err(ApiError::invalid_token("the token belongs to a client that may not use this API"));
        }
        let ids = claims.sid.parse::<SessionId>().ok().zip(claims.jti.parse::<TokenId>().ok());
        let (session, jti) = ids.ok_or_else(|| ApiError::invalid_token("not a token of an account's session"))?;
        let who = authenticate(session, jti, app.store(), app.source().now()).await?;
        let who = who.ok_or_else(|| ApiError::invalid_token("the session is over: sign in again"))?;
        Ok(Self { who, browser, delivery })
    }
}

impl Input for Option<BearerToken> {
    fn describe(operation: &mut Operation) {
        operation.takes(Scheme::Bearer, &[]).fails(&[Kind::InvalidRequest]);
    }
}

impl Input for SignedIn {
    fn describe(operation: &mut Operation) {
        operation.takes(Scheme::Bearer, &[]).takes(Scheme::AccessCookie, &[]);
        operation.fails(&[Kind::InvalidRequest, Kind::MissingToken, Kind::InvalidToken]).asks_storage();
    }
}

/// The session of one of our access tokens, whoever it is for; `None` if it does not hold.
pub(crate) fn session_of(app: &App, token: &str) -> Option<SessionId> {
    verify_whatever_for(app, token)?.0.claims().sid.parse().ok()
}

/// One of our access tokens, and whom it is for; `None` if it does not hold.
pub(crate) fn verify_whatever_for(app: &App, token: &str) -> Option<(VerifiedToken<OwnClaims>, String)> {
    // The audience is read to be asked for: signature, issuer, type and times still decide.
    let claims = UnverifiedToken::parse(token).ok()?.claims_json_unverified().ok()?;
    let audience = claims.get("aud")?.as_str()?.to_owned();
    Some((verify(app, token, &audience).ok()?, audience))
}

/// Signature, issuer, this audience, type and times; whether the session is live is another question.
pub(crate) fn verify(app: &App, token: &str, audience: &str) -> Result<VerifiedToken<OwnClaims>, VerifyError> {
    let expect = Expectations::new(app.issuer(), audience, TokenType::AccessToken, app.routes().leeway);
    let ring = app.ring();
    let token = UnverifiedToken::parse(token)?;
    let keys = ring.keys_for(token.header().key_id());
    token.verify(keys, &expect, app.source().now().timestamp())
}
