//! THE error table: what is answered when something is wrong. The peer gets the code, the log gets the cause.

mod described;
mod oauth;
mod problem;

pub(crate) use oauth::Body as OAuthBody;
pub(crate) use problem::{Document as ProblemDocument, Form, Problem, render};

use crate::limits::RETRY_AFTER_SECONDS;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_core::Span;
use countersign_core::account::{InvalidLogin, PasswordRefused};
use countersign_core::client::InvalidMetadata;
use countersign_core::grant::AuthorizationError;
use countersign_core::ops::{HashingError, OpError, RotationError};
use countersign_core::scope::InvalidScope;
use countersign_core::session::Refusal;
use countersign_core::store::StoreError;
use std::borrow::Cow;
use std::error::Error;

/// What went wrong with a request.
#[derive(Debug)]
pub(crate) struct ApiError {
    kind: Kind,
    detail: Option<Cow<'static, str>>,
    cause: Option<Box<dyn Error + Send + Sync>>,
    retry_after: Option<u64>,
    nonce: Option<HeaderValue>,
}

macro_rules! kinds {
    ($($name:ident: $status:ident, $code:literal, $title:literal;)*) => {
        /// Every kind of failure: status, stable code, what it means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind {
            $($name,)*
        }

        impl Kind {
            /// Every kind, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            const fn row(self) -> (StatusCode, &'static str, &'static str) {
                match self {
                    $(Self::$name => (StatusCode::$status, $code, $title),)*
                }
            }
        }
    };
}

kinds! {
    InvalidRequest: BAD_REQUEST, "invalid_request", "The request is malformed";
    InvalidLogin: BAD_REQUEST, "invalid_login", "The login can't be one";
    PasswordRefused: BAD_REQUEST, "password_refused", "The password can't be taken";
    InvalidScope: BAD_REQUEST, "invalid_scope", "The scope is malformed or beyond the grant";
    InvalidTarget: BAD_REQUEST, "invalid_target", "No such resource server is registered";
    InvalidRedirectUri: BAD_REQUEST, "invalid_redirect_uri", "A redirect URI is missing or can't be registered";
    InvalidClientMetadata: BAD_REQUEST, "invalid_client_metadata", "The client's metadata makes no client";
    UnsupportedGrantType: BAD_REQUEST, "unsupported_grant_type", "The grant type is not one of this server";
    UnauthorizedClient: BAD_REQUEST, "unauthorized_client", "The client may not use this grant";
    UnsupportedResponseType: BAD_REQUEST, "unsupported_response_type", "The response type is not one of this server";
    RequestNotSupported: BAD_REQUEST, "request_not_supported", "Request objects are not supported";
    UnmetAuthentication: BAD_REQUEST, "unmet_authentication_requirements", "Nobody can be authenticated in that way here";
    InvalidDpopProof: BAD_REQUEST, "invalid_dpop_proof", "The proof of possession does not hold";
    UseDpopNonce: BAD_REQUEST, "use_dpop_nonce", "The proof of possession needs the server's nonce";
    InvalidCredentials: UNAUTHORIZED, "invalid_credentials", "Login or password is wrong";
    InvalidGrant: UNAUTHORIZED, "invalid_grant", "The refresh token is not good (any more): sign in again";
    InvalidClient: UNAUTHORIZED, "invalid_client", "The client could not be authenticated";
    InvalidToken: UNAUTHORIZED, "invalid_token", "The access token is not good (any more)";
    UnprovenToken: UNAUTHORIZED, "unproven_token", "The access token needs a proof of possession that holds";
    TokenNeedsNonce: UNAUTHORIZED, "token_needs_nonce", "The proof of possession beside the access token needs the server's nonce";
    MissingToken: UNAUTHORIZED, "missing_token", "No token was sent";
    StaleAuthentication: UNAUTHORIZED, "insufficient_user_authentication", "Sign in again: this needs a recent sign-in";
    InsufficientScope: FORBIDDEN, "insufficient_scope", "This needs a scope that the token does not have";
    MayNotRegister: FORBIDDEN, "may_not_register", "This needs the scope clients:register, or an administrator";
    Forbidden: FORBIDDEN, "forbidden", "This needs a role that the account does not have";
    WrongPassword: FORBIDDEN, "wrong_password", "The current password is another";
    CrossSite: FORBIDDEN, "cross_site", "The request came from another site";
    SignUpClosed: FORBIDDEN, "sign_up_closed", "Accounts are made by an administrator here";
    SnapshotNeeded: GONE, "snapshot_needed", "The feed can't be resumed from there: fetch the snapshot";
    NotFound: NOT_FOUND, "not_found", "There is nothing here";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method_not_allowed", "Not by this method";
    LoginTaken: CONFLICT, "login_taken", "Another account has that login";
    ClientIdTaken: CONFLICT, "client_id_taken", "Another client has that id";
    ResourceUriTaken: CONFLICT, "resource_uri_taken", "There is a resource server of that URI";
    KeyNotReady: CONFLICT, "key_not_ready", "The next key can't sign yet";
    Changed: CONFLICT, "changed", "It was changed by somebody else meanwhile: look at it again";
    TooLarge: PAYLOAD_TOO_LARGE, "too_large", "The body is too large";
    TargetTooLong: URI_TOO_LONG, "target_too_long", "The request's target is too long";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body is not of the type that is expected";
    RateLimited: TOO_MANY_REQUESTS, "rate_limited", "Too many attempts: wait a moment";
    HeaderFieldsTooLarge: REQUEST_HEADER_FIELDS_TOO_LARGE, "header_fields_too_large", "The headers are too many or too large";
    Internal: INTERNAL_SERVER_ERROR, "internal", "Something is wrong on our side";
    Overloaded: SERVICE_UNAVAILABLE, "overloaded", "Too much to do: try again in a moment";
    Unavailable: SERVICE_UNAVAILABLE, "unavailable", "Storage does not answer: try again in a moment";
}

