//! Bodies of `application/x-www-form-urlencoded` (RFC 6749 appendix B): bounded, strict, and never repeated in an error.

use crate::error::{ApiError, Kind};
use crate::http::body::{check_type, read};
use crate::limits::{BODY_BYTES_MAX, FORM_PARAMETERS_MAX};
use crate::openapi::{Input, Operation};
use axum::extract::{FromRequest, Request};
pub(crate) use countersign_core::form::decode;
use countersign_jose::Secret;

/// The parameters of a form. Those that nobody asks for are ignored (RFC 6749 §3.2).
pub(crate) struct Form(Vec<(String, Secret<String>)>);

/// The media type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

// RFC 8707 §2: a client may name several resource servers.
const MAY_REPEAT: &str = "resource";

impl Form {
    /// How much a form may hold.
    pub(crate) fn limits() -> String {
        format!(
            "{BODY_BYTES_MAX} bytes and {FORM_PARAMETERS_MAX} parameters at most. A parameter without a value counts as \
             left out, one that is not known is ignored; none may be there twice (RFC 6749 §3.2)."
        )
    }

    /// A parameter's value; one without a value counts as left out (RFC 6749 §3.2).
    pub(crate) fn get(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter.
    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let values = self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.expose().as_str());
        values.filter(|value| !value.is_empty())
    }

    fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let mut parameters: Vec<(String, Secret<String>)> = Vec::new();
        for pair in pairs {
            let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = (&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(ApiError::invalid_request("the form is not percent-encoded UTF-8"));
            };
            if parameters.len() == FORM_PARAMETERS_MAX {
                return Err(ApiError::invalid_request("the form has too many parameters"));
            }
            if name != MAY_REPEAT && parameters.iter().any(|(known, _)| *known == name) {
                return Err(ApiError::invalid_request("the form has a parameter twice"));
            }
            parameters.push((name, Secret::new(value)));
        }
        Ok(Self(parameters))
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        check_type(&parts.headers, FORM)?;
        Self::parse(&read(&parts.headers, body).await?)
    }
}

impl Input for Form {
    /// Which parameters there are is for the operation to say.
    fn describe(operation: &mut Operation) {
        operation.fails(&[Kind::InvalidRequest, Kind::TooLarge, Kind::UnsupportedMediaType]);
    }
}

/// A form as text, for whoever reads it.
pub(crate) struct RawForm(pub(crate) String);

impl<S: Sync> FromRequest<S> for RawForm {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        check_type(&parts.headers, FORM)?;
        let body = read(&parts.headers, body).await?;
        let text = String::from_utf8(body.into()).map(Self);
        text.map_err(|_| ApiError::invalid_request("the form is not percent-encoded UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn a_parameter_without_value_counts_as_left_out() {
        let form = Form::parse(b"grant_type=client_credentials&scope=&x&&resource=a&resource=b").unwrap();
        assert_eq!(form.get("grant_type"), Some("client_credentials"));
        assert_eq!((form.get("scope"), form.get("x"), form.get("y")), (None, None, None));
        assert_eq!(form.all("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_is_there_twice_or_too_many_are_refused() {
        assert!(Form::parse(b"scope=a&scope=b").is_err());
        assert!(Form::parse(b"unknown=a&unknown=").is_err());
        let many: Vec<_> = (0..33).map(|n| format!("p{n}=1")).collect();
        assert!(Form::parse(many.join("&").as_bytes()).is_err());
        assert!(Form::parse(many[..32].join("&").as_bytes()).is_ok());
    }
}
