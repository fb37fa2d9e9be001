//! The client credentials grant (RFC 6749 §4.4): an access token for a machine, under the machine's own session.

use crate::account::Roles;
use crate::audit::AuditEvent;
use crate::client::Client;
use crate::draw::Draw;
use crate::limits::ATTEMPTS_MAX;
use crate::ops::issue::{Minted, lifetime};
use crate::ops::target::Target;
use crate::ops::{Origin, Policies};
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::session::{Lifetime, Session, minted_until};
use crate::store::{FindMachine, FoundMachine, Held, HoldSession, OpenSession, Opened, Store, StoreError};
use crate::time::{Span, Time};
use crate::token::{AccessClaims, CustomClaims};
use countersign_jose::Timestamp;

/// A machine that asks for a token.
#[derive(Debug)]
pub struct ClientCredentials {
    /// Who, authenticated.
    pub client: Client,
    /// The resource server to be the audience (RFC 8707); none: the issuer itself.
    pub resource: Option<ResourceUri>,
    /// What is asked for.
    pub scope: ScopeSet,
    /// Thumbprint of the key of which a proof came (RFC 9449 §5).
    pub jkt: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// What became of it.
#[derive(Debug)]
pub enum MachineToken {
    /// A token of these claims is to be made.
    Issued(Box<AccessClaims>),
    /// No such resource server is registered, or it is not allowed to the client.
    InvalidTarget,
    /// The client was disabled or removed meanwhile.
    InvalidClient,
    /// The session ended again and again under the request's hands: 503.
    Contended,
}

impl ClientCredentials {
    /// Finds the machine's live session or opens one, and holds it for the token (the mint rule). Two first requests at
    /// once may open two: each is good, and an end of the client ends both.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed; no token leaves.
    pub async fn run(&self, store: &dyn Store, policies: &Policies, draw: &Draw) -> Result<MachineToken, StoreError> {
        let Some(audience) = Target::audience(self.resource.as_ref(), policies) else {
            return Ok(MachineToken::InvalidTarget);
        };
        let find = FindMachine { client: self.client.id.clone(), audience: audience.clone(), now: draw.now };
        for _ in 0..ATTEMPTS_MAX {
            let FoundMachine { resource, session } = store.machine(find.clone()).await?;
            let target = Target::found(audience.clone(), resource, policies);
            let Some(target) = target.filter(|target| target.is_allowed_to(&self.client)) else {
                return Ok(MachineToken::InvalidTarget);
            };
            let minting = Minting { asked: self, target: &target, policies, draw };
            let Some(session) = session.filter(|session| minting.is_worth_using(session)) else {
                return minting.open(store).await;
            };
            let exp = minting.expiry(&session);
            // The time is older than the read, and lifetimes are part of what it saw: where enough was written ahead, it
            // was the mint rule's statement already.
            if session.last_token_expires_at >= Time::from_timestamp(exp) {
                return Ok(minting.issued(&session, exp));
            }
            let written_ahead = policies.session.written_ahead(exp);
            let hold = HoldSession { session: session.id, exp, written_ahead, idle_expires_at: None, now: draw.now };
            match store.hold_session(hold).await? {
                Held::Live => return Ok(minting.issued(&session, exp)),
                Held::Ended => {} // since it was read: look again
            }
        }
        Ok(MachineToken::Contended)
    }
}

/// One request, and all that its token is made of.
struct Minting<'a> {
    asked: &'a ClientCredentials,
    target: &'a Target,
    policies: &'a Policies,
    draw: &'a Draw,
}

impl Minting<'_> {
    /// Unless its end is so near that a new one would give a token at least twice as long.
    fn is_worth_using(&self, session: &Session) -> bool {
        let wanted = self.lifetime().min(self.policies.session.absolute);
        let left = session.absolute_expires_at.since(self.draw.now);
        left.as_millis() > wanted.as_millis() / 2
    }

    async fn open(&self, store: &dyn Store) -> Result<MachineToken, StoreError> {
        let session = self.new_session();
        let audit = AuditEvent::new(self.draw.now, "session.opened", self.asked.origin.actor())
            .of_session(session.id)
            .at_client(session.client.clone());
        let exp = self.expiry(&session);
        // No account, so nobody's limit: `live_max` counts an account's sessions.
        let open = OpenSession { session: session.clone(), floor: None, live_max: 0, audit, now: self.draw.now };
        Ok(match store.open_session(open).await? {
            Opened::Opened => self.issued(&session, exp),
            Opened::Refused => MachineToken::InvalidClient,
        })
    }

    /// Nobody is given the session's secret: a machine has no refresh token, and so no idle expiry of its own.
    fn new_session(&self) -> Session {
        let Lifetime { absolute_expires_at, .. } = self.policies.session.lifetime(self.draw.now);
        let until = Lifetime { idle_expires_at: absolute_expires_at, absolute_expires_at };
        let exp = minted_until(self.draw.now, self.lifetime(), absolute_expires_at);
        let client = &self.asked.client;
        Session {
            last_token_expires_at: self.policies.session.written_ahead(exp),
            label: client.name.clone(),
            address: Some(self.asked.origin.address),
            ..Session::fresh(self.draw, client.id.clone(), until, self.target.audience.clone(), client.scopes.clone())
        }
    }

    fn issued(&self, session: &Session, expires_at: Timestamp) -> MachineToken {
        let minted = Minted {
            session,
            audience: &self.target.audience,
            scope: self.target.grant_to_machine(&self.asked.scope, &self.asked.client),
            roles: &Roles::default(),
            custom: Ok(CustomClaims::default()), // they come from an account, and there is none
            now: self.draw.now,
            expires_at,
            jti: self.draw.jti,
        };
        let claims = AccessClaims { bound_to: self.asked.jkt.clone(), ..minted.claims() };
        MachineToken::Issued(Box::new(claims))
    }

    fn expiry(&self, session: &Session) -> Timestamp {
        minted_until(self.draw.now, self.lifetime(), session.absolute_expires_at)
    }

    fn lifetime(&self) -> Span {
        lifetime(self.target.resource.as_ref(), self.policies)
    }
}
