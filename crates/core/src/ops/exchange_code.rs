//! The authorization code grant (RFC 6749 §4.1.3): trades a code for the tokens of a session of its own.

use crate::account::{Account, AccountStatus};
use crate::audit::AuditEvent;
use crate::client::{Client, ClientAuthentication, ClientId};
use crate::draw::Draw;
use crate::grant::{AuthorizationCode, AuthorizedCode, CodeRefusal};
use crate::ids::SessionId;
use crate::limits::{LABEL_CHARACTERS_MAX, SESSIONS_PER_ACCOUNT_MAX};
use crate::ops::issue::{Issue, IssuedRefresh, Minted, custom_claims, expiry, granted, lifetime};
use crate::ops::{Origin, Policies};
use crate::resource::{Resource, ResourceUri};
use crate::session::{End, EndReason, Session, minted_until};
use crate::store::{EndSessions, OpenSession, RedeemCode, Redemption, Store, StoreError, Which};
use crate::token::{AccessClaims, IdentityClaim, IdentityClaims, OnceToldClaims};

/// A code that is presented, with what must come beside it.
#[derive(Debug)]
pub struct ExchangeCode {
    /// Who presents it; its authentication, if it has one, held.
    pub client: Client,
    /// What is presented.
    pub code: AuthorizationCode,
    /// `redirect_uri`, as it was sent.
    pub redirect_uri: Option<String>,
    /// `code_verifier` (RFC 7636 §4.5), as it was sent.
    pub verifier: Option<String>,
    /// The resource server that is asked for (RFC 8707 §2.2).
    pub resource: Option<ResourceUri>,
    /// Thumbprint of the key of which a proof came (RFC 9449 §5).
    pub jkt: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// What became of it.
#[derive(Debug)]
pub enum Exchanged {
    /// A session is open, and its first tokens are to be made; with what the ID token says once.
    Issued(Box<Issue>, OnceToldClaims),
    /// Refused; the wire says `invalid_grant`, whichever it is.
    Refused(NotExchanged),
    /// The resource server is not that of the authorization request.
    InvalidTarget,
}

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotExchanged {
    /// No such code was given, or it is long over.
    #[error("no such code was given")]
    Unknown,
    /// What came beside it does not fit.
    #[error(transparent)]
    Unfit(#[from] CodeRefusal),
    /// It came twice: what it made has ended.
    #[error("the code came twice: its session has ended")]
    Again,
    /// The account, the client or the browser sign-in is over since it was given.
    #[error("what the code was given for is over")]
    Over,
}

impl ExchangeCode {
    /// Judges the code, and redeems it and opens its session in one commit. A code that comes twice ends what it made.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed; no token leaves.
    pub async fn run(&self, store: &dyn Store, policies: &Policies, draw: &Draw) -> Result<Exchanged, StoreError> {
        let Some(code) = store.code(self.code.hash()).await? else {
            return Ok(Exchanged::Refused(NotExchanged::Unknown));
        };
        if let Some(session) = code.redeemed.filter(|_| code.client == self.client.id) {
            return self.again(session, &code, store, draw).await;
        }
        let (uri, verifier, jkt) = (self.redirect_uri.as_deref(), self.verifier.as_deref(), self.jkt.as_deref());
        if let Err(unfit) = code.permits(&self.client.id, uri, verifier, jkt, draw.now) {
            return Ok(Exchanged::Refused(unfit.into()));
        }
        if self.resource.as_ref().is_some_and(|resource| *resource != code.audience) {
            return Ok(Exchanged::InvalidTarget);
        }
        let account = store.account(code.account).await?;
        let Some(account) = account.filter(|account| account.status == AccountStatus::Active) else {
            return Ok(Exchanged::Refused(NotExchanged::Over));
        };
        let resource = store.resource(&code.audience).await?;
        if resource.is_none() && code.audience.as_str() != policies.token.issuer {
            return Ok(Exchanged::InvalidTarget);
        }
        let redeeming = Redeeming { exchange: self, code: &code, account, resource, policies, draw };
        redeeming.run(store).await
    }

    /// Whoever comes second holds what was stolen, or is who it was stolen from (RFC 6749 §4.1.2).
    async fn again(
        &self,
        session: SessionId,
        code: &AuthorizedCode,
        store: &dyn Store,
        draw: &Draw,
    ) -> Result<Exchanged, StoreError> {
        let by = format!("request {} from {} presented its code again", self.origin.request, self.origin.address);
        let event = AuditEvent::new(draw.now, "alarm.authorization_code_reused", self.origin.actor());
        let audit = event.of_session(session).of_account(code.account).at_client(code.client.clone()).told(by.clone());
        let end = End::by(EndReason::CodeReused, by);
        let end = EndSessions { which: Which::One(session), end, audit: Some(audit), now: draw.now };
        store.end_sessions(end).await?;
        Ok(Exchanged::Refused(NotExchanged::Again))
    }
}

/// A code that fits, and all that its session is made of.
struct Redeeming<'a> {
    exchange: &'a ExchangeCode,
    code: &'a AuthorizedCode,
    account: Account,
    resource: Option<Resource>,
    policies: &'a Policies,
    draw: &'a Draw,
}

impl Redeeming<'_> {
    async fn run(&self, store: &dyn Store) -> Result<Exchanged, StoreError> {
        let session = self.session();
        let audit = AuditEvent::new(self.draw.now, "session.opened", self.exchange.origin.actor())
            .of_account(self.account.id)
            .of_session(session.id)
            .at_client(session.client.clone());
        let open = OpenSession {
            session: session.clone(),
            floor: Some(self.code.floor),
            live_max: SESSIONS_PER_ACCOUNT_MAX,
            audit,
            now: self.draw.now,
        };
        match store.redeem_code(RedeemCode { hash: self.exchange.code.hash(), open }).await? {
            Redemption::First => {}
            Redemption::Again(session) => return self.exchange.again(session, self.code, store, self.draw).await,
            Redemption::Refused => return Ok(Exchanged::Refused(NotExchanged::Over)),
        }
        let minted = Minted {
            session: &session,
            audience: &session.audience,
            scope: session.scope.clone(),
            roles: &self.account.roles,
            now: self.draw.now,
            expires_at: expiry(&session, self.resource.as_ref(), self.policies, self.draw.now),
            jti: self.draw.jti,
            custom: custom_claims(&self.account.attributes, self.resource.as_ref(), self.policies),
        };
        let secret = self.draw.session_secret.clone();
        let refresh = IssuedRefresh::Token { session: session.id, secret, generation: session.generation };
        let claims = AccessClaims { bound_to: self.exchange.jkt.clone(), ..minted.claims() };
        let issue = Issue { claims, refresh, refresh_expires_at: session.idle_expires_at };
        let told =
            |claim: IdentityClaim| self.code.id_token_claims.contains(&claim) && session.scope.contains(claim.scope());
        let identity = IdentityClaims::of(&self.account, told);
        Ok(Exchanged::Issued(Box::new(issue), OnceToldClaims { nonce: self.code.nonce.clone(), identity }))
    }

    /// What was agreed to, as far as the account's roles still allow it.
    fn session(&self) -> Session {
        let (code, now) = (self.code, self.draw.now);
        let client = &self.exchange.client;
        let until = self.policies.session.lifetime(now);
        let exp = minted_until(now, lifetime(self.resource.as_ref(), self.policies), until.absolute_expires_at);
        let scope = granted(&code.scope, client, self.resource.as_ref(), &self.account.roles);
        let named = |name: &String| name.chars().take(LABEL_CHARACTERS_MAX).collect();
        let id: ClientId = client.id.clone();
        Session {
            account: Some(self.account.id),
            parent: Some(code.parent),
            authenticated_at: code.authenticated_at,
            last_token_expires_at: self.policies.session.written_ahead(exp),
            // What a client's own authentication protects may go on under another key (RFC 9449 §5).
            jkt: self.exchange.jkt.clone().filter(|_| client.authentication == ClientAuthentication::Public),
            label: client.name.as_ref().map(named),
            address: Some(self.exchange.origin.address),
            ..Session::fresh(self.draw, id, until, code.audience.clone(), scope)
        }
    }
}
