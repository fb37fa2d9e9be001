//! Where an answer may go: decided before anything else is looked at.

use super::{Parameters, checks};
use crate::client::{Client, ClientId, ClientStatus, RedirectUri};
use crate::scope::OPENID;

/// Where and how a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// A redirect URI that is registered for the client.
    pub redirect_uri: RedirectUri,
    /// Whether the request named it.
    pub named: bool,
    /// How the answer gets there.
    pub mode: ResponseMode,
    /// What goes back with it, as it came.
    pub state: Option<String>,
}

/// How an answer gets to the redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponseMode {
    /// In the query of the redirect URI (RFC 6749 §4.1.2).
    #[default]
    Query,
    /// By a form that the browser posts there (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// A request that has nowhere to go: whoever is at the browser is told, and nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswerable {
    /// An escape is no escape, or the bytes are no UTF-8.
    #[error("the request is not percent-encoded UTF-8")]
    Encoding,
    /// More parameters than are read.
    #[error("the request has too many parameters")]
    TooMany,
    /// A parameter is there twice.
    #[error("the request has a parameter twice (RFC 6749 section 3.1)")]
    Twice,
    /// No `client_id`.
    #[error("`client_id` is missing")]
    NoClient,
    /// No client of that id, it is disabled, or it acts for itself.
    #[error("`client_id` names no application at which people sign in here")]
    UnknownClient,
    /// No `redirect_uri` where one is needed.
    #[error("`redirect_uri` is missing")]
    NoRedirectUri,
    /// None that is registered.
    #[error("`redirect_uri` is not registered for this application: it is compared character by character")]
    RedirectUri,
    /// `request_uri` is one of ours, but not good, or not good any more, for this client.
    #[error("the request is over, or was never made: begin again at the application")]
    NotPushed,
}

impl ResponseMode {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// As requests and metadata spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    /// The mode that is spelled so.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.code() == code)
    }
}

impl Destination {
    /// Which client asks; nothing is known of it yet.
    ///
    /// # Errors
    /// [`Unanswerable::NoClient`], or [`Unanswerable::UnknownClient`] where that can be no client's id.
    pub fn client(parameters: &Parameters) -> Result<ClientId, Unanswerable> {
        let id = parameters.get("client_id").ok_or(Unanswerable::NoClient)?;
        ClientId::parse(id).map_err(|_| Unanswerable::UnknownClient)
    }

    /// Where answers to this request of `client` go.
    ///
    /// # Errors
    /// [`Unanswerable`] where the client may sign nobody in, or the redirect URI is missing or not registered for it.
    pub fn of(parameters: &Parameters, client: Option<&Client>) -> Result<Self, Unanswerable> {
        let usable = |client: &&Client| client.status == ClientStatus::Active && client.kind.signs_people_in();
        let client = client.filter(usable).ok_or(Unanswerable::UnknownClient)?;
        let asked = parameters.get("redirect_uri");
        // OpenID Connect Core §3.1.2.1 requires it even where only one is registered.
        let openid = parameters.get("scope").is_some_and(|scope| scope.split(' ').any(|scope| scope == OPENID));
        if asked.is_none() && (openid || client.redirect_uris.len() != 1) {
            return Err(Unanswerable::NoRedirectUri);
        }
        let uri = asked.map(RedirectUri::parse).transpose().map_err(|_| Unanswerable::RedirectUri)?;
        let redirect_uri = client.redirect_uri(uri.as_ref()).ok_or(Unanswerable::RedirectUri)?;
        Ok(Self {
            redirect_uri,
            named: asked.is_some(),
            // What is wrong with these two is told, by the way that is left.
            mode: checks::response_mode(parameters).unwrap_or_default(),
            state: checks::state(parameters).unwrap_or_default().map(str::to_owned),
        })
    }
}
