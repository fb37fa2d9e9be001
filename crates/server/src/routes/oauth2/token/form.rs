//! The form of a token request.

use crate::error::ApiError;
use crate::http::form::Form;
use countersign_core::client::Client;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;

/// What a token request asks for, whatever the grant.
pub(super) struct TokenForm {
    pub(super) grant_type: GrantType,
    pub(super) scope: ScopeSet,
    pub(super) resource: Option<ResourceUri>,
}

/// The grants that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GrantType {
    /// RFC 6749 §4.4.
    ClientCredentials,
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
