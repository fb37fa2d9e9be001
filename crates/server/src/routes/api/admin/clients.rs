//! `/api/v1/admin/clients`: registering clients and administering them.

use crate::app::App;
use crate::error::ApiError;
use crate::http::administrator::Administrator;
use crate::http::json::Json;
use crate::http::query::Query;
use crate::routes::api::page::{List, PageQuery};
use crate::routes::api::rfc3339;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use countersign_core::Time;
use countersign_core::client::{
    AuthenticationMethod, Client, ClientId, ClientKind, ClientProfile, ClientSecret, ClientStatus, UnknownClientKind,
};
use countersign_core::ops::{
    ChangeClientStatus, ClientChange, ClientRegistered, RegisterClient, RemoveClient, ReplaceClientSecret,
    SecretReplaced,
};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::{Scope, ScopeSet};
use countersign_jose::JwkSet;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterRequest {
    client_id: String,
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    jwks: Option<serde_json::Value>,
}

/// A client, without anything secret.
#[derive(Serialize)]
pub(crate) struct ClientView {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    kind: &'static str,
    token_endpoint_auth_method: &'static str,
    scopes: Vec<String>,
    resources: Vec<String>,
    redirect_uris: Vec<String>,
    status: &'static str,
    created_at: String,
}

/// A client and what its revocation says.
#[derive(Serialize)]
pub(crate) struct ClientDetail {
    #[serde(flatten)]
    client: ClientView,
    /// Until when tokens of it are refused, where a revocation names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_until: Option<String>,
}

/// A client, and its secret, if it has one, shown once.
#[derive(Serialize)]
pub(crate) struct Shown {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_until: Option<String>,
}

/// What became of a client's status.
#[derive(Serialize)]
pub(crate) struct StatusView {
    client_id: String,
    status: &'static str,
    sessions_ended: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
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
    Path(id): Path<String>,
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
    Path(id): Path<String>,
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
    Path(id): Path<String>,
) -> Result<axum::Json<StatusView>, ApiError> {
    change_status(&app, administrator, &id, ClientStatus::Disabled).await
}

/// Verifiers refuse its tokens until the time that the answer says.
pub(crate) async fn enable(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<axum::Json<StatusView>, ApiError> {
    change_status(&app, administrator, &id, ClientStatus::Active).await
}

/// Its sessions end, and every verifier refuses its tokens.
pub(crate) async fn remove(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
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
        Self {
            client_id: client.id.to_string(),
            name: client.name,
            kind: client.kind.code(),
            token_endpoint_auth_method: client.authentication.method().code(),
            scopes: client.scopes.iter().map(str::to_owned).collect(),
            resources: client.resources.iter().map(|uri| uri.as_str().to_owned()).collect(),
            redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
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
