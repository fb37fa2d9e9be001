//! Refresh: trades a refresh token for a fresh access token and, mostly, its successor (RFC 6749 §6, RFC 9700 §4.14.2).

use crate::account::Roles;
use crate::audit::{Actor, AuditEvent};
use crate::draw::Draw;
use crate::limits::{ALARM_EVERY, ATTEMPTS_MAX};
use crate::network::Network;
use crate::ops::Policies;
use crate::ops::issue::{Issue, IssuedRefresh, Minted, expiry, granted};
use crate::scope::ScopeSet;
use crate::session::{
    Alarm, Count, End, Generation, Judgement, Presentation, Proof, Refusal, Row, RunKind, SessionState, Verdict,
};
use crate::store::{
    CountRepeat, EndSessions, Held, HoldSession, RaiseAlarm, RotateSession, Store, StoreError, Swap, Which,
};
use crate::time::Time;
use countersign_jose::Timestamp;

/// A presented refresh token to be judged and answered.
#[derive(Debug)]
pub struct Refresh {
    /// What was presented; rows 1 and 2 have passed it.
    pub presented: Presentation,
}

/// What became of it.
#[derive(Debug)]
pub enum Refreshed {
    /// Tokens are to be made.
    Issued(Row, Box<Issue>),
    /// Refused.
    Refused(Row, Refusal),
    /// The race was lost again and again (row 18): 503, an honest client must not be signed out.
    Contended,
}

/// What one look at the session led to.
enum Attempt {
    Done(Refreshed),
    Again,
}

impl Refresh {
    /// Reads the session, judges, and commits once; whoever loses a race is judged again.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed (row 18): nothing is known of what was committed, and no token leaves.
    pub async fn run(&self, store: &dyn Store, policies: &Policies, draw: &Draw) -> Result<Refreshed, StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(state) = store.session(self.presented.token.session).await? else {
                return Ok(Refreshed::Refused(Row::NoSession, Refusal::InvalidGrant));
            };
            let attempt = Looked { refresh: self, state: &state, policies, draw };
            if let Attempt::Done(refreshed) = attempt.carry_out(store).await? {
                return Ok(refreshed);
            }
        }
        Ok(Refreshed::Contended)
    }
}

/// One look at the session, and all that an answer is made of.
struct Looked<'a> {
    refresh: &'a Refresh,
    state: &'a SessionState,
    policies: &'a Policies,
    draw: &'a Draw,
}

