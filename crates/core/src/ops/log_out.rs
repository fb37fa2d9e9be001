//! The logout endpoint (OpenID Connect RP-Initiated Logout): signs somebody out of their browser on a client's wish. Nobody
//! is asked where the client shows an ID token that came through this very sign-in; a link alone signs nobody out.

use crate::audit::AuditEvent;
use crate::client::{Client, ClientStatus, RedirectUri};
use crate::draw::Draw;
use crate::grant::BrowserSecret;
use crate::ids::SessionId;
use crate::logout::{IdTokenHint, InvalidLogout, LogoutRequest};
use crate::ops::Origin;
use crate::ops::browser_session::{BrowserSession, browser_session};
use crate::session::{End, EndReason};
use crate::store::{EndSessions, Store, StoreError, Which};

/// A logout request, and what is known of whoever is at the browser.
#[derive(Debug)]
pub struct LogOut<'a> {
    /// The request.
    pub request: LogoutRequest,
    /// The browser's cookie.
    pub browser: Option<&'a BrowserSecret>,
    /// The sign-in that they said should end, if they were asked.
    pub confirmed: Option<SessionId>,
    /// Where it came from.
    pub origin: Origin,
}

/// What it leads to.
#[derive(Debug)]
pub enum LoggedOut {
    /// A page that says what is wrong.
    Refused(InvalidLogout),
    /// A page that asks.
    Ask(Box<LogoutQuestion>),
    /// Nobody is signed in at this browser (any more).
    Done {
        /// The sign-in that ended, if there was one.
        ended: Option<SessionId>,
        /// Where they come back to, if the client said so.
        after: Option<AfterLogout>,
    },
}

/// What the page asks.
#[derive(Debug)]
pub struct LogoutQuestion {
    /// Who wishes it, if it said so.
    pub client: Option<Client>,
    /// The login of whoever is asked.
    pub login: String,
    /// Their sign-in.
    pub session: SessionId,
    /// Where an answer leads.
    pub after: Option<AfterLogout>,
}

/// Where people come back to once they have signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterLogout {
    /// One that the client registered.
    pub uri: RedirectUri,
    /// What goes back with them.
    pub state: Option<String>,
}

impl LogOut<'_> {
    /// Checks the request and ends the browser's sign-in, with what clients got through it, if that needs no question.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(self, store: &dyn Store, draw: &Draw) -> Result<LoggedOut, StoreError> {
        let client = match &self.request.client {
            Some(id) => store.client(id).await?,
            None => None,
        };
        let usable = |client: &Client| client.status == ClientStatus::Active && client.kind.signs_people_in();
        if self.request.client.is_some() && !client.as_ref().is_some_and(usable) {
            return Ok(LoggedOut::Refused(InvalidLogout::UnknownClient));
        }
        let after = match &self.request.post_logout_redirect_uri {
            Some(uri) if !client.as_ref().is_some_and(|client| client.logout.may_lead_to(uri)) => {
                return Ok(LoggedOut::Refused(InvalidLogout::RedirectUri));
            }
            Some(uri) => Some(AfterLogout { uri: uri.clone(), state: self.request.state.clone() }),
            None => None,
        };
        let browser = match self.browser {
            Some(secret) => browser_session(secret, store, draw.now).await?,
            None => None,
        };
        let Some(browser) = browser else { return Ok(LoggedOut::Done { ended: None, after }) };
        let session = browser.session.id;
        if self.confirmed != Some(session) && !self.is_of(session, store).await? {
            let login = browser.account.login.as_str().to_owned();
            return Ok(LoggedOut::Ask(Box::new(LogoutQuestion { client, login, session, after })));
        }
        self.end(&browser, store, draw).await?;
        Ok(LoggedOut::Done { ended: Some(session), after })
    }

    /// Whether the client shows an ID token of this sign-in, or of a session that came through it.
    async fn is_of(&self, browser: SessionId, store: &dyn Store) -> Result<bool, StoreError> {
        let Some(IdTokenHint::Ours { session, .. }) = self.request.hint else { return Ok(false) };
        if session == browser {
            return Ok(true);
        }
        let shown = store.session(session).await?;
        Ok(shown.is_some_and(|shown| shown.session.parent == Some(browser)))
    }

    async fn end(&self, browser: &BrowserSession, store: &dyn Store, draw: &Draw) -> Result<(), StoreError> {
        let at_client = |event: AuditEvent| match &self.request.client {
            Some(client) => event.at_client(client.clone()),
            None => event,
        };
        let event = AuditEvent::new(draw.now, "session.logged_out", self.origin.actor());
        let audit = at_client(event.of_session(browser.session.id).of_account(browser.account.id));
        let by = format!("request {} from {}", self.origin.request, self.origin.address);
        let end = End::by(EndReason::SignedOut, by);
        let which = Which::One(browser.session.id);
        store.end_sessions(EndSessions { which, end, audit: Some(audit), now: draw.now }).await.map(|_| ())
    }
}
