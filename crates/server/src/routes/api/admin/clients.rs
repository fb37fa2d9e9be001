//! `/api/v1/admin/clients`: registering clients and administering them.

use crate::app::App;
use crate::error::ApiError;
use crate::http::administrator::Administrator;
use crate::http::json::Json;
use crate::http::path::Path;
use crate::http::query::Query;
use crate::openapi::values;
use crate::routes::api::page::{List, PageQuery};
use crate::routes::api::rfc3339;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_core::client::{
    AuthenticationMethod, Client, ClientId, ClientKind, ClientProfile, ClientSecret, ClientStatus, LogoutProfile,
    RedirectUri, UnknownClientKind,
};
use countersign_core::ops::{
    ChangeClientStatus, ClientChange, ClientRegistered, RegisterClient, RemoveClient, ReplaceClientSecret,
    SecretReplaced,
};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::{Scope, ScopeSet};
use countersign_core::{Span, Time};
use countersign_jose::JwkSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A client to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientRegistration)]
pub(crate) struct RegisterRequest {
    #[schema(value_type = values::ClientId)]
    client_id: String,
    #[schema(value_type = values::ClientKindCode)]
    kind: String,
    /// What people call it.
    #[serde(default)]
    #[schema(value_type = Option<values::ClientName>)]
    name: Option<String>,
    /// What it may ask for.
    #[serde(default)]
    #[schema(value_type = values::ScopeTokens)]
    scopes: Vec<String>,
    /// The registered resource servers for which it may have tokens, beside the issuer itself.
    #[serde(default)]
    #[schema(value_type = values::ResourceUris)]
    resources: Vec<String>,
    /// Where people come back to once they have signed in, compared character by character.
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// For workers that each hold a copy of a refresh token: how long it stays good beside its successor.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3600)]
    overlap_seconds: u64,
    /// Where people may come back to once they have signed out, compared character by character.
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told of sessions that end (OpenID Connect Back-Channel Logout).
    #[serde(default)]
    backchannel_logout_uri: Option<String>,
    /// Whether it needs `sid` in each logout token; it is always there.
    #[serde(default)]
    backchannel_logout_session_required: bool,
    /// Whether its authorization requests are taken only if they were pushed (RFC 9126 §6).
    #[serde(default)]
    require_pushed_authorization_requests: bool,
    /// As its kind does, where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<values::AuthenticationMethod>)]
    token_endpoint_auth_method: Option<String>,
    /// Its public keys for `private_key_jwt`: a JWK Set (RFC 7517 §5).
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Option<serde_json::Value>,
}

/// A client, without anything secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
pub(crate) struct ClientView {
    #[schema(value_type = values::ClientId)]
    client_id: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::ClientName, required = false)]
    name: Option<String>,
    /// What it is; the built-in client's is `first_party`.
    kind: &'static str,
    /// Whose word all of this is, where that is no operator's: its own, or that of the document at its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(registration|document)$", required = false)]
    origin: Option<&'static str>,
    #[schema(value_type = values::AuthenticationMethod)]
    token_endpoint_auth_method: &'static str,
    #[schema(value_type = values::ScopeTokens)]
    scopes: Vec<String>,
    #[schema(value_type = values::ResourceUris)]
    resources: Vec<String>,
    /// Where people come back to once they have signed in.
    redirect_uris: Vec<String>,
    /// How long a refresh token stays good beside its successor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3600, required = false)]
    overlap_seconds: Option<u64>,
    /// Where people may come back to once they have signed out.
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told of sessions that end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    backchannel_logout_uri: Option<String>,
    /// Whether it needs `sid` in each logout token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    backchannel_logout_session_required: Option<bool>,
    /// Whether its authorization requests are taken only if they were pushed.
    require_pushed_authorization_requests: bool,
    #[schema(value_type = values::ClientStatusCode)]
    status: &'static str,
    #[schema(value_type = values::Moment)]
    created_at: String,
}

/// A client and what its revocation says.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientDetail {
    #[serde(flatten)]
    client: ClientView,
    /// Until when tokens of it are refused, where a revocation names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::Moment, required = false)]
    refused_until: Option<String>,
}

/// A client, and its secret, if it has one, shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientCredentials)]
pub(crate) struct Shown {
    #[schema(value_type = values::ClientId)]
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::ClientSecretText, required = false)]
    client_secret: Option<String>,
    /// Until when tokens of it are refused, where a revocation names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::Moment, required = false)]
    refused_until: Option<String>,
}

