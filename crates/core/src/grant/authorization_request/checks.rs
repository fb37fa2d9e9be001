//! Each check of an authorization request; [`AuthorizationRequest::read`](super::AuthorizationRequest::read) has their
//! order.

use super::{AuthorizationError as Error, Parameters, Prompt, RequestedClaims, ResponseMode};
use crate::grant::CodeChallenge;
use crate::limits::{LOGIN_CHARACTERS_MAX, NONCE_CHARACTERS_MAX, STATE_CHARACTERS_MAX};
use crate::resource::ResourceUri;
use crate::scope::{OPENID, ScopeSet};
use crate::time::Span;
use countersign_jose::base64url;

/// OpenID Connect Core §6: parameters that come otherwise than as they are.
pub(super) fn no_request_object(parameters: &Parameters) -> Result<(), Error> {
    if parameters.get("request").is_some() {
        return Err(Error::RequestObject);
    }
    if parameters.get("request_uri").is_some() { Err(Error::RequestUri) } else { Ok(()) }
}

/// RFC 6749 appendix A.5: printable ASCII. Whatever else would come back changed by one form or another.
pub(super) fn state(parameters: &Parameters) -> Result<Option<&str>, Error> {
    let printable = |state: &str| state.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    match parameters.get("state") {
        Some(state) if state.len() > STATE_CHARACTERS_MAX || !printable(state) => Err(Error::State),
        state => Ok(state),
    }
}

/// OAuth 2.1: the code is all that there is.
pub(super) fn response_type(parameters: &Parameters) -> Result<(), Error> {
    match parameters.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(Error::ResponseType),
        None => Err(Error::NoResponseType),
    }
}

pub(super) fn response_mode(parameters: &Parameters) -> Result<ResponseMode, Error> {
    let mode = parameters.get("response_mode");
    mode.map_or(Ok(ResponseMode::Query), |mode| ResponseMode::from_code(mode).ok_or(Error::ResponseMode))
}

/// RFC 7636 §4.3, RFC 9700 §2.1.1: required of every client; a missing method would mean `plain`.
pub(super) fn code_challenge(parameters: &Parameters) -> Result<CodeChallenge, Error> {
    let challenge = parameters.get("code_challenge").ok_or(Error::CodeChallenge)?;
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(Error::CodeChallengeMethod);
    }
    CodeChallenge::parse(challenge).map_err(|_| Error::CodeChallenge)
}

pub(super) fn scope(parameters: &Parameters) -> Result<ScopeSet, Error> {
    ScopeSet::parse(parameters.get("scope").unwrap_or_default()).map_err(Error::Scope)
}

/// RFC 8707 §2 allows several; a token here is for one.
pub(super) fn resource(parameters: &Parameters) -> Result<Option<ResourceUri>, Error> {
    let mut resources = parameters.all("resource");
    let resource = resources.next().map(ResourceUri::parse).transpose().map_err(|_| Error::Target)?;
    if resources.next().is_some() { Err(Error::Target) } else { Ok(resource) }
}

pub(super) fn nonce(parameters: &Parameters) -> Result<Option<String>, Error> {
    match parameters.get("nonce") {
        Some(nonce) if nonce.chars().count() > NONCE_CHARACTERS_MAX => Err(Error::Nonce),
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

/// OpenID Connect Core §3.1.2.1.
pub(super) fn prompt(parameters: &Parameters) -> Result<Prompt, Error> {
    let values: Vec<_> = parameters.get("prompt").unwrap_or_default().split(' ').filter(|v| !v.is_empty()).collect();
    if values == ["none"] {
        return Ok(Prompt::Silent);
    }
    let (mut sign_in, mut consent) = (false, false);
    for value in values {
        match value {
            // There is one account a browser: to choose another is to sign in.
            "login" | "select_account" => sign_in = true,
            "consent" => consent = true,
            _ => return Err(Error::Prompt),
        }
    }
    Ok(Prompt::MayAsk { sign_in, consent })
}

pub(super) fn max_age(parameters: &Parameters) -> Result<Option<Span>, Error> {
    let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(text) = parameters.get("max_age") else { return Ok(None) };
    // More than fits is longer than any sign-in lasts.
    let seconds = Some(text).filter(digits).map(|text| text.parse().unwrap_or(u64::MAX));
    seconds.map(|seconds| Some(Span::from_seconds(seconds))).ok_or(Error::MaxAge)
}

/// OpenID Connect Core §5.5; without `openid` it means nothing.
pub(super) fn claims(parameters: &Parameters, scope: &ScopeSet) -> Result<RequestedClaims, Error> {
    let text = parameters.get("claims").filter(|_| scope.contains(OPENID));
    let claims = text.map(RequestedClaims::read).transpose().map_err(|_| Error::Claims)?.unwrap_or_default();
    // No sign-in here has a class yet.
    if claims.essential_acr { Err(Error::AuthenticationClass) } else { Ok(claims) }
}

/// Only shown, and only if it could be a login.
pub(super) fn login_hint(parameters: &Parameters) -> Option<String> {
    let hint = parameters.get("login_hint")?;
    (hint.chars().count() <= LOGIN_CHARACTERS_MAX && !hint.chars().any(char::is_control)).then(|| hint.to_owned())
}

/// RFC 9449 §10.
pub(super) fn dpop_jkt(parameters: &Parameters) -> Result<Option<String>, Error> {
    let Some(jkt) = parameters.get("dpop_jkt") else { return Ok(None) };
    let is_thumbprint = base64url::decode(jkt).is_ok_and(|bytes| bytes.len() == 32);
    if is_thumbprint { Ok(Some(jkt.to_owned())) } else { Err(Error::Thumbprint) }
}
