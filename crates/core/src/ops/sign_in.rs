//! Sign-in: checks a login and a password and opens a session at the first-party client.

use crate::account::password::PasswordHash;
use crate::account::{Account, AccountStatus, Login, Password};
use crate::audit::AuditEvent;
use crate::client::{Client, ClientId};
use crate::draw::Draw;
use crate::key_ring::StorageKey;
use crate::limits::{LABEL_CHARACTERS_MAX, SESSIONS_PER_ACCOUNT_MAX};
use crate::ops::issue::{Issue, IssuedRefresh, Minted, custom_claims, granted, lifetime};
use crate::ops::target::Target;
use crate::ops::{OpError, Origin, PasswordHashing, Policies};
use crate::resource::{Resource, ResourceUri};
use crate::scope::ScopeSet;
use crate::session::{Session, minted_until};
use crate::store::{OpenSession, Opened, Store};

/// Credentials to be checked.
#[derive(Debug)]
pub struct SignIn {
    /// As it was typed.
    pub login: String,
    /// As it was typed.
    pub password: Password,
    /// The resource server to be the audience; none: the server itself.
    pub resource: Option<ResourceUri>,
    /// What is asked for.
    pub scope: ScopeSet,
    /// What the session's owner will know it by.
    pub label: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// What became of it.
#[derive(Debug)]
pub enum SignedIn {
    /// A session is open, and its first tokens are to be made.
    Issued(Box<Issue>),
    /// No session was opened.
    Refused(NotSignedIn),
}

/// Why no session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSignedIn {
    /// Unknown login, wrong password, disabled account, or one whose sessions were all ended meanwhile: nobody learns
    /// which.
    WrongCredentials,
    /// No such resource server is registered.
    InvalidTarget,
}

impl SignIn {
    /// Compares the password, in equal time whether or not there is such an account, and opens a session.
    ///
    /// # Errors
    /// [`OpError`] where storage or hashing failed.
    pub async fn run(
        self,
        store: &dyn Store,
        hashing: &dyn PasswordHashing,
        storage_key: &StorageKey,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<SignedIn, OpError> {
        let Some(target) = Target::find(self.resource.as_ref(), store, policies).await? else {
            return Ok(SignedIn::Refused(NotSignedIn::InvalidTarget));
        };
        let account = match Login::parse(&self.login) {
            Ok(login) => store.account_by_login(&login).await?,
            Err(_) => None,
        };
        let sealed = account.as_ref().and_then(|account| Some((account.password_hash.as_ref()?, account.id)));
        let hash = match sealed {
            Some((sealed, id)) => PasswordHash::unseal(sealed, storage_key, id)?,
            None => PasswordHash::of_nobody(),
        };
        let usable = sealed.is_some();
        let matches = hashing.matches(hash, self.password).await?;
        let proven = account.filter(|account| matches && usable && account.status == AccountStatus::Active);
        let Some(account) = proven else {
            // Told for unknown logins too: a commit for one of the two alone would show which it was.
            store.record(AuditEvent::new(draw.now, "sign_in.refused", self.origin.actor())).await?;
            return Ok(SignedIn::Refused(NotSignedIn::WrongCredentials));
        };
        let opening = Opening {
            account: &account,
            audience: target.audience,
            resource: target.resource,
            scope: &self.scope,
            label: self.label,
            origin: &self.origin,
        };
        opening.run(store, policies, draw).await
    }
}

/// A session about to be opened for an account that has proved who it is.
struct Opening<'a> {
    account: &'a Account,
    audience: ResourceUri,
    resource: Option<Resource>,
    scope: &'a ScopeSet,
    label: Option<String>,
    origin: &'a Origin,
}

impl Opening<'_> {
    async fn run(self, store: &dyn Store, policies: &Policies, draw: &Draw) -> Result<SignedIn, OpError> {
        let (account, now) = (self.account, draw.now);
        let scope = granted(self.scope, &Client::first_party(), self.resource.as_ref(), &account.roles);
        let until = policies.session.lifetime(now);
        let exp = minted_until(now, lifetime(self.resource.as_ref(), policies), until.absolute_expires_at);
        let session = Session {
            account: Some(account.id),
            last_token_expires_at: policies.session.written_ahead(exp),
            label: self.label.map(|label| label.chars().take(LABEL_CHARACTERS_MAX).collect()),
            address: Some(self.origin.address),
            ..Session::fresh(draw, ClientId::first_party(), until, self.audience, scope.clone())
        };
        let audit = AuditEvent::new(now, "session.opened", self.origin.actor()).of_account(account.id);
        let open = OpenSession {
            session: session.clone(),
            floor: Some(account.sessions_floor),
            live_max: SESSIONS_PER_ACCOUNT_MAX,
            audit: audit.of_session(session.id).at_client(session.client.clone()),
            now,
        };
        if store.open_session(open).await? == Opened::Refused {
            return Ok(SignedIn::Refused(NotSignedIn::WrongCredentials));
        }
        let minted = Minted {
            session: &session,
            audience: &session.audience,
            scope,
            roles: &account.roles,
            custom: custom_claims(&account.attributes, self.resource.as_ref(), policies),
            now,
            expires_at: exp,
            jti: draw.jti,
        };
        let refresh = IssuedRefresh::Token {
            session: session.id,
            secret: draw.session_secret.clone(),
            generation: session.generation,
        };
        let issue = Issue { claims: minted.claims(), refresh, refresh_expires_at: session.idle_expires_at };
        Ok(SignedIn::Issued(Box::new(issue)))
    }
}
