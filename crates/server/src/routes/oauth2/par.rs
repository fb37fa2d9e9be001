//! `POST /oauth2/par` (RFC 9126): a client leaves its authorization request here, authenticated, and sends the browser on
//! with a reference to it.

use crate::app::App;
use crate::error::ApiError;
use crate::http::client_authentication::ClientRequest;
use crate::http::dpop::{self, DPOP_NONCE};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_core::grant::Parameters;
use countersign_core::ops::{AuthorizationRequestPushed, PushAuthorizationRequest};
use serde::Serialize;
use utoipa::ToSchema;

/// RFC 9126 §2.2.
#[derive(Serialize, ToSchema)]
pub(crate) struct PushedAnswer {
    /// What the browser brings to the authorization endpoint, beside `client_id`.
    #[schema(pattern = "^urn:ietf:params:oauth:request_uri:csp_[A-Za-z0-9_-]{43}$")]
    request_uri: String,
    /// Seconds within which a browser must come with it.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// `DPoP-Nonce`, where a proof was shown.
    #[serde(skip)]
    #[schema(ignore)]
    nonce: Option<HeaderValue>,
}

/// What the authorization endpoint would refuse is refused now, by the same codes, while nobody waits in a browser.
pub(crate) async fn push(
    State(app): State<App>,
    ClientRequest { client, form, headers, .. }: ClientRequest,
) -> Result<PushedAnswer, ApiError> {
    if !client.kind.signs_people_in() {
        return Err(ApiError::unauthorized_client());
    }
    let proof = dpop::shown(&app, &headers, "POST", "/oauth2/par", None);
    let jkt = dpop::key_of(&proof).map_err(|error| error.with_nonce(dpop::next_nonce(&app)))?;
    let nonce = jkt.as_ref().and_then(|_| dpop::next_nonce(&app));
    let id = client.id.clone();
    let push = PushAuthorizationRequest { client, parameters: Parameters::picked(|name| form.all(name)), jkt };
    match push.run(app.store(), app.policies(), &app.draw()).await? {
        AuthorizationRequestPushed::Pushed(secret, lifetime) => {
            tracing::info!(client = %id, "authorization request pushed");
            Ok(PushedAnswer { request_uri: secret.to_uri(), expires_in: lifetime.as_seconds(), nonce })
        }
        AuthorizationRequestPushed::Unanswerable(error) => Err(ApiError::invalid_request(error.to_string())),
        AuthorizationRequestPushed::Refused(error) => Err(ApiError::request_refused(&error)),
        AuthorizationRequestPushed::TooLarge => Err(ApiError::too_large()),
        AuthorizationRequestPushed::TooMany(wait) => {
            tracing::warn!(client = %id, "too many authorization requests pushed");
            Err(ApiError::rate_limited(wait))
        }
    }
}

impl IntoResponse for PushedAnswer {
    fn into_response(self) -> Response {
        let nonce = self.nonce.clone().map(|nonce| [(DPOP_NONCE, nonce)]);
        (StatusCode::CREATED, nonce, Json(self)).into_response()
    }
}

/// An authorization request, and how the client authenticates unless by a header.
#[derive(ToSchema)]
#[schema(as = PushedAuthorizationRequest)]
#[expect(dead_code, reason = "only its schema matters: the form is read by names")]
struct PushedParameters {
    /// `code`.
    response_type: String,
    /// Of a client that does not authenticate by a header.
    #[schema(required = false)]
    client_id: Option<String>,
    /// One that is registered; may be left out if only one is and `openid` is not asked for.
    #[schema(required = false)]
    redirect_uri: Option<String>,
    /// SHA-256 of the code verifier, in base64url (RFC 7636 §4.2).
    code_challenge: String,
    /// `S256`.
    code_challenge_method: String,
    #[schema(required = false)]
    scope: Option<String>,
    /// The resource server for which tokens will be (RFC 8707), one.
    #[schema(required = false)]
    resource: Option<String>,
    #[schema(required = false)]
    state: Option<String>,
    #[schema(required = false)]
    nonce: Option<String>,
    #[schema(required = false)]
    response_mode: Option<String>,
    #[schema(required = false)]
    prompt: Option<String>,
    #[schema(required = false)]
    max_age: Option<String>,
    /// Single claims (OpenID Connect Core §5.5).
    #[schema(required = false)]
    claims: Option<String>,
    #[schema(required = false)]
    login_hint: Option<String>,
    /// Thumbprint of the key to which the session is to be bound; a proof in `DPoP` says it too (RFC 9449 §10.1).
    #[schema(required = false)]
    dpop_jkt: Option<String>,
    /// By `client_secret_post`.
    #[schema(required = false)]
    client_secret: Option<String>,
    /// By `private_key_jwt`: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer` (RFC 7523 §2.2).
    #[schema(required = false)]
    client_assertion_type: Option<String>,
    /// By `private_key_jwt`.
    #[schema(required = false)]
    client_assertion: Option<String>,
}

pub(crate) mod docs {
    use super::{PushedAnswer, PushedParameters};
    use crate::error::Kind;
    use crate::http::form::{FORM, Form};
    use crate::openapi::{Answer, Operation, Tag, examples};
    use axum::http::StatusCode;
    use countersign_core::grant::PushedRequestSecret;
    use countersign_core::limits::PUSHED_REQUEST_LIFETIME;
    use serde_json::json;
    use utoipa::openapi::Required;

    pub(crate) fn push(operation: &mut Operation) {
        let answer = PushedAnswer {
            request_uri: PushedRequestSecret::from_bytes(&[7; 32]).to_uri(),
            expires_in: PUSHED_REQUEST_LIFETIME.as_seconds(),
            nonce: None,
        };
        operation
            .is(
                "pushAuthorizationRequest",
                Tag::OAuth,
                "Push an authorization request",
                "RFC 9126. Every check of the authorization endpoint is made now, and once more there. The answer's \
                 `request_uri` is good once, for this client, for one code.",
            )
            .body::<PushedParameters>(FORM, Required::True, &Form::limits())
            .body_example(json!({
                "response_type": "code",
                "client_id": "app",
                "redirect_uri": "https://app.example.com/callback",
                "scope": "openid",
                "code_challenge": examples::COORDINATES.0,
                "code_challenge_method": "S256",
            }))
            .answers(Answer::json(StatusCode::CREATED, "Where the request is now.", &answer))
            .fails(&[
                Kind::UnauthorizedClient,
                Kind::UnsupportedResponseType,
                Kind::RequestNotSupported,
                Kind::UnmetAuthentication,
                Kind::InvalidScope,
                Kind::InvalidTarget,
                Kind::InvalidDpopProof,
                Kind::UseDpopNonce,
            ]);
    }
}
