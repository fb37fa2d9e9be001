//! `/.well-known/…`: what exists, and the keys. Cacheable, for exactly as long as a key is published ahead at the least.

use crate::app::{App, RegistrationPolicy};
use crate::documents::DocumentPolicy;
use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use countersign_core::grant::{GrantType, ResponseMode};
use countersign_core::scope::{FEED_READ, IDENTITY};
use countersign_jose::Algorithm;
use serde::Serialize;
use utoipa::ToSchema;

/// OpenID Connect Discovery 1.0 §3 and RFC 8414 §2, with what exists.
#[derive(Serialize, ToSchema)]
struct Metadata<'a> {
    issuer: &'a str,
    jwks_uri: String,
    authorization_endpoint: String,
    pushed_authorization_request_endpoint: String,
    token_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    userinfo_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    registration_endpoint: Option<String>,
    client_id_metadata_document_supported: bool,
    end_session_endpoint: String,
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
    claims_supported: [&'static str; 11],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    authorization_response_iss_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
    subject_types_supported: [&'static str; 1],
    access_token_signing_alg_values_supported: [&'static str; 1],
}

/// `GET /.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4).
pub(crate) async fn openid_configuration(State(app): State<App>) -> Response {
    metadata(&app)
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414 §3).
pub(crate) async fn oauth_authorization_server(State(app): State<App>) -> Response {
    metadata(&app)
}

fn metadata(app: &App) -> Response {
    let mut metadata = Metadata::of(app.issuer(), app.ring().signer.key().algorithm());
    if app.routes().registration == RegistrationPolicy::Off {
        metadata.registration_endpoint = None;
    }
    metadata.client_id_metadata_document_supported = app.routes().documents == DocumentPolicy::On;
    (cacheable(app), Json(metadata)).into_response()
}

const METHODS: [&str; 4] = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];

impl<'a> Metadata<'a> {
    fn of(issuer: &'a str, signs: Algorithm) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let asymmetric = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
        let asymmetric: Vec<_> = asymmetric.map(Algorithm::as_str).collect();
        let [none, by_header, by_form, by_assertion] = METHODS;
        let [openid, profile, email, offline_access] = IDENTITY;
        Self {
            issuer,
            jwks_uri: at("/.well-known/jwks.json"),
            authorization_endpoint: at("/oauth2/authorize"),
            pushed_authorization_request_endpoint: at("/oauth2/par"),
            token_endpoint: at("/oauth2/token"),
            introspection_endpoint: at("/oauth2/introspect"),
            revocation_endpoint: at("/oauth2/revoke"),
            userinfo_endpoint: at("/oauth2/userinfo"),
            registration_endpoint: Some(at("/oauth2/register")),
            client_id_metadata_document_supported: true,
            end_session_endpoint: at("/oauth2/logout"),
            countersign_feed_uri: at("/revocations/feed"),
            countersign_feed_snapshot_uri: at("/revocations/snapshot"),
            countersign_feed_applied_uri: at("/revocations/applied"),
            countersign_feed_jwks_uri: at("/revocations/jwks.json"),
            grant_types_supported: GrantType::ALL.map(GrantType::code),
            token_endpoint_auth_methods_supported: [none, by_header, by_form, by_assertion],
            introspection_endpoint_auth_methods_supported: [by_header, by_form, by_assertion],
            revocation_endpoint_auth_methods_supported: METHODS,
            token_endpoint_auth_signing_alg_values_supported: asymmetric.clone(),
            dpop_signing_alg_values_supported: asymmetric,
            // The issuer's own; those of resource servers are between them and their clients.
            scopes_supported: [openid, profile, email, offline_access, FEED_READ],
            id_token_signing_alg_values_supported: [Algorithm::Rs256.as_str()],
            claims_supported: [
                "iss",
                "sub",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "sid",
                "name",
                "preferred_username",
                "email",
                "email_verified",
            ],
            response_types_supported: ["code"],
            response_modes_supported: ResponseMode::ALL.map(ResponseMode::code),
            code_challenge_methods_supported: ["S256"],
            prompt_values_supported: ["none", "login", "consent", "select_account"],
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            // Of some clients it is required: that is for their registration to say.
            require_pushed_authorization_requests: false,
            subject_types_supported: ["public"],
            access_token_signing_alg_values_supported: [signs.as_str()],
        }
    }
}

/// `GET /.well-known/jwks.json` (RFC 7517 §5): public keys only; a symmetric key is never in it.
pub(crate) async fn jwks(State(app): State<App>) -> Response {
    (cacheable(&app), Json(&app.ring().jwks)).into_response()
}

fn cacheable(app: &App) -> [(axum::http::HeaderName, String); 1] {
    [(CACHE_CONTROL, format!("public, max-age={}", app.routes().jwks_max_age.as_seconds()))]
}

pub(crate) mod docs {
    use super::Metadata;
    use crate::openapi::{Answer, AnswerHeader, Operation, Tag, examples};
    use axum::http::StatusCode;
    use countersign_jose::Algorithm;
    use serde_json::json;
    use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Type};

    const ISSUER: &str = "https://auth.example.com";

    pub(crate) fn openid_configuration(operation: &mut Operation) {
        let text = "OpenID Connect Discovery 1.0 §3, with what exists.";
        operation.is("readOpenidConfiguration", Tag::Discovery, "Read the metadata", text).answers(metadata());
    }

    pub(crate) fn oauth_authorization_server(operation: &mut Operation) {
        let text = "RFC 8414 §2, with what exists: the same document.";
        operation.is("readServerMetadata", Tag::Discovery, "Read the metadata", text).answers(metadata());
    }

    pub(crate) fn jwks(operation: &mut Operation) {
        let text = "Public keys that verify access tokens and ID tokens; a symmetric key is never among them.";
        operation.is("readKeys", Tag::Discovery, "Fetch the keys", text).answers(jwk_set().with(AnswerHeader::CACHED));
    }

    /// A JWK Set (RFC 7517 §5).
    pub(crate) fn jwk_set() -> Answer {
        let text = |words: &[&str]| {
            let text = ObjectBuilder::new().schema_type(Type::String);
            if words.is_empty() { text } else { text.enum_values(Some(words.iter().copied())) }
        };
        let algorithms = Algorithm::ALL.map(Algorithm::as_str);
        let key = ObjectBuilder::new()
            .property("kty", text(&["EC", "OKP", "RSA"]))
            .property("kid", text(&[]))
            .property("alg", text(&algorithms))
            .property("use", text(&["sig"]))
            .required("kty")
            .required("alg")
            .required("use")
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .description(Some("A public key (RFC 7517 §4), with the members of its type (RFC 7518 §6, RFC 8037 §2)."));
        let set = ObjectBuilder::new().property("keys", ArrayBuilder::new().items(key.build())).required("keys");
        let example = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "x": examples::COORDINATES.0, "y": examples::COORDINATES.1,
            "kid": examples::KEY, "alg": "ES256", "use": "sig",
        }] });
        Answer::json_of(StatusCode::OK, "The keys, as a JWK Set (RFC 7517 §5).", set, example)
    }

    fn metadata() -> Answer {
        let metadata = Metadata::of(ISSUER, Algorithm::Es256);
        Answer::json(StatusCode::OK, "The metadata.", &metadata).with(AnswerHeader::CACHED)
    }
}
