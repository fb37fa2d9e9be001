//! What a client registers to hear of sign-outs: where people come back to after one (OpenID Connect RP-Initiated Logout
//! §3.1), and where it is told of one (OpenID Connect Back-Channel Logout §2.2).

use super::redirect_uri::RedirectRule;
use super::{ClientKind, InvalidClient, InvalidRedirectUri, RedirectUri};
use crate::limits::REDIRECT_URIS_MAX;
use std::collections::BTreeSet;

/// The same, as an operator typed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogoutProfile {
    /// Where people may come back to once they have signed out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where logout tokens go.
    pub backchannel_logout_uri: Option<String>,
    /// Whether the client needs `sid` in each; it is always there.
    pub backchannel_logout_session_required: bool,
}

/// What was registered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientLogout {
    /// Where people may come back to once they have signed out.
    pub post_logout_redirect_uris: BTreeSet<RedirectUri>,
    /// Where and how the client is told of sessions that end; none: it is not.
    pub backchannel: Option<BackchannelLogout>,
}

/// Where and how a client is told of sessions that end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackchannelLogout {
    /// Where logout tokens go.
    pub uri: LogoutUri,
    /// `backchannel_logout_session_required`.
    pub session_required: bool,
}

/// Where logout tokens go: `https`, or `http` on this machine, as redirect URIs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutUri(RedirectUri);

impl LogoutUri {
    /// Reads one that was registered.
    ///
    /// # Errors
    /// [`InvalidRedirectUri`] where it never could be.
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        RedirectUri::parse(text).map(Self)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl ClientLogout {
    /// Whether people may come back there: the same text, nothing else (RP-Initiated Logout §2).
    #[must_use]
    pub fn may_lead_to(&self, asked: &RedirectUri) -> bool {
        self.post_logout_redirect_uris.contains(asked)
    }

    pub(super) fn register(kind: ClientKind, typed: &LogoutProfile) -> Result<Self, InvalidClient> {
        let nothing = *typed == LogoutProfile::default();
        if !kind.signs_people_in() && !nothing {
            return Err(InvalidClient::NoUseForLogout { kind });
        }
        if typed.post_logout_redirect_uris.len() > REDIRECT_URIS_MAX {
            return Err(InvalidClient::TooManyRedirectUris);
        }
        let back = |(number, uri): (usize, &String)| {
            let read = RedirectUri::to_register(uri, kind.redirect_rule());
            read.map_err(|why| InvalidClient::PostLogoutRedirectUri { number, why })
        };
        let told = |uri: &String| {
            let uri = RedirectUri::to_register(uri, RedirectRule::Web).map(LogoutUri);
            let session_required = typed.backchannel_logout_session_required;
            uri.map(|uri| BackchannelLogout { uri, session_required })
                .map_err(|why| InvalidClient::BackchannelLogoutUri { why })
        };
        let backchannel = typed.backchannel_logout_uri.as_ref().map(told).transpose()?;
        if typed.backchannel_logout_session_required && backchannel.is_none() {
            return Err(InvalidClient::NoBackchannelLogoutUri);
        }
        let post_logout_redirect_uris =
            (1..).zip(&typed.post_logout_redirect_uris).map(back).collect::<Result<_, _>>()?;
        Ok(Self { post_logout_redirect_uris, backchannel })
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientLogout, LogoutProfile};
    use crate::client::{ClientKind, InvalidClient, InvalidRedirectUri, RedirectUri};

    fn back(kind: ClientKind, uris: &[&str]) -> Result<ClientLogout, InvalidClient> {
        let post_logout_redirect_uris = uris.iter().map(|&uri| uri.to_owned()).collect();
        ClientLogout::register(kind, &LogoutProfile { post_logout_redirect_uris, ..LogoutProfile::default() })
    }

    fn told(uri: &str) -> Result<ClientLogout, InvalidClient> {
        let backchannel_logout_uri = Some(uri.to_owned());
        ClientLogout::register(ClientKind::Web, &LogoutProfile { backchannel_logout_uri, ..LogoutProfile::default() })
    }

    #[test]
    fn what_can_not_be_registered_says_which_and_why() {
        assert!(back(ClientKind::Web, &["https://app.example/bye", "http://localhost:3000/bye"]).is_ok());
        assert!(back(ClientKind::Native, &["com.example.app:/bye"]).is_ok());
        let why = InvalidRedirectUri::NotHttps;
        let second = back(ClientKind::Spa, &["https://app.example/bye", "http://app.example/bye"]);
        assert_eq!(second, Err(InvalidClient::PostLogoutRedirectUri { number: 2, why }));
        let many: Vec<_> = (0..33).map(|n| format!("https://app.example/{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(back(ClientKind::Web, &many), Err(InvalidClient::TooManyRedirectUris));
        let kind = ClientKind::Machine;
        assert_eq!(back(kind, &["https://app.example/bye"]), Err(InvalidClient::NoUseForLogout { kind }));
        assert_eq!(back(kind, &[]), Ok(ClientLogout::default()));
        assert!(told("https://app.example/told?by=us").is_ok() && told("http://127.0.0.1:3000/told").is_ok());
        for (uri, why) in [
            ("http://app.example/told", InvalidRedirectUri::NotHttps),
            ("https://app.example/told#now", InvalidRedirectUri::Fragment),
            ("com.example.app:/told", InvalidRedirectUri::Scheme),
        ] {
            assert_eq!(told(uri), Err(InvalidClient::BackchannelLogoutUri { why }), "{uri}");
        }
        let required = LogoutProfile { backchannel_logout_session_required: true, ..LogoutProfile::default() };
        let nowhere = ClientLogout::register(ClientKind::Web, &required);
        assert_eq!(nowhere, Err(InvalidClient::NoBackchannelLogoutUri));
    }

    #[test]
    fn people_come_back_to_the_very_text_alone() {
        let logout = back(ClientKind::Native, &["http://127.0.0.1:8000/bye"]).unwrap();
        let leads = |text| logout.may_lead_to(&RedirectUri::parse(text).unwrap());
        assert!(leads("http://127.0.0.1:8000/bye"));
        assert!(!leads("http://127.0.0.1:8001/bye") && !leads("http://127.0.0.1:8000/bye?"));
    }
}
