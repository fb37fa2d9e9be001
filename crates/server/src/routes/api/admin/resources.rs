//! `/api/v1/admin/resources`: registering resource servers and taking them away.

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
use countersign_core::account::{Role, Roles};
use countersign_core::ops::{AddResource, RemoveResource};
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::scope::Scope;
use countersign_core::store::{AddedResource, Swap};
use countersign_core::token::{ClaimMapping, ClaimName, ClaimSource};
use countersign_core::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A resource server to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceRegistration)]
pub(crate) struct AddRequest {
    /// It becomes the `aud` of its tokens.
    #[schema(value_type = values::ResourceUriText)]
    uri: String,
    /// What its tokens may be used for.
    #[serde(default)]
    #[schema(max_items = 64)]
    scopes: Vec<ScopeDefinition>,
    /// How long its access tokens live, where that differs from `tokens.access_lifetime`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600)]
    lifetime_seconds: Option<u64>,
    /// The custom claims of its tokens, each with its source, `attribute:NAME`, instead of those of `tokens.claims`; an
    /// empty object: none.
    #[serde(default)]
    claims: Option<BTreeMap<String, String>>,
}

/// A scope of a resource server.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeDefinition {
    #[schema(value_type = values::ScopeToken)]
    scope: String,
    /// Of these one is needed; without any every account may have it.
    #[serde(default)]
    #[schema(value_type = values::RoleNames)]
    roles: Vec<String>,
}

/// A registered resource server.
#[derive(Serialize, ToSchema)]
#[schema(as = Resource)]
pub(crate) struct ResourceView {
    #[schema(value_type = values::ResourceUriText)]
    uri: String,
    scopes: Vec<ScopeDefinition>,
    /// How long its access tokens live, where it says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, minimum = 1, maximum = 3600)]
    lifetime_seconds: Option<u64>,
    /// The custom claims of its tokens, each with its source, where it has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    claims: Option<BTreeMap<String, String>>,
    #[schema(value_type = values::Moment)]
    created_at: String,
}

