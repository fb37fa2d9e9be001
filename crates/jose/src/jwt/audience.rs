//! `aud`: one string or an array of strings (RFC 7519 §4.1.3).

use crate::{VerifyError, json::Value};

/// Whom a token is for, in the order of the token.
pub(crate) fn parse(value: Value<'_>) -> Result<Vec<String>, VerifyError> {
    if let Some(single) = value.string() {
        return Ok(vec![single.into_owned()]);
    }
    let several = value.strings().ok_or(VerifyError::ClaimType("aud"))?;
    Ok(several.into_iter().map(String::from).collect())
}
