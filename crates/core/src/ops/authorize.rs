//! The authorization endpoint (RFC 6749 §4.1): what a request leads to, from its raw parameters on. Nothing of it is
//! stored before the code, unless the client pushed it: each step, each page that is posted, begins here anew.

use crate::audit::AuditEvent;
use crate::client::Client;
use crate::draw::Draw;
use crate::grant::{
    AuthorizationCode, AuthorizationError, AuthorizationRequest, AuthorizedCode, BrowserSecret, Consent, Destination,
    Parameters, Prompt, SignedInFor, Unanswerable,
};
use crate::ids::{AccountId, SessionId};
use crate::limits::{CODE_LIFETIME, SCOPES_MAX};
use crate::ops::browser_session::{BrowserSession, browser_session};
use crate::ops::issue::granted;
use crate::ops::push_request::{Named, named};
use crate::ops::target::Target;
use crate::ops::{Origin, Policies};
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::session::SecretHash;
use crate::store::{CodeSaved, Held, HoldSession, SaveCode, Store, StoreError, Swap, UseClient};
use crate::time::Time;

/// An authorization request, and what is known of whoever is at the browser.
#[derive(Debug)]
pub struct Authorize<'a> {
    /// The request, as it came.
    pub parameters: &'a Parameters,
    /// What the document at the client's id says, where there is one.
    pub described: Option<Client>,
    /// The browser's cookie.
    pub browser: Option<&'a BrowserSecret>,
    /// For what its sign-in was made.
    pub signed_in: SignedInFor,
    /// What they answered on the consent page, if they were there.
    pub decision: Option<Decision>,
    /// Where it came from.
    pub origin: Origin,
}

/// What somebody answered on the consent page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes, to what the page showed.
    Allow {
        /// Under whose session it was shown.
        session: SessionId,
        /// What it showed.
        scope: ScopeSet,
    },
    /// No.
    Deny,
}

/// What it leads to.
#[derive(Debug)]
pub enum Authorized {
    /// A page for whoever is at the browser: it is not known where an answer may go.
    Unanswerable(Unanswerable),
    /// An answer to the client.
    Answer(Destination, Result<AuthorizationCode, AuthorizationError>),
    /// The sign-in page.
    SignIn(Box<SignInNeeded>),
    /// The consent page.
    Consent(Box<ConsentNeeded>),
}

/// What the sign-in page shows.
#[derive(Debug)]
pub struct SignInNeeded {
    /// Who asks.
    pub client: Client,
    /// Where answers go.
    pub destination: Destination,
    /// Who will probably sign in.
    pub login_hint: Option<String>,
}

/// What the consent page shows.
#[derive(Debug)]
pub struct ConsentNeeded {
    /// Who asks.
    pub client: Client,
    /// Where answers go.
    pub destination: Destination,
    /// The login of whoever is asked.
    pub login: String,
    /// Their session.
    pub session: SessionId,
    /// What would be granted.
    pub scope: ScopeSet,
    /// At which resource server, where it is not the issuer itself.
    pub resource: Option<ResourceUri>,
}