/// What became of a client's status.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientStatusChange)]
pub(crate) struct StatusView {
    #[schema(value_type = values::ClientId)]
    client_id: String,
    #[schema(value_type = values::ClientStatusCode)]
    status: &'static str,
    /// How many live sessions ended by it.
    #[schema(minimum = 0)]
    sessions_ended: u64,
    /// Until when tokens of it are refused, where a revocation names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::Moment, required = false)]
    refused_until: Option<String>,
}

/// By id.
pub(crate) async fn list(
    State(app): State<App>,
    _administrator: Administrator,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<ClientView>>, ApiError> {
    let found = app.store().clients(query.page()?).await?;
    List::of(found, ClientView::of).map(axum::Json)
}

pub(crate) async fn show(
    State(app): State<App>,
    _administrator: Administrator,
    Path(id): Path,
) -> Result<axum::Json<ClientDetail>, ApiError> {
    let client = find(&app, &id).await?;
    let refused_until = refused_until(&app, &client.id).await?;
    Ok(axum::Json(ClientDetail { client: ClientView::of(client), refused_until }))
}

/// The secret is in this answer and nowhere else.
pub(crate) async fn register(
    State(app): State<App>,
    administrator: Administrator,
    Json(request): Json<RegisterRequest>,
) -> Result<(StatusCode, axum::Json<Shown>), ApiError> {
    let register = request.read()?;
    // Read before: once the secret counts, nothing may stand between it and whoever asked for it.
    let refused_until = refused_until(&app, &register.id).await?;
    let registered = register.run(administrator.actor, app.store(), &app.draw()).await?;
    match registered.map_err(|error| ApiError::invalid_request(error.to_string()))? {
        ClientRegistered::Registered(client, secret) => {
            tracing::info!(client = %client.id, "client registered by an administrator");
            Ok((StatusCode::CREATED, axum::Json(Shown::of(&client.id, secret.as_ref(), refused_until))))
        }
        ClientRegistered::IdTaken => Err(ApiError::client_id_taken()),
        ClientRegistered::UnknownResource(_) => Err(ApiError::invalid_target()),
    }
}

/// The secret before is refused from now on; tokens that were issued live on.
pub(crate) async fn rotate_secret(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path,
) -> Result<axum::Json<Shown>, ApiError> {
    let client = find(&app, &id).await?;
    let refused_until = refused_until(&app, &client.id).await?;
    match ReplaceClientSecret.run(&client, administrator.actor, app.store(), &app.draw()).await? {
        SecretReplaced::Replaced(secret) => {
            tracing::info!(client = %client.id, "client's secret replaced by an administrator");
            Ok(axum::Json(Shown::of(&client.id, Some(&secret), refused_until)))
        }
        SecretReplaced::Public => Err(ApiError::invalid_request("a public client has no secret")),
        SecretReplaced::Lost => Err(ApiError::changed()),
    }
}

/// Its sessions end, and every verifier refuses its tokens.
pub(crate) async fn disable(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path,
) -> Result<axum::Json<StatusView>, ApiError> {
    change_status(&app, administrator, &id, ClientStatus::Disabled).await
}

/// Verifiers refuse its tokens until the time that the answer says.
pub(crate) async fn enable(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path,
) -> Result<axum::Json<StatusView>, ApiError> {
    change_status(&app, administrator, &id, ClientStatus::Active).await
}

/// Its sessions end, and every verifier refuses its tokens.
pub(crate) async fn remove(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path,
) -> Result<StatusCode, ApiError> {
    let client = find(&app, &id).await?;
    let removed = RemoveClient.run(&client, administrator.actor, app.store(), app.policies(), &app.draw()).await?;
    match removed {
        ClientChange::Changed(ended) => {
            tracing::info!(client = %client.id, ended = ended.sessions, "client removed by an administrator");
            Ok(StatusCode::NO_CONTENT)
        }
        ClientChange::Unchanged | ClientChange::Lost => Err(ApiError::changed()),
    }
}

async fn change_status(
    app: &App,
    administrator: Administrator,
    id: &str,
    to: ClientStatus,
) -> Result<axum::Json<StatusView>, ApiError> {
    let client = find(app, id).await?;
    let change = ChangeClientStatus(to);
    let changed = change.run(&client, administrator.actor, app.store(), app.policies(), &app.draw()).await?;
    let sessions_ended = match changed {
        ClientChange::Changed(ended) => ended.sessions,
        ClientChange::Unchanged => 0,
        ClientChange::Lost => return Err(ApiError::changed()),
    };
    tracing::info!(client = %client.id, status = to.code(), sessions_ended, "client's status set by an administrator");
    let refused_until = refused_until(app, &client.id).await?;
    Ok(axum::Json(StatusView { client_id: client.id.to_string(), status: to.code(), sessions_ended, refused_until }))
}

async fn find(app: &App, id: &str) -> Result<Client, ApiError> {
    let id = ClientId::parse(id).map_err(|_| ApiError::not_found())?;
    app.store().client(&id).await?.ok_or_else(ApiError::not_found)
}

async fn refused_until(app: &App, id: &ClientId) -> Result<Option<String>, ApiError> {
    let until = app.store().client_refused_until(id).await?.map(Time::from_timestamp);
    Ok(until.filter(|until| *until >= app.source().now()).map(rfc3339))
}

impl RegisterRequest {
    fn read(self) -> Result<RegisterClient, ApiError> {
        let kind: ClientKind = self.kind.parse().map_err(|error: UnknownClientKind| told(&error))?;
        let id = ClientId::parse(&self.client_id).map_err(|error| told(&error))?;
        let scopes = self.scopes.iter().map(|scope| Scope::parse(scope)).collect::<Result<ScopeSet, _>>();
        let resources = self.resources.iter().map(|uri| ResourceUri::parse(uri)).collect::<Result<_, _>>();
        let profile = ClientProfile {
            name: self.name,
            scopes: scopes.map_err(|error| ApiError::invalid_scope(&error))?,
            resources: resources.map_err(|_| ApiError::invalid_target())?,
            redirect_uris: self.redirect_uris,
            overlap: Span::from_seconds(self.overlap_seconds),
            logout: LogoutProfile {
                post_logout_redirect_uris: self.post_logout_redirect_uris,
                backchannel_logout_uri: self.backchannel_logout_uri,
                backchannel_logout_session_required: self.backchannel_logout_session_required,
            },
            requires_pushed_requests: self.require_pushed_authorization_requests,
        };
        let method = self.token_endpoint_auth_method.as_deref().map(str::parse::<AuthenticationMethod>).transpose();
        let authentication = method.map_err(|error| told(&error))?;
        let keys = self.jwks.map(|jwks| JwkSet::parse(jwks.to_string().as_bytes())).transpose();
        let keys = keys.map_err(|error| told(&error))?;
        Ok(RegisterClient { id, kind, profile, authentication, keys })
    }
}

/// Our own errors say what was expected and repeat nothing.
fn told(error: &dyn std::error::Error) -> ApiError {
    ApiError::invalid_request(error.to_string())
}

impl ClientView {
    fn of(client: Client) -> Self {
        let texts = |uris: &BTreeSet<RedirectUri>| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        let told = client.logout.backchannel.as_ref();
        Self {
            client_id: client.id.to_string(),
            name: client.name,
            kind: client.kind.code(),
            origin: client.origin.is_its_own_word().then(|| client.origin.code()),
            token_endpoint_auth_method: client.authentication.method().code(),
            scopes: client.scopes.iter().map(str::to_owned).collect(),
            resources: client.resources.iter().map(|uri| uri.as_str().to_owned()).collect(),
            redirect_uris: texts(&client.redirect_uris),
            post_logout_redirect_uris: texts(&client.logout.post_logout_redirect_uris),
            backchannel_logout_uri: told.map(|told| told.uri.as_str().to_owned()),
            backchannel_logout_session_required: told.map(|told| told.session_required),
            overlap_seconds: Some(client.overlap.as_seconds()).filter(|seconds| *seconds > 0),
            require_pushed_authorization_requests: client.requires_pushed_requests,
            status: client.status.code(),
            created_at: rfc3339(client.created_at),
        }
    }
}

impl Shown {
    fn of(id: &ClientId, secret: Option<&ClientSecret>, refused_until: Option<String>) -> Self {
        let client_secret = secret.map(|secret| secret.expose().to_owned());
        Self { client_id: id.to_string(), client_secret, refused_until }
    }
}

pub(crate) mod docs {
    use super::{ClientDetail, ClientView, Shown, StatusView};
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag, examples, values};
    use crate::routes::api::page::one;
    use axum::http::StatusCode;
    use countersign_core::client::{ClientKind, ClientStatus};
    use countersign_core::scope::FEED_READ;
    use serde_json::json;

    fn client() -> ClientView {
        ClientView {
            client_id: examples::CLIENT.to_owned(),
            name: Some("Nightly reports".to_owned()),
            kind: ClientKind::Machine.code(),
            origin: None,
            token_endpoint_auth_method: "client_secret_basic",
            scopes: vec![FEED_READ.to_owned()],
            resources: Vec::new(),
            redirect_uris: Vec::new(),
            overlap_seconds: None,
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: None,
            require_pushed_authorization_requests: false,
            status: ClientStatus::Active.code(),
            created_at: examples::TIME.to_owned(),
        }
    }

    fn shown() -> Shown {
        Shown {
            client_id: examples::CLIENT.to_owned(),
            client_secret: Some(examples::CLIENT_SECRET.to_owned()),
            refused_until: None,
        }
    }

    pub(crate) fn list(operation: &mut Operation) {
        operation
            .is("listClients", Tag::Administration, "List clients", "By id; the built-in client is one of them.")
            .answers(Answer::json(StatusCode::OK, "The clients.", &one(client())));
    }

    pub(crate) fn show(operation: &mut Operation) {
        let detail = ClientDetail { client: client(), refused_until: Some(examples::LATER.to_owned()) };
        operation
            .is("showClient", Tag::Administration, "Show a client", "With the time until which its tokens are refused.")
            .answers(Answer::json(StatusCode::OK, "The client.", &detail));
        named(operation);
    }

    pub(crate) fn register(operation: &mut Operation) {
        let machine = json!({
            "client_id": examples::CLIENT, "kind": ClientKind::Machine.code(), "name": "Nightly reports",
            "scopes": [FEED_READ],
        });
        operation
            .is(
                "registerClient",
                Tag::Administration,
                "Register a client",
                "Its secret is in this answer and nowhere else.",
            )
            .body_example(machine)
            .answers(Answer::json(StatusCode::CREATED, "Registered.", &shown()))
            .fails(&[Kind::InvalidScope, Kind::InvalidTarget, Kind::ClientIdTaken]);
    }

    pub(crate) fn rotate_secret(operation: &mut Operation) {
        operation
            .is(
                "rotateClientSecret",
                Tag::Administration,
                "Replace a client's secret",
                "The secret before is refused from now on; tokens that were issued live on.",
            )
            .answers(Answer::json(StatusCode::OK, "The new secret.", &shown()))
            .fails(&[Kind::InvalidRequest, Kind::Changed]);
        named(operation);
    }

    pub(crate) fn disable(operation: &mut Operation) {
        let id = "disableClient";
        operation.is(
            id,
            Tag::Administration,
            "Disable a client",
            "Its sessions end, and every verifier refuses its tokens.",
        );
        status(operation, ClientStatus::Disabled, Some(examples::LATER));
    }

    pub(crate) fn enable(operation: &mut Operation) {
        let text = "Verifiers refuse its tokens until the time that the answer tells.";
        operation.is("enableClient", Tag::Administration, "Enable a client", text);
        status(operation, ClientStatus::Active, Some(examples::LATER));
    }

    pub(crate) fn remove(operation: &mut Operation) {
        let text = "Its sessions end, and every verifier refuses its tokens.";
        operation
            .is("removeClient", Tag::Administration, "Remove a client", text)
            .answers(Answer::empty(StatusCode::NO_CONTENT, "Removed."))
            .fails(&[Kind::Changed]);
        named(operation);
    }

    fn status(operation: &mut Operation, status: ClientStatus, refused_until: Option<&str>) {
        let view = StatusView {
            client_id: examples::CLIENT.to_owned(),
            status: status.code(),
            sessions_ended: 0,
            refused_until: refused_until.map(str::to_owned),
        };
        operation
            .answers(Answer::json(StatusCode::OK, "So it is now, whatever it was before.", &view))
            .fails(&[Kind::Changed]);
        named(operation);
    }

    fn named(operation: &mut Operation) {
        operation.path_parameter::<values::ClientId>("id", "The client.", examples::CLIENT);
    }
}