macro_rules! plain {
    ($($name:ident => $kind:ident;)*) => {
        impl ApiError {
            $(pub(crate) fn $name() -> Self { Self::of(Kind::$kind) })*
        }
    };
}

plain! {
    invalid_credentials => InvalidCredentials;
    invalid_target => InvalidTarget;
    unsupported_grant_type => UnsupportedGrantType;
    invalid_client => InvalidClient;
    unauthorized_client => UnauthorizedClient;
    missing_token => MissingToken;
    unproven_token => UnprovenToken;
    token_needs_nonce => TokenNeedsNonce;
    stale_authentication => StaleAuthentication;
    insufficient_scope => InsufficientScope;
    may_not_register => MayNotRegister;
    snapshot_needed => SnapshotNeeded;
    forbidden => Forbidden;
    wrong_password => WrongPassword;
    cross_site => CrossSite;
    sign_up_closed => SignUpClosed;
    not_found => NotFound;
    method_not_allowed => MethodNotAllowed;
    login_taken => LoginTaken;
    client_id_taken => ClientIdTaken;
    resource_uri_taken => ResourceUriTaken;
    changed => Changed;
    too_large => TooLarge;
    target_too_long => TargetTooLong;
    unsupported_media_type => UnsupportedMediaType;
    header_fields_too_large => HeaderFieldsTooLarge;
}

impl ApiError {
    const fn of(kind: Kind) -> Self {
        Self { kind, detail: None, cause: None, retry_after: None, nonce: None }
    }