impl Authorize<'_> {
    /// Checks the request, finds who is signed in, asks what has to be asked, and gives a code.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed; no code leaves.
    pub async fn run(self, store: &dyn Store, policies: &Policies, draw: &Draw) -> Result<Authorized, StoreError> {
        let id = match Destination::client(self.parameters) {
            Ok(id) => id,
            Err(error) => return Ok(Authorized::Unanswerable(error)),
        };
        let pushed = named(self.parameters, &id, store, draw.now).await?;
        let (parameters, spends) = match &pushed {
            Named::Nothing => (self.parameters, None),
            Named::Pushed(hash, parameters) => (parameters, Some(*hash)),
            Named::Gone => return Ok(Authorized::Unanswerable(Unanswerable::NotPushed)),
        };
        let is_described = self.described.is_some();
        let client = Client::as_described(store.client(&id).await?, self.described);
        // What a document vouches for needs the document, however long it is known.
        let client = client.filter(|client| is_described || !client.follows_its_document());
        let (client, destination) = match (Destination::of(parameters, client.as_ref()), client) {
            (Ok(destination), Some(client)) => (client, destination),
            (Err(error), _) => return Ok(Authorized::Unanswerable(error)),
            (Ok(_), None) => return Ok(Authorized::Unanswerable(Unanswerable::UnknownClient)),
        };
        let request = match AuthorizationRequest::read(parameters) {
            Ok(_) if client.requires_pushed_requests && spends.is_none() => {
                return Ok(Authorized::Answer(destination, Err(AuthorizationError::NotPushed)));
            }
            Ok(request) => request,
            Err(error) => return Ok(Authorized::Answer(destination, Err(error))),
        };
        let target = Target::find(request.resource.as_ref(), store, policies).await?;
        let Some(target) = target.filter(|target| target.is_allowed_to(&client)) else {
            return Ok(Authorized::Answer(destination, Err(AuthorizationError::Target)));
        };
        let (decision, origin) = (self.decision, self.origin);
        let asked = Asked { client, destination, request, target, spends, policies, draw, origin };
        if decision == Some(Decision::Deny) {
            return Ok(asked.refused(AuthorizationError::AccessDenied));
        }
        let browser = match self.browser {
            Some(secret) => browser_session(secret, store, draw.now).await?,
            None => None,
        };
        let good = |at: Time| !asked.request.needs_sign_in(at, self.signed_in, draw.now);
        match browser.filter(|browser| good(browser.session.authenticated_at)) {
            Some(browser) if !asked.request.is_about(browser.account.id) => Ok(asked.of_another(self.signed_in)),
            Some(browser) => asked.of(browser, decision, store).await,
            None => Ok(asked.sign_in()),
        }
    }
}

/// A request that can be answered.
struct Asked<'a> {
    client: Client,
    destination: Destination,
    request: AuthorizationRequest,
    target: Target,
    spends: Option<SecretHash>,
    policies: &'a Policies,
    draw: &'a Draw,
    origin: Origin,
}