/// By URI.
pub(crate) async fn list(
    State(app): State<App>,
    _administrator: Administrator,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<ResourceView>>, ApiError> {
    let found = app.store().resources(query.page()?).await?;
    List::of(found, |resource| ResourceView::of(&resource)).map(axum::Json)
}

pub(crate) async fn show(
    State(app): State<App>,
    _administrator: Administrator,
    Path(uri): Path,
) -> Result<axum::Json<ResourceView>, ApiError> {
    let found = app.store().resource(&parse(&uri)?).await?;
    found.map(|resource| axum::Json(ResourceView::of(&resource))).ok_or_else(ApiError::not_found)
}

/// From now on tokens can be for it.
pub(crate) async fn add(
    State(app): State<App>,
    administrator: Administrator,
    Json(request): Json<AddRequest>,
) -> Result<(StatusCode, axum::Json<ResourceView>), ApiError> {
    let resource = request.read(app.source().now())?;
    let view = ResourceView::of(&resource);
    match AddResource(resource).run(administrator.actor, app.store()).await? {
        AddedResource::Added => {
            tracing::info!(resource = view.uri, "resource server added by an administrator");
            Ok((StatusCode::CREATED, axum::Json(view)))
        }
        AddedResource::UriTaken => Err(ApiError::resource_uri_taken()),
    }
}

/// Its sessions are refused at their next refresh; tokens that were issued live on until they expire.
pub(crate) async fn remove(
    State(app): State<App>,
    administrator: Administrator,
    Path(uri): Path,
) -> Result<StatusCode, ApiError> {
    let uri = parse(&uri)?;
    match RemoveResource(uri.clone()).run(administrator.actor, app.store(), app.source().now()).await? {
        Swap::Won => {
            tracing::info!(resource = uri.as_str(), "resource server removed by an administrator");
            Ok(StatusCode::NO_CONTENT)
        }
        Swap::Lost => Err(ApiError::not_found()),
    }
}

/// What can't be one is not there.
fn parse(uri: &str) -> Result<ResourceUri, ApiError> {
    ResourceUri::parse(uri).map_err(|_| ApiError::not_found())
}

impl AddRequest {
    fn read(self, now: Time) -> Result<Resource, ApiError> {
        let uri = ResourceUri::parse(&self.uri).map_err(|error| told(&error))?;
        let scopes = self.scopes.iter().map(ScopeDefinition::read).collect::<Result<Vec<_>, _>>()?;
        let lifetime = self.lifetime_seconds.map(Span::from_seconds);
        let resource = Resource::of(uri, scopes, lifetime, now).map_err(|error| told(&error))?;
        let claims = self.claims.map(|claims| {
            let claims = claims.iter().map(|(name, source)| Ok((ClaimName::parse(name)?, ClaimSource::parse(source)?)));
            ClaimMapping::of(claims.collect::<Result<Vec<_>, _>>()?)
        });
        Ok(Resource { claims: claims.transpose().map_err(|error| told(&error))?, ..resource })
    }
}

impl ScopeDefinition {
    fn read(&self) -> Result<(Scope, Roles), ApiError> {
        let scope = Scope::parse(&self.scope).map_err(|error| ApiError::invalid_scope(&error))?;
        let roles = self.roles.iter().map(|role| Role::parse(role)).collect::<Result<Vec<_>, _>>().and_then(Roles::of);
        Ok((scope, roles.map_err(|error| told(&error))?))
    }
}

/// Our own errors say what was expected and repeat nothing that could be a secret.
fn told(error: &dyn std::error::Error) -> ApiError {
    ApiError::invalid_request(error.to_string())
}

impl ResourceView {
    fn of(resource: &Resource) -> Self {
        let scopes = resource.scopes.iter().map(|(scope, roles)| ScopeDefinition {
            scope: scope.as_str().to_owned(),
            roles: roles.iter().map(str::to_owned).collect(),
        });
        let claims = resource.claims.as_ref();
        let claims =
            claims.map(|claims| claims.iter().map(|(name, from)| (name.to_owned(), from.to_string())).collect());
        Self {
            uri: resource.uri.as_str().to_owned(),
            scopes: scopes.collect(),
            lifetime_seconds: resource.lifetime.map(Span::as_seconds),
            claims,
            created_at: rfc3339(resource.created_at),
        }
    }
}

pub(crate) mod docs {
    use super::{ResourceView, ScopeDefinition};
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag, examples, values};
    use crate::routes::api::page::one;
    use axum::http::StatusCode;
    use serde_json::json;

    const ORDERS: &str = "https://orders.example.com";

    fn orders() -> ResourceView {
        let scope = |scope: &str, roles: &[&str]| ScopeDefinition {
            scope: scope.to_owned(),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
        };
        ResourceView {
            uri: ORDERS.to_owned(),
            scopes: vec![scope("orders:admin", &["admin", "ops"]), scope(examples::SCOPE, &[])],
            lifetime_seconds: Some(300),
            claims: None,
            created_at: examples::TIME.to_owned(),
        }
    }

    pub(crate) fn list(operation: &mut Operation) {
        operation.is("listResources", Tag::Administration, "List resource servers", "By URI.").answers(Answer::json(
            StatusCode::OK,
            "The resource servers.",
            &one(orders()),
        ));
    }

    pub(crate) fn show(operation: &mut Operation) {
        operation
            .is(
                "showResource",
                Tag::Administration,
                "Show a resource server",
                "With its scopes, and who may have them.",
            )
            .answers(Answer::json(StatusCode::OK, "The resource server.", &orders()));
        named(operation);
    }

    pub(crate) fn add(operation: &mut Operation) {
        let roles = json!([{ "scope": examples::SCOPE }, { "scope": "orders:admin", "roles": ["admin", "ops"] }]);
        operation
            .is(
                "addResource",
                Tag::Administration,
                "Register a resource server",
                "From now on tokens can be for it (RFC 8707). A scope that names roles is granted to accounts that have one \
                 of them, and never to machines; any other to whoever asks and may.",
            )
            .body_example(json!({ "uri": ORDERS, "scopes": roles, "lifetime_seconds": 300 }))
            .answers(Answer::json(StatusCode::CREATED, "Registered.", &orders()))
            .fails(&[Kind::InvalidScope, Kind::ResourceUriTaken]);
    }

    pub(crate) fn remove(operation: &mut Operation) {
        let text = "Nothing is for it any more: its sessions are refused at their next refresh, tokens that were issued live \
                    on until they expire.";
        operation
            .is("removeResource", Tag::Administration, "Remove a resource server", text)
            .answers(Answer::empty(StatusCode::NO_CONTENT, "Removed."));
        named(operation);
    }

    fn named(operation: &mut Operation) {
        operation.path_parameter::<values::ResourceUriText>("uri", "The resource server, percent-encoded.", ORDERS);
    }
}
