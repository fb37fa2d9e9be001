//! THE REFRESH TABLE (docs/refresh.md): what becomes of a refresh token that arrives. First match wins.
//!
//! Rows 1 and 2 are decided before any storage, row 3 by the read that found nothing, row 18 by a store that failed;
//! rows 4 to 17 are [`SessionState::judge`], a function of the session, the presentation, the policy and the time.

use crate::account::AccountStatus;
use crate::client::{Client, ClientAuthentication, ClientId, ClientStatus, RotationPolicy};
use crate::limits::{FOREIGN_RUN_MAX, RECOVERY_STEP_MAX};
use crate::network::Network;
use crate::policy::SessionPolicy;
use crate::session::{
    Alarm, Count, End, EndReason, EpochCause, Generation, Judgement, Presentation, Proof, Refusal, Row, RunKind,
    SessionState, Verdict,
};
use crate::time::{Span, Time};
use crate::token::MacStanding;
use std::borrow::Cow;

impl SessionState {
    /// Judges a presented refresh token: rows 4 to 17 of the table, the first that matches.
    #[must_use]
    pub fn judge(&self, presented: &Presentation, policy: &SessionPolicy, now: Time) -> Judgement {
        let client = self.client();
        self.not_proven(presented)
            .or_else(|| self.foreign_client(presented, client.as_deref()))
            .or_else(|| self.ended())
            .or_else(|| self.expired(client.as_deref(), now))
            .or_else(|| self.wrong_secret(presented, policy, now))
            .unwrap_or_else(|| {
                let judgement = self.by_generation(presented, client.as_deref(), policy, now);
                self.beyond_grant(presented).filter(|_| judgement.issues()).unwrap_or(judgement)
            })
    }

    /// Row 4. A thief without the key can neither use nor end the session.
    fn not_proven(&self, presented: &Presentation) -> Option<Judgement> {
        let bound = self.session.jkt.as_ref()?;
        let refusal = match &presented.proof {
            Proof::Of(thumbprint) if thumbprint == bound => return None,
            Proof::NeedsNonce => Refusal::UseDpopNonce,
            Proof::Of(_) | Proof::Invalid | Proof::Absent => Refusal::InvalidDpopProof,
        };
        Some(Judgement::refuse(Row::NotProven, refusal))
    }

    /// Row 5. The session ends only where the bare token could have ended it anyway. The alarm is told in any case: an
    /// ending tells it in its own commit, which a session that had ended before would not make.
    fn foreign_client(&self, presented: &Presentation, own: Option<&Client>) -> Option<Judgement> {
        let session = &self.session;
        if presented.client == session.client {
            return None;
        }
        let public = own.is_some_and(|own| own.authentication == ClientAuthentication::Public);
        let holds =
            presented.token.secret.hash() == session.secret_hash && presented.token.standing == MacStanding::Trusted;
        let judgement = if holds && public && session.jkt.is_none() && session.ended.is_none() {
            let by = format!("{} presented it as client {}", presented.told(), presented.client);
            Judgement::of(Row::ForeignClient, Verdict::End(End::by(EndReason::ForeignClient, by)))
        } else {
            Judgement::refuse(Row::ForeignClient, Refusal::InvalidGrant)
        };
        Some(judgement.with_alarm(Alarm::ForeignClient))
    }

    /// Row 6.
    fn ended(&self) -> Option<Judgement> {
        self.session.ended.as_ref().map(|_| Judgement::refuse(Row::Ended, Refusal::InvalidGrant))
    }

    /// Row 7.
    fn expired(&self, client: Option<&Client>, now: Time) -> Option<Judgement> {
        let session = &self.session;
        let account = session.account.map(|_| self.account.as_ref().map(|account| account.status));
        let reason = match (account, client.map(|client| client.status)) {
            _ if now >= session.absolute_expires_at => EndReason::AbsoluteExpired,
            _ if now >= session.idle_expires_at => EndReason::IdleExpired,
            (Some(None), _) => EndReason::AccountRemoved,
            (Some(Some(AccountStatus::Disabled)), _) => EndReason::AccountDisabled,
            (_, None) => EndReason::ClientRemoved,
            (_, Some(ClientStatus::Disabled)) => EndReason::ClientDisabled,
            (None | Some(Some(AccountStatus::Active)), Some(ClientStatus::Active)) => return None,
        };
        Some(Judgement::of(Row::Expired, Verdict::End(End::of(reason))))
    }

    /// Row 8. The session goes on, whatever the generation.
    fn wrong_secret(&self, presented: &Presentation, policy: &SessionPolicy, now: Time) -> Option<Judgement> {
        let (session, token) = (&self.session, &presented.token);
        let refuse = Judgement::refuse(Row::WrongSecret, Refusal::InvalidGrant);
        let trusted = token.standing == MacStanding::Trusted;
        let hash = token.secret.hash();
        if hash != session.secret_hash {
            let replaced = session.replaced_hash == Some(hash);
            // After storage went back in time the secret may have changed since: no reason to think of a leak.
            let alarming = trusted && !replaced && !self.went_back();
            return Some(if alarming { refuse.with_alarm(Alarm::MacKeyLeaked(token.mac_key)) } else { refuse });
        }
        // Anybody may have made it: taken only where its honest holder could present it, and never an alarm.
        let recent = token.generation == session.generation
            || (token.generation.next() == Some(session.generation) && self.rotated_within(policy.grace, now));
        (!trusted && !recent).then_some(refuse)
    }