impl Asked<'_> {
    /// Somebody is signed in: whether they agreed, and then the code.
    async fn of(
        self,
        browser: BrowserSession,
        decision: Option<Decision>,
        store: &dyn Store,
    ) -> Result<Authorized, StoreError> {
        let account = &browser.account;
        let scope = granted(&self.request.scope, &self.client, self.target.resource.as_ref(), &account.roles);
        let given = match decision {
            // What one person was shown is no consent of another, who signed in meanwhile.
            Some(Decision::Allow { session, scope }) if session == browser.session.id => Some(scope),
            _ => None,
        };
        let remembered = store.consent(account.id, &self.client.id, &self.target.audience).await?;
        if self.request.needs_consent(&scope, given.as_ref(), remembered.as_ref()) {
            return Ok(self.consent(&browser, scope));
        }
        if self.client.origin.is_its_own_word() && self.use_client(account.id, store).await? == Swap::Lost {
            return Ok(Authorized::Unanswerable(Unanswerable::UnknownClient));
        }
        if given.is_some() {
            self.remember(&browser, &scope, remembered, store).await?;
        }
        if self.hold(&browser, store).await? == Held::Ended {
            return Ok(self.sign_in());
        }
        let code = self.draw.authorization_code();
        let event = AuditEvent::new(self.draw.now, "code.issued", self.origin.actor());
        let event = event.of_account(account.id).of_session(browser.session.id).at_client(self.client.id.clone());
        let (hash, spends) = (code.hash(), self.spends);
        let save = SaveCode { hash, code: self.code(&browser, scope), spends, audit: event };
        Ok(match store.save_code(save).await? {
            CodeSaved::Saved => Authorized::Answer(self.destination, Ok(code)),
            CodeSaved::Spent => Authorized::Unanswerable(Unanswerable::NotPushed),
        })
    }

    /// Whoever signed in for this request is not whom it is about; others may sign in once more.
    fn of_another(self, signed_in: SignedInFor) -> Authorized {
        match signed_in {
            SignedInFor::This => self.refused(AuthorizationError::OtherSubject),
            SignedInFor::Another => self.sign_in(),
        }
    }

    /// Only now, when somebody who is signed in agreed, does a client that no operator knows leave anything behind.
    async fn use_client(&self, account: AccountId, store: &dyn Store) -> Result<Swap, StoreError> {
        let (client, now) = (self.client.clone(), self.draw.now);
        let event = AuditEvent::new(now, "client.first_used", self.origin.actor()).of_account(account);
        let audit = event.at_client(client.id.clone()).told(format!("{}: its own word", client.origin.code()));
        store.use_client(UseClient { client, audit, now }).await
    }

    fn code(&self, browser: &BrowserSession, scope: ScopeSet) -> AuthorizedCode {
        AuthorizedCode {
            client: self.client.id.clone(),
            redirect_uri: self.destination.redirect_uri.clone(),
            redirect_uri_named: self.destination.named,
            account: browser.account.id,
            floor: browser.account.sessions_floor,
            parent: browser.session.id,
            authenticated_at: browser.session.authenticated_at,
            scope,
            audience: self.target.audience.clone(),
            nonce: self.request.nonce.clone(),
            id_token_claims: self.request.claims.id_token.clone(),
            challenge: self.request.challenge,
            jkt: self.request.jkt.clone(),
            expires_at: self.draw.now + CODE_LIFETIME,
            redeemed: None,
        }
    }

    /// Finds the session live after the account was read, and moves its idle expiry, since it is used. No token of its own leaves, so none is written ahead.
    async fn hold(&self, browser: &BrowserSession, store: &dyn Store) -> Result<Held, StoreError> {
        let (session, now) = (&browser.session, self.draw.now);
        let idle_expires_at = (now + self.policies.session.idle).min(session.absolute_expires_at);
        let hold = HoldSession {
            session: session.id,
            exp: now.timestamp(),
            written_ahead: Time::from_timestamp(now.timestamp()),
            idle_expires_at: Some(idle_expires_at),
            now,
        };
        store.hold_session(hold).await
    }

    /// What they agreed to is added to what they agreed to before.
    async fn remember(
        &self,
        browser: &BrowserSession,
        scope: &ScopeSet,
        before: Option<Consent>,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        let both = before.map_or_else(|| scope.clone(), |before| before.scope.union(scope));
        let consent = Consent {
            account: browser.account.id,
            client: self.client.id.clone(),
            audience: self.target.audience.clone(),
            // More than one request may ask for can't be asked for at once either.
            scope: if both.len() > SCOPES_MAX { scope.clone() } else { both },
            given_at: self.draw.now,
        };
        let event = AuditEvent::new(self.draw.now, "consent.given", self.origin.actor()).of_account(browser.account.id);
        let event = event.of_session(browser.session.id).at_client(self.client.id.clone()).told(scope.to_string());
        store.save_consent(consent, event).await
    }

    fn sign_in(self) -> Authorized {
        if self.request.prompt == Prompt::Silent {
            return self.refused(AuthorizationError::LoginRequired);
        }
        let (client, destination, login_hint) = (self.client, self.destination, self.request.login_hint);
        Authorized::SignIn(Box::new(SignInNeeded { client, destination, login_hint }))
    }

    fn consent(self, browser: &BrowserSession, scope: ScopeSet) -> Authorized {
        if self.request.prompt == Prompt::Silent {
            return self.refused(AuthorizationError::ConsentRequired);
        }
        Authorized::Consent(Box::new(ConsentNeeded {
            client: self.client,
            destination: self.destination,
            login: browser.account.login.as_str().to_owned(),
            session: browser.session.id,
            scope,
            resource: self.request.resource,
        }))
    }

    fn refused(self, error: AuthorizationError) -> Authorized {
        Authorized::Answer(self.destination, Err(error))
    }
}
