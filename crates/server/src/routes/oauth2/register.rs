//! `POST /oauth2/register` (RFC 7591): a client registers itself. Public, so there is no secret; unused, it goes in a day.

use crate::app::{App, RegistrationPolicy};
use crate::error::{ApiError, Kind};
use crate::http::RequestOrigin;
use crate::http::bearer::PresentedToken;
use crate::http::body::{check_type, read};
use crate::limits::BODY_BYTES_MAX;
use crate::openapi::{Input, Operation, values};
use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use countersign_core::client::{Client, ClientId, ClientKind, ClientMetadata, RedirectUri};
use countersign_core::grant::GrantType;
use countersign_core::ops::{SelfRegistration, authenticate, standing};
use countersign_core::scope::{CLIENTS_REGISTER, ScopeSet};
use countersign_core::{SessionId, TokenId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Required;

/// What a client says of itself (RFC 7591 §2).
pub(crate) struct Said(ClientMetadata);

/// Whoever asks may register a client.
pub(crate) struct MayRegister;

/// A client as it is registered (RFC 7591 §3.2.1).
#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredClient)]
pub(crate) struct RegisteredView {
    #[schema(value_type = values::ClientId)]
    client_id: String,
    /// Seconds since 1970.
    client_id_issued_at: u64,
    redirect_uris: Vec<String>,
    /// Always `none`.
    #[schema(pattern = "^none$")]
    token_endpoint_auth_method: &'static str,
    grant_types: [&'static str; 2],
    response_types: [&'static str; 1],
    #[schema(pattern = "^(native|web)$")]
    application_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    client_name: Option<String>,
    /// What it may ask for; left out: whatever people may give.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    scope: Option<String>,
}

/// What a client says of itself. Members that are not here are ignored.
#[derive(ToSchema)]
#[schema(as = ClientMetadata)]
#[expect(dead_code, reason = "only its schema matters: the metadata is read by the rules")]
struct MetadataSchema {
    /// Where people come back to once they have signed in: `https`, this machine, or a scheme named after a domain.
    /// Compared character by character, but for the port on this machine.
    redirect_uris: Vec<String>,
    /// What people see, as the client's own word.
    #[schema(required = false)]
    client_name: Option<String>,
    /// `none`, or left out.
    #[schema(required = false)]
    token_endpoint_auth_method: Option<String>,
    /// `authorization_code` must be among them; what this server does not have is left out of the answer.
    #[schema(required = false)]
    grant_types: Option<Vec<String>>,
    /// `code` must be among them.
    #[schema(required = false)]
    response_types: Option<Vec<String>>,
    /// `native`, as if it were left out, or `web`.
    #[schema(required = false)]
    application_type: Option<String>,
    /// What it may ask for.
    #[schema(required = false)]
    scope: Option<String>,
}

const JSON: &str = "application/json";
const PATH: &str = "/oauth2/register";

impl<S: Sync> FromRequest<S> for Said {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        check_type(&parts.headers, JSON)?;
        let body = read(&parts.headers, body).await?;
        ClientMetadata::parse(&body).map(Self).map_err(|invalid| ApiError::invalid_metadata(&invalid))
    }
}

impl Input for Said {
    fn describe(operation: &mut Operation) {
        let limits = format!("One JSON object in UTF-8, {BODY_BYTES_MAX} bytes at most.");
        operation.body::<MetadataSchema>(JSON, Required::True, &limits);
        operation.fails(&[
            Kind::InvalidClientMetadata,
            Kind::InvalidRedirectUri,
            Kind::InvalidRequest,
            Kind::TooLarge,
            Kind::UnsupportedMediaType,
        ]);
    }
}

impl FromRequestParts<App> for MayRegister {
    type Rejection = ApiError;

    /// Before the body is read: nobody else learns anything about metadata.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Ok(presented) = PresentedToken::from_request_parts(parts, app).await;
        may_register(app, &presented).await.map(|()| Self)
    }
}

impl Input for MayRegister {
    fn describe(operation: &mut Operation) {
        PresentedToken::describe(operation);
        operation.takes_nothing().fails(&[Kind::MayNotRegister, Kind::NotFound]).asks_storage();
    }
}

pub(crate) async fn register(
    State(app): State<App>,
    _may: MayRegister,
    origin: RequestOrigin,
    Said(metadata): Said,
) -> Result<(StatusCode, Json<RegisteredView>), ApiError> {
    let draw = app.draw();
    app.throttle().take_registration(origin.address, draw.now).map_err(ApiError::rate_limited)?;
    let registration = SelfRegistration { metadata, address: origin.address };
    let client = registration.run(app.store(), &draw).await?;
    let client = client.map_err(|invalid| ApiError::invalid_metadata(&invalid))?;
    tracing::info!(client = %client.id, "client registered itself");
    Ok((StatusCode::CREATED, Json(RegisteredView::of(client))))
}

/// Where it is not open to everybody, the initial access token (RFC 7591 §3) is one of ours: a machine's with the scope
/// for it, or an administrator's.
async fn may_register(app: &App, presented: &PresentedToken) -> Result<(), ApiError> {
    match app.routes().registration {
        RegistrationPolicy::Open => return Ok(()),
        RegistrationPolicy::Off => return Err(ApiError::not_found()),
        RegistrationPolicy::Token => {}
    }
    let token = presented.of_issuer(app, PATH)?;
    let claims = token.claims();
    let over = || ApiError::invalid_token("the session is over");
    let ids = claims.sid.parse::<SessionId>().ok().zip(claims.jti.parse::<TokenId>().ok());
    let (session, jti) = ids.ok_or_else(over)?;
    let now = app.source().now();
    if claims.client_id == ClientId::FIRST_PARTY {
        let who = authenticate(session, jti, app.store(), now).await?.ok_or_else(over)?;
        return if who.account.roles.contains("admin") { Ok(()) } else { Err(ApiError::may_not_register()) };
    }
    // A machine has no account; of somebody else's token the scope could only be a resource server's own.
    let has_scope = ScopeSet::parse(&claims.scope).is_ok_and(|scope| scope.contains(CLIENTS_REGISTER));
    let state = standing(session, jti, app.store(), now).await?.ok_or_else(over)?;
    if has_scope && state.session.account.is_none() { Ok(()) } else { Err(ApiError::may_not_register()) }
}

impl RegisteredView {
    fn of(client: Client) -> Self {
        Self {
            client_id: client.id.to_string(),
            client_id_issued_at: client.created_at.timestamp().as_seconds(),
            redirect_uris: client.redirect_uris.iter().map(RedirectUri::as_str).map(str::to_owned).collect(),
            token_endpoint_auth_method: client.authentication.method().code(),
            grant_types: [GrantType::AuthorizationCode.code(), GrantType::RefreshToken.code()],
            response_types: ["code"],
            application_type: if client.kind == ClientKind::Mcp { "native" } else { "web" },
            scope: (!client.scopes.is_empty()).then(|| client.scopes.to_string()),
            client_name: client.name,
        }
    }
}

pub(crate) mod docs {
    use super::RegisteredView;
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag};
    use axum::http::StatusCode;
    use serde_json::json;

    pub(crate) fn register(operation: &mut Operation) {
        let view = RegisteredView {
            client_id: "dyn_AAECAwQFBgcICQoLDA0ODw".to_owned(),
            client_id_issued_at: 1_795_600_000,
            redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
            token_endpoint_auth_method: "none",
            grant_types: ["authorization_code", "refresh_token"],
            response_types: ["code"],
            application_type: "native",
            client_name: Some("Some Agent".to_owned()),
            scope: None,
        };
        operation
            .is(
                "registerItself",
                Tag::OAuth,
                "Register oneself as a client",
                "RFC 7591, for public clients. A client that nobody uses is forgotten after a day. With \
                 `clients.registration = \"token\"` it takes a token of an administrator, or of a machine with the scope \
                 `clients:register`; with `\"off\"` there is nothing here.",
            )
            .body_example(json!({
                "redirect_uris": ["http://127.0.0.1/callback"], "client_name": "Some Agent",
                "token_endpoint_auth_method": "none",
            }))
            .answers(Answer::json(StatusCode::CREATED, "Registered.", &view))
            .fails(&[Kind::RateLimited]);
    }
}
