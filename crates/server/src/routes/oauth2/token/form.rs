//! The form of a token request.

use crate::error::ApiError;
use crate::http::form::Form;
use crate::openapi::values;
use countersign_core::client::Client;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, Schema};

/// What a token request asks for, whatever the grant.
pub(super) struct TokenForm {
    pub(super) grant_type: GrantType,
    pub(super) scope: ScopeSet,
    pub(super) resource: Option<ResourceUri>,
}

/// What a token request asks for. The client's secret is in the header alone.
#[derive(ToSchema)]
#[schema(as = TokenRequest)]
#[expect(dead_code, reason = "only its schema matters: the form is read by names")]
pub(super) struct TokenParameters {
    grant_type: GrantType,
    /// What the token may be used for; everything that the client may have there, where it is left out.
    #[schema(value_type = values::ScopeList, required = false)]
    scope: Option<String>,
    /// The one resource server that the token is for (RFC 8707 §2); the issuer itself where it is left out.
    #[schema(schema_with = or_nothing::<values::ResourceUriText>, required = false)]
    resource: Option<String>,
    /// That of the header, if it is said again.
    #[schema(schema_with = or_nothing::<values::ClientId>, required = false)]
    client_id: Option<String>,
}

/// The grants that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum GrantType {
    /// RFC 6749 §4.4.
    ClientCredentials,
}

/// A parameter without a value counts as left out.
fn or_nothing<T: ToSchema>() -> Schema {
    let nothing = ObjectBuilder::new().schema_type(Type::String).max_length(Some(0));
    OneOfBuilder::new().item(Ref::from_schema_name(T::name())).item(nothing).build().into()
}

impl TokenForm {
    /// Reads the form of `client`, which has been authenticated by its header.
    pub(super) fn read(form: &Form, client: &Client) -> Result<Self, ApiError> {
        if form.get("client_secret").is_some() {
            // RFC 6749 §2.3: not more than one method a request.
            return Err(ApiError::invalid_request("the client's secret belongs in the `Authorization` header alone"));
        }
        if form.get("client_id").is_some_and(|id| id != client.id.as_str()) {
            return Err(ApiError::invalid_request("`client_id` is another than that of the `Authorization` header"));
        }
        let grant_type = match form.get("grant_type") {
            Some("client_credentials") => GrantType::ClientCredentials,
            Some(_) => return Err(ApiError::unsupported_grant_type()),
            None => return Err(ApiError::invalid_request("`grant_type` is missing")),
        };
        let scope = ScopeSet::parse(form.get("scope").unwrap_or_default());
        let scope = scope.map_err(|error| ApiError::invalid_scope(&error))?;
        let mut resources = form.all("resource");
        let resource = resources.next().map(ResourceUri::parse).transpose().map_err(|_| ApiError::invalid_target())?;
        // RFC 8707 §2 allows several; a token here is for one.
        if resources.next().is_some() {
            return Err(ApiError::invalid_target());
        }
        Ok(Self { grant_type, scope, resource })
    }
}