    /// Row 9. Nothing is rotated or counted.
    fn beyond_grant(&self, presented: &Presentation) -> Option<Judgement> {
        let session = &self.session;
        let refusal = if presented.resource.as_ref().is_some_and(|resource| *resource != session.audience) {
            Refusal::InvalidTarget
        } else if presented.scope.as_ref().is_some_and(|scope| !session.scope.covers(scope)) {
            Refusal::InvalidScope
        } else {
            return None;
        };
        Some(Judgement::refuse(Row::BeyondGrant, refusal))
    }

    /// Rows 10 to 17: an honest secret, so the generation decides.
    fn by_generation(
        &self,
        presented: &Presentation,
        client: Option<&Client>,
        policy: &SessionPolicy,
        now: Time,
    ) -> Judgement {
        let (session, token) = (&self.session, &presented.token);
        let overlap = client.map_or(Span::ZERO, |client| client.overlap);
        let window = if overlap.is_zero() { policy.grace } else { overlap };

        if token.generation <= session.generation && client.is_some_and(|client| !self.rotates(client)) {
            return Judgement::of(Row::Proven, Verdict::Keep { moves_idle: true });
        }
        if token.generation > session.generation {
            return self.ahead(token.generation);
        }
        if token.generation == session.generation {
            return match token.generation.next() {
                _ if self.rotated_within(window, now) => {
                    Judgement::of(Row::JustRotated, Verdict::Keep { moves_idle: false })
                }
                Some(to) => {
                    let renew_secret = token.standing == MacStanding::Distrusted;
                    Judgement::of(Row::Current, Verdict::Rotate { to, renew_secret })
                }
                None => Judgement::refuse(Row::Current, Refusal::InvalidGrant),
            };
        }
        if token.generation.next() != Some(session.generation) {
            return self.reused(presented, "an older one than the one before");
        }
        match session.retry_hash {
            Some(expected) if presented.retry == Some(expected) => {
                Judgement::of(Row::RetryKey, Verdict::Repeat { count: None })
            }
            Some(_) => self.reused(presented, "without the retry key of the rotation"),
            None if self.rotated_within(window, now) => self.repeated(presented, overlap),
            None => self.late(presented, policy),
        }
    }

    /// Row 14.
    fn repeated(&self, presented: &Presentation, overlap: Span) -> Judgement {
        let (session, network) = (&self.session, Network::of(presented.address));
        if !overlap.is_zero() || session.networks.contains(network) {
            return Judgement::of(Row::Repeated, Verdict::Repeat { count: None });
        }
        let to = session.foreign.counted(session.generation);
        if to.length > FOREIGN_RUN_MAX {
            return self.reused(presented, "again and again from a network that never rotated it");
        }
        let count = (to != session.foreign).then_some(Count { kind: RunKind::Foreign, from: session.foreign, to });
        Judgement::of(Row::Repeated, Verdict::Repeat { count })
    }

    /// Row 15: a lost reply, unless it happens generation after generation.
    fn late(&self, presented: &Presentation, policy: &SessionPolicy) -> Judgement {
        let session = &self.session;
        let to = session.late.counted(session.generation);
        if to.length > policy.forgiveness {
            return self.reused(presented, "late, in too many generations in a row");
        }
        let count = (to != session.late).then_some(Count { kind: RunKind::Late, from: session.late, to });
        Judgement::of(Row::Late, Verdict::Repeat { count })
    }

    /// Row 16.
    fn reused(&self, presented: &Presentation, how: &str) -> Judgement {
        let session = &self.session;
        let other = session.rotated_by.as_deref().unwrap_or("unknown");
        let by = format!(
            "{} presented generation {}, {how}; the session stood at {}, to which request {other} rotated it",
            presented.told(),
            presented.token.generation,
            session.generation
        );
        Judgement::of(Row::Reused, Verdict::End(End::by(EndReason::Reused, by))).with_alarm(Alarm::Reused)
    }

    /// Row 17: only we could have made it, so storage went back in time; if it should not have, that is an alarm. (Under
    /// a distrusted key it was row 8: anybody could have made it.)
    fn ahead(&self, presented: Generation) -> Judgement {
        let step = presented.0.saturating_sub(self.session.generation.0);
        match presented.next() {
            Some(to) if self.went_back() && step <= RECOVERY_STEP_MAX => {
                Judgement::of(Row::Ahead, Verdict::Rotate { to, renew_secret: false })
            }
            _ => Judgement::refuse(Row::Ahead, Refusal::InvalidGrant).with_alarm(Alarm::Ahead),
        }
    }

    /// Whether storage may be older than the session's tokens: it went back, and the row was not written since.
    fn went_back(&self) -> bool {
        self.epoch.cause == EpochCause::WentBack && self.session.storage_epoch != self.epoch.id
    }

    /// Whether the last rotation was less than `window` ago; with no window there is no such moment.
    fn rotated_within(&self, window: Span, now: Time) -> bool {
        self.session.rotated_at.is_some_and(|rotated_at| now.since(rotated_at) < window)
    }

    /// Whether refresh tokens of the session rotate at `client`: always, unless what it proves makes that pointless.
    fn rotates(&self, client: &Client) -> bool {
        let proves = client.authentication != ClientAuthentication::Public || self.session.jkt.is_some();
        client.rotation == RotationPolicy::On || !proves
    }

    /// The session's client, the built-in one included.
    pub(crate) fn client(&self) -> Option<Cow<'_, Client>> {
        if self.session.client.as_str() == ClientId::FIRST_PARTY {
            return Some(Cow::Owned(Client::first_party()));
        }
        self.client.as_ref().map(Cow::Borrowed)
    }
}
