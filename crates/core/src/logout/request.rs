//! Logout requests (OpenID Connect RP-Initiated Logout §2): what is checked before anything is looked up.

use super::IdTokenHint;
use crate::client::{ClientId, RedirectUri};
use crate::grant::Parameters;
use crate::limits::STATE_CHARACTERS_MAX;

/// A client's wish that whoever is at the browser be signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// The ID token that it shows.
    pub hint: Option<IdTokenHint>,
    /// Which client it says that it is: by the hint, by `client_id`, or by both alike.
    pub client: Option<ClientId>,
    /// Where they are to come back to; nobody knows yet whether they may.
    pub post_logout_redirect_uri: Option<RedirectUri>,
    /// What goes back with them.
    pub state: Option<String>,
}

/// A logout request that leads nowhere: whoever is at the browser is told, and nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLogout {
    /// The hint is no ID token of this issuer.
    #[error("`id_token_hint` is not an ID token that was issued here")]
    Hint,
    /// Hint and `client_id` name two clients.
    #[error("`client_id` is not the application for which the `id_token_hint` was issued")]
    AnotherClient,
    /// No client of that id, it is disabled, or it acts for itself.
    #[error("the request names no application at which people sign in here")]
    UnknownClient,
    /// Somewhere to come back to, and nobody whose it could be.
    #[error("`post_logout_redirect_uri` needs an `id_token_hint` or a `client_id` beside it")]
    NoClient,
    /// None that is registered.
    #[error("`post_logout_redirect_uri` is not registered for this application: it is compared character by character")]
    RedirectUri,
    /// Too long, or would come back changed.
    #[error("`state` is not printable ASCII of at most {STATE_CHARACTERS_MAX} characters")]
    State,
}

impl LogoutRequest {
    /// Reads a request; `hint` reads an ID token. `logout_hint`, `ui_locales` and whatever else is there is ignored.
    ///
    /// # Errors
    /// [`InvalidLogout`], in the order of its variants.
    pub fn read(
        parameters: &Parameters,
        hint: impl FnOnce(&str) -> Option<IdTokenHint>,
    ) -> Result<Self, InvalidLogout> {
        let hint = parameters.get("id_token_hint").map(|text| hint(text).ok_or(InvalidLogout::Hint)).transpose()?;
        let named = hint.as_ref().map(IdTokenHint::client);
        let client = match (named, parameters.get("client_id")) {
            (Some(named), Some(id)) if named != id => return Err(InvalidLogout::AnotherClient),
            (Some(id), _) | (None, Some(id)) => Some(ClientId::parse(id).map_err(|_| InvalidLogout::UnknownClient)?),
            (None, None) => None,
        };
        let uri = parameters.get("post_logout_redirect_uri").map(RedirectUri::parse).transpose();
        let post_logout_redirect_uri = uri.map_err(|_| InvalidLogout::RedirectUri)?;
        if post_logout_redirect_uri.is_some() && client.is_none() {
            return Err(InvalidLogout::NoClient);
        }
        let state = parameters.get("state").map(str::to_owned);
        let printable = |state: &String| state.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if !state.as_ref().is_none_or(|state| state.len() <= STATE_CHARACTERS_MAX && printable(state)) {
            return Err(InvalidLogout::State);
        }
        Ok(Self { hint, client, post_logout_redirect_uri, state })
    }
}

#[cfg(test)]
mod tests {
    use super::{IdTokenHint, InvalidLogout, LogoutRequest};
    use crate::grant::Parameters;

    fn read(query: &str) -> Result<LogoutRequest, InvalidLogout> {
        let hint = |text: &str| (text == "good").then(|| IdTokenHint::OfGoneKey { client: "app".to_owned() });
        LogoutRequest::read(&Parameters::parse(query).unwrap(), hint)
    }

    #[test]
    fn a_client_is_named_by_hint_or_id_and_by_both_alike() {
        for query in
            ["id_token_hint=good", "client_id=app", "client_id=app&id_token_hint=good&logout_hint=x&ui_locales=de"]
        {
            assert_eq!(read(query).unwrap().client.unwrap().as_str(), "app", "{query}");
        }
        let nothing = read("state=&client_id=").unwrap();
        assert_eq!(nothing, LogoutRequest { hint: None, client: None, post_logout_redirect_uri: None, state: None });
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (query, why) in [
            ("id_token_hint=bad&client_id=app", InvalidLogout::Hint),
            ("id_token_hint=good&client_id=other", InvalidLogout::AnotherClient),
            ("client_id=a%20b", InvalidLogout::UnknownClient),
            ("post_logout_redirect_uri=https://app.example/bye", InvalidLogout::NoClient),
            ("client_id=app&post_logout_redirect_uri=/bye", InvalidLogout::RedirectUri),
            ("client_id=app&post_logout_redirect_uri=https://app.example/bye%23x", InvalidLogout::RedirectUri),
            ("state=%0d%0a", InvalidLogout::State),
            (&format!("state={}", "x".repeat(2_049)), InvalidLogout::State),
        ] {
            assert_eq!(read(query), Err(why), "{query}");
        }
    }
}
