//! Error bodies of RFC 6749 §5.2, for everything under `/oauth2`.

use super::{ApiError, Kind};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What was wrong (RFC 6749 §5.2).
#[derive(Serialize, ToSchema)]
#[schema(as = OAuthError)]
pub(crate) struct Body {
    /// A code for programs.
    error: &'static str,
    /// A sentence for people, in the characters that RFC 6749 §5.2 allows.
    #[schema(pattern = r"^[\x20\x21\x23-\x5b\x5d-\x7e]*$")]
    error_description: String,
}

/// The body for an error whose row says `title`.
pub(super) fn body(error: &ApiError, title: &str) -> Vec<u8> {
    let description = error.detail.as_deref().unwrap_or(title);
    // RFC 6749 §5.2 allows these characters alone.
    let allowed = |c: &char| matches!(c, '\u{20}'..='\u{21}' | '\u{23}'..='\u{5b}' | '\u{5d}'..='\u{7e}');
    let error_description = description.chars().filter(allowed).collect();
    // A struct of strings always serializes.
    serde_json::to_vec(&Body { error: code(error.kind), error_description }).unwrap_or_default()
}

/// The status for an error whose row says `status`: a grant that is refused is no missing sign-in here (RFC 6749 §5.2).
pub(super) const fn status(kind: Kind, status: StatusCode) -> StatusCode {
    match kind {
        Kind::InvalidGrant => StatusCode::BAD_REQUEST,
        _ => status,
    }
}

/// RFC 6749 §5.2 has a code for what clients do wrong; for the rest those of §4.1.2.1 are in use here too.
pub(super) const fn code(kind: Kind) -> &'static str {
    match kind {
        Kind::InvalidClient
        | Kind::InvalidGrant
        | Kind::InvalidScope
        | Kind::InvalidRedirectUri
        | Kind::InvalidClientMetadata
        | Kind::InvalidTarget
        | Kind::InvalidDpopProof
        | Kind::InvalidToken
        | Kind::InsufficientScope
        | Kind::RequestNotSupported
        | Kind::UnauthorizedClient
        | Kind::UnmetAuthentication
        | Kind::UnsupportedGrantType
        | Kind::UnsupportedResponseType
        | Kind::UseDpopNonce => kind.row().1,
        Kind::UnprovenToken => Kind::InvalidDpopProof.row().1,
        Kind::TokenNeedsNonce => Kind::UseDpopNonce.row().1,
        // RFC 6750 §3.1.
        Kind::MayNotRegister => "insufficient_scope",
        Kind::RateLimited | Kind::Overloaded | Kind::Unavailable => "temporarily_unavailable",
        Kind::Internal => "server_error",
        _ => "invalid_request",
    }
}

/// With the algorithms that the metadata tells.
macro_rules! dpop_challenge {
    ($code:literal) => {
        concat!("DPoP error=\"", $code, "\", algs=\"ES256 ES384 ES512 EdDSA RS256 RS384 RS512 PS256 PS384 PS512\"")
    };
}

/// RFC 6749 §5.2: a client that could not be authenticated is told by which scheme it could.
pub(super) const fn challenge(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::InvalidClient => Some("Basic realm=\"countersign\", charset=\"UTF-8\""),
        // What is asked for with an access token (RFC 6750 §3): the userinfo endpoint.
        Kind::MissingToken => Some("Bearer"),
        Kind::InvalidToken => Some("Bearer error=\"invalid_token\""),
        // RFC 9449 §7.1 and §9.
        Kind::UnprovenToken => Some(dpop_challenge!("invalid_dpop_proof")),
        Kind::TokenNeedsNonce => Some(dpop_challenge!("use_dpop_nonce")),
        Kind::MayNotRegister => Some("Bearer error=\"insufficient_scope\", scope=\"clients:register\""),
        Kind::InsufficientScope => Some("Bearer error=\"insufficient_scope\", scope=\"openid\""),
        _ => None,
    }
}
