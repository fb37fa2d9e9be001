//! What every token request has in its form, whatever the grant.

use crate::error::ApiError;
use crate::http::form::Form;
use countersign_core::grant::GrantType;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;

/// What a token request asks for.
pub(super) struct TokenForm {
    pub(super) grant: GrantType,
    /// None where it was left out.
    pub(super) scope: Option<ScopeSet>,
    pub(super) resource: Option<ResourceUri>,
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
