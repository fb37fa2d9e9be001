//! What every token request has in its form, whatever the grant.

use crate::error::ApiError;
use crate::http::form::Form;
use crate::openapi::values;
use countersign_core::grant::GrantType;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, Schema};

/// What a token request asks for.
pub(super) struct TokenForm {
    pub(super) grant: GrantType,
    /// None where it was left out.
    pub(super) scope: Option<ScopeSet>,
    pub(super) resource: Option<ResourceUri>,
}

/// What a token request asks for: what each grant needs, and how the client authenticates unless by a header.
#[derive(ToSchema)]
#[schema(as = TokenRequest)]
#[expect(dead_code, reason = "only its schema matters: the form is read by names")]
pub(super) struct TokenParameters {
    #[schema(value_type = values::GrantTypeCode)]
    grant_type: String,
    /// What the token may be used for. At a refresh: less than was granted. Not beside a code.
    #[schema(value_type = values::ScopeList, required = false)]
    scope: Option<String>,
    /// The one resource server that the token is for (RFC 8707 §2); the issuer itself, or what was granted, where it is
    /// left out.
    #[schema(schema_with = or_nothing::<values::ResourceUriText>, required = false)]
    resource: Option<String>,
    /// Of a client that does not authenticate by a header.
    #[schema(schema_with = or_nothing::<values::ClientId>, required = false)]
    client_id: Option<String>,
    /// By `client_secret_post`.
    #[schema(required = false)]
    client_secret: Option<String>,
    /// By `private_key_jwt`: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer` (RFC 7523 §2.2).
    #[schema(required = false)]
    client_assertion_type: Option<String>,
    /// By `private_key_jwt`: signed by the client, for the issuer alone, good once.
    #[schema(required = false)]
    client_assertion: Option<String>,
    /// The authorization code.
    #[schema(required = false)]
    code: Option<String>,
    /// As in the authorization request.
    #[schema(required = false)]
    redirect_uri: Option<String>,
    /// What the code challenge was made of (RFC 7636 §4.5).
    #[schema(required = false)]
    code_verifier: Option<String>,
    /// The refresh token.
    #[schema(required = false)]
    refresh_token: Option<String>,
    /// Makes a lost reply harmless: see the refresh of the JSON API.
    #[schema(required = false)]
    retry: Option<String>,
}

/// A parameter without a value counts as left out.
fn or_nothing<T: ToSchema>() -> Schema {
    let nothing = ObjectBuilder::new().schema_type(Type::String).max_length(Some(0));
    OneOfBuilder::new().item(Ref::from_schema_name(T::name())).item(nothing).build().into()
}

impl TokenForm {
    pub(super) fn read(form: &Form) -> Result<Self, ApiError> {
        let grant = form.get("grant_type").ok_or_else(|| ApiError::invalid_request("`grant_type` is missing"))?;
        let grant = GrantType::from_code(grant).ok_or_else(ApiError::unsupported_grant_type)?;
        let scope = form.get("scope").map(ScopeSet::parse).transpose();
        let scope = scope.map_err(|error| ApiError::invalid_scope(&error))?;
        let mut resources = form.all("resource");
        let resource = resources.next().map(ResourceUri::parse).transpose().map_err(|_| ApiError::invalid_target())?;
        // RFC 8707 §2 allows several; a token here is for one.
        if resources.next().is_some() {
            return Err(ApiError::invalid_target());
        }
        Ok(Self { grant, scope, resource })
    }
}
