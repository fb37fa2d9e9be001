//! `/.well-known/…`: what exists, and the keys. Cacheable, for exactly as long as a key is published ahead at the least.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use countersign_core::grant::{GrantType, ResponseMode};
use countersign_core::scope::{FEED_READ, IDENTITY};
use countersign_jose::Algorithm;
use serde::Serialize;

/// OpenID Connect Discovery 1.0 §3 and RFC 8414 §2, with what exists.
#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    jwks_uri: String,
    authorization_endpoint: String,
    token_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    userinfo_endpoint: String,
    countersign_feed_uri: String,
    countersign_feed_snapshot_uri: String,
    countersign_feed_applied_uri: String,
    countersign_feed_jwks_uri: String,
    grant_types_supported: [&'static str; 3],
    token_endpoint_auth_methods_supported: [&'static str; 4],
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 4],
    dpop_signing_alg_values_supported: Vec<&'static str>,
    scopes_supported: [&'static str; 5],
    id_token_signing_alg_values_supported: [&'static str; 1],
    claims_supported: [&'static str; 9],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    authorization_response_iss_parameter_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    subject_types_supported: [&'static str; 1],
    access_token_signing_alg_values_supported: [&'static str; 1],
}

const METHODS: [&str; 4] = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];

/// `GET /.well-known/openid-configuration` and `GET /.well-known/oauth-authorization-server`.
pub(crate) async fn metadata(State(app): State<App>) -> Response {
    let asymmetric = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
    let asymmetric: Vec<_> = asymmetric.map(Algorithm::as_str).collect();
    let metadata = Metadata {
        issuer: app.issuer(),
        jwks_uri: format!("{}/.well-known/jwks.json", app.issuer()),
        authorization_endpoint: format!("{}/oauth2/authorize", app.issuer()),
        token_endpoint: format!("{}/oauth2/token", app.issuer()),
        introspection_endpoint: format!("{}/oauth2/introspect", app.issuer()),
        revocation_endpoint: format!("{}/oauth2/revoke", app.issuer()),
        userinfo_endpoint: format!("{}/oauth2/userinfo", app.issuer()),
        countersign_feed_uri: format!("{}/revocations/feed", app.issuer()),
        countersign_feed_snapshot_uri: format!("{}/revocations/snapshot", app.issuer()),
        countersign_feed_applied_uri: format!("{}/revocations/applied", app.issuer()),
        countersign_feed_jwks_uri: format!("{}/revocations/jwks.json", app.issuer()),
        grant_types_supported: GrantType::ALL.map(GrantType::code),
        token_endpoint_auth_methods_supported: METHODS,
        introspection_endpoint_auth_methods_supported: [METHODS[1], METHODS[2], METHODS[3]],
        revocation_endpoint_auth_methods_supported: METHODS,
        token_endpoint_auth_signing_alg_values_supported: asymmetric.clone(),
        dpop_signing_alg_values_supported: asymmetric,
        // The issuer's own; those of resource servers are between them and their clients.
        scopes_supported: [IDENTITY[0], IDENTITY[1], IDENTITY[2], IDENTITY[3], FEED_READ],
        id_token_signing_alg_values_supported: ["RS256"],
        claims_supported: ["iss", "sub", "aud", "exp", "iat", "auth_time", "name", "preferred_username", "email"],
        response_types_supported: ["code"],
        response_modes_supported: ResponseMode::ALL.map(ResponseMode::code),
        code_challenge_methods_supported: ["S256"],
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        subject_types_supported: ["public"],
        access_token_signing_alg_values_supported: [app.ring().signer.key().algorithm().as_str()],
    };
    (cacheable(&app), Json(metadata)).into_response()
}

/// `GET /.well-known/jwks.json` (RFC 7517 §5): public keys only; a symmetric key is never in it.
pub(crate) async fn jwks(State(app): State<App>) -> Response {
    (cacheable(&app), Json(&app.ring().jwks)).into_response()
}

fn cacheable(app: &App) -> [(axum::http::HeaderName, String); 1] {
    [(CACHE_CONTROL, format!("public, max-age={}", app.routes().jwks_max_age.as_seconds()))]
}