impl Looked<'_> {
    async fn carry_out(&self, store: &dyn Store) -> Result<Attempt, StoreError> {
        let Judgement { row, verdict, alarm } = self.judge();
        let refused = |refusal| Ok(Attempt::Done(Refreshed::Refused(row, refusal)));
        match verdict {
            Verdict::Refuse(refusal) => {
                if let Some(alarm) = alarm {
                    store.raise_alarm(self.alarm(alarm)).await?;
                }
                refused(refusal)
            }
            Verdict::End(end) => {
                store.end_sessions(self.ending(end, alarm)).await?;
                refused(Refusal::InvalidGrant)
            }
            Verdict::Keep { moves_idle } => self.hold(store, row, moves_idle, IssuedRefresh::Same).await,
            Verdict::Repeat { count } => {
                if let Some(count) = count
                    && store.count_repeat(self.counting(count)).await? == Swap::Lost
                {
                    return Ok(Attempt::Again);
                }
                self.hold(store, row, false, self.token(self.state.session.generation)).await
            }
            Verdict::Rotate { to, renew_secret } => self.rotate(store, row, to, renew_secret).await,
        }
    }

    /// The table, and what it can't see: that nobody serves the audience any more (row 9).
    fn judge(&self) -> Judgement {
        let judgement = self.state.judge(&self.refresh.presented, &self.policies.session, self.draw.now);
        let served =
            self.state.resource.is_some() || self.state.session.audience.as_str() == self.policies.token.issuer;
        if judgement.issues() && !served {
            return Judgement { row: Row::BeyondGrant, verdict: Verdict::Refuse(Refusal::InvalidTarget), alarm: None };
        }
        judgement
    }

    /// Rows 10, 11, 13 to 15: no swap, so the mint rule needs its own statement.
    async fn hold(
        &self,
        store: &dyn Store,
        row: Row,
        moves_idle: bool,
        refresh: IssuedRefresh,
    ) -> Result<Attempt, StoreError> {
        let exp = self.expiry();
        let held = HoldSession {
            session: self.state.session.id,
            exp,
            written_ahead: self.policies.session.written_ahead(exp),
            idle_expires_at: moves_idle.then(|| self.idle_expires_at()),
            now: self.draw.now,
        };
        let idle_expires_at = held.idle_expires_at.unwrap_or(self.state.session.idle_expires_at);
        Ok(Attempt::Done(match store.hold_session(held).await? {
            Held::Live => Refreshed::Issued(row, Box::new(self.issue(exp, refresh, idle_expires_at))),
            Held::Ended => Refreshed::Refused(Row::Ended, Refusal::InvalidGrant),
        }))
    }

    /// Rows 12 and 17.
    async fn rotate(
        &self,
        store: &dyn Store,
        row: Row,
        to: Generation,
        renew_secret: bool,
    ) -> Result<Attempt, StoreError> {
        let (session, presented) = (&self.state.session, &self.refresh.presented);
        let exp = self.expiry();
        let idle_expires_at = self.idle_expires_at();
        let rotation = RotateSession {
            session: session.id,
            from: session.generation,
            from_secret_hash: session.secret_hash,
            to,
            new_secret_hash: renew_secret.then(|| self.draw.session_secret.hash()),
            retry_hash: presented.retry,
            network: Network::of(presented.address),
            request: presented.request.clone(),
            storage_epoch: self.state.epoch.id,
            idle_expires_at,
            last_token_expires_at: self.policies.session.written_ahead(exp),
            now: self.draw.now,
        };
        if store.rotate_session(rotation).await? == Swap::Lost {
            return Ok(Attempt::Again);
        }
        let secret = if renew_secret { &self.draw.session_secret } else { &presented.token.secret };
        let refresh = IssuedRefresh::Token { session: session.id, secret: secret.clone(), generation: to };
        Ok(Attempt::Done(Refreshed::Issued(row, Box::new(self.issue(exp, refresh, idle_expires_at)))))
    }

    fn issue(&self, exp: Timestamp, refresh: IssuedRefresh, refresh_expires_at: Time) -> Issue {
        let session = &self.state.session;
        let nobody = Roles::default();
        let roles = self.state.account.as_ref().map_or(&nobody, |account| &account.roles);
        let asked = self.refresh.presented.scope.as_ref().unwrap_or(&session.scope);
        let minted = Minted {
            session,
            audience: &session.audience,
            scope: self
                .state
                .client()
                .map_or_else(ScopeSet::default, |client| granted(asked, &client, self.state.resource.as_ref(), roles)),
            roles,
            now: self.draw.now,
            expires_at: exp,
            jti: self.draw.jti,
        };
        let mut claims = minted.claims();
        if let Proof::Of(key) = &self.refresh.presented.proof {
            claims.bound_to = Some(key.clone());
        }
        Issue { claims, refresh, refresh_expires_at }
    }

    fn token(&self, generation: Generation) -> IssuedRefresh {
        let secret = self.refresh.presented.token.secret.clone();
        IssuedRefresh::Token { session: self.state.session.id, secret, generation }
    }

    fn expiry(&self) -> Timestamp {
        expiry(&self.state.session, self.state.resource.as_ref(), self.policies, self.draw.now)
    }

    fn idle_expires_at(&self) -> Time {
        (self.draw.now + self.policies.session.idle).min(self.state.session.absolute_expires_at)
    }

    fn counting(&self, count: Count) -> CountRepeat {
        let session = &self.state.session;
        let (what, run) = match count.kind {
            RunKind::Late => ("session.reply_lost", count.to.length),
            RunKind::Foreign => ("session.repeated_from_elsewhere", count.to.length),
        };
        let detail = format!("generation {} in question, {run} in a row", session.generation);
        let audit = self.event(what).told(detail);
        CountRepeat { session: session.id, generation: session.generation, count, audit }
    }

    fn ending(&self, end: End, alarm: Option<Alarm>) -> EndSessions {
        let what = alarm.map_or_else(|| "session.ended".to_owned(), |alarm| format!("alarm.{}", alarm.code()));
        let event = self.event(&what).told(end.by.clone().unwrap_or_else(|| end.reason.code().to_owned()));
        EndSessions { which: Which::One(self.state.session.id), end, audit: Some(event), now: self.draw.now }
    }

    fn alarm(&self, alarm: Alarm) -> RaiseAlarm {
        let event = self.event(&format!("alarm.{}", alarm.code()));
        let event = match alarm {
            // About the key, not the session: whoever has the key can name any session.
            Alarm::MacKeyLeaked(key) => AuditEvent { session: None, account: None, client: None, ..event }
                .told(format!("MAC key {key}: revoke it with `countersign key revoke --mac {key}`")),
            Alarm::ForeignClient | Alarm::Reused | Alarm::Ahead => {
                event.told(format!("session {}", self.state.session.id))
            }
        };
        RaiseAlarm { event, unless_since: Some(self.draw.now - ALARM_EVERY) }
    }

    fn event(&self, what: &str) -> AuditEvent {
        let (session, presented) = (&self.state.session, &self.refresh.presented);
        let actor = Actor { account: None, address: Some(presented.address), request: Some(presented.request.clone()) };
        let event =
            AuditEvent::new(self.draw.now, what, actor).of_session(session.id).at_client(session.client.clone());
        AuditEvent { account: session.account, ..event }
    }
}