    /// A malformed request; `detail` says what was expected, and repeats nothing of what was sent.
    pub(crate) fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..Self::of(Kind::InvalidRequest) }
    }

    /// An access token that is refused; `detail` is for the log and the challenge.
    pub(crate) fn invalid_token(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..Self::of(Kind::InvalidToken) }
    }

    pub(crate) fn invalid_login(error: &InvalidLogin) -> Self {
        Self { detail: Some(error.to_string().into()), ..Self::of(Kind::InvalidLogin) }
    }

    pub(crate) fn invalid_scope(error: &InvalidScope) -> Self {
        Self { detail: Some(error.to_string().into()), ..Self::of(Kind::InvalidScope) }
    }

    /// Metadata of a client that makes none.
    pub(crate) fn invalid_metadata(invalid: &InvalidMetadata) -> Self {
        let about_uris = invalid.is_about_redirect_uris();
        let kind = if about_uris { Kind::InvalidRedirectUri } else { Kind::InvalidClientMetadata };
        Self { detail: Some(invalid.to_string().into()), ..Self::of(kind) }
    }

    /// What the authorization endpoint would tell the client at its redirect URI.
    pub(crate) fn request_refused(error: &AuthorizationError) -> Self {
        let kind = match error.code() {
            "invalid_scope" => Kind::InvalidScope,
            "invalid_target" => Kind::InvalidTarget,
            "unsupported_response_type" => Kind::UnsupportedResponseType,
            "request_not_supported" => Kind::RequestNotSupported,
            "unmet_authentication_requirements" => Kind::UnmetAuthentication,
            _ => Kind::InvalidRequest,
        };
        Self { detail: Some(error.to_string().into()), ..Self::of(kind) }
    }

    /// Which kind it is.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// The next key can't sign yet; `detail` says from when on.
    pub(crate) fn key_not_ready(detail: String) -> Self {
        Self { detail: Some(detail.into()), ..Self::of(Kind::KeyNotReady) }
    }

    pub(crate) fn password_refused(error: &PasswordRefused) -> Self {
        Self { detail: Some(error.to_string().into()), ..Self::of(Kind::PasswordRefused) }
    }

    /// What the refresh table refuses; the wire never says which row it was.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self::of(match refusal {
            Refusal::InvalidClient => Kind::InvalidClient,
            Refusal::InvalidGrant => Kind::InvalidGrant,
            Refusal::InvalidScope => Kind::InvalidScope,
            Refusal::InvalidTarget => Kind::InvalidTarget,
            Refusal::InvalidDpopProof => Kind::InvalidDpopProof,
            Refusal::UseDpopNonce => Kind::UseDpopNonce,
        })
    }

    /// With the nonce that the next proof of possession needs (RFC 9449 §8).
    pub(crate) fn with_nonce(self, nonce: Option<HeaderValue>) -> Self {
        Self { nonce, ..self }
    }

    /// An authorization code that is refused; the wire never says why.
    pub(crate) fn code_refused() -> Self {
        let detail = "the code is not good (any more), or what came with it does not fit: start again";
        Self { detail: Some(detail.into()), ..Self::of(Kind::InvalidGrant) }
    }

    pub(crate) fn rate_limited(after: Span) -> Self {
        Self { retry_after: Some(seconds_up(after)), ..Self::of(Kind::RateLimited) }
    }

    /// Storage failed, or its answer is unknown (row 18).
    pub(crate) fn unavailable() -> Self {
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..Self::of(Kind::Unavailable) }
    }

    /// Our own mistake: the cause goes to the log alone.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::of(Kind::Internal) }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Overloaded { .. } => Kind::Overloaded,
            StoreError::Bug { .. } => Kind::Internal,
            _ => Kind::Unavailable,
        };
        Self { cause: Some(error.into()), retry_after: Some(RETRY_AFTER_SECONDS), ..Self::of(kind) }
    }
}

impl From<OpError> for ApiError {
    fn from(error: OpError) -> Self {
        match error {
            OpError::Store(error) => error.into(),
            OpError::Hashing(HashingError::Busy { retry_after }) => {
                Self { retry_after: Some(seconds_up(retry_after)), ..Self::of(Kind::Overloaded) }
            }
            OpError::Hashing(HashingError::Stopped) => {
                Self { retry_after: Some(RETRY_AFTER_SECONDS), ..Self::of(Kind::Overloaded) }
            }
            other => Self::internal(other),
        }
    }
}

impl From<RotationError> for ApiError {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Store(error) => error.into(),
            RotationError::Contended => Self::unavailable(),
            other => Self::internal(other),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, ..) = self.kind.row();
        let mut response = status.into_response();
        response.extensions_mut().insert(Problem::of(self));
        response
    }
}

/// Whole seconds, rounded up: coming back earlier would be refused again.
const fn seconds_up(span: Span) -> u64 {
    let seconds = span.as_millis().div_ceil(1000);
    if seconds == 0 { 1 } else { seconds }
}
