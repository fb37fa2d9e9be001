//! Telling clients of sessions that ended (OpenID Connect Back-Channel Logout 1.0 §2.5). What has to be told stands in
//! storage since the commit that ended the session; a try that nobody finished is made again.

use super::every;
use crate::app::App;
use crate::limits::{
    LOGOUT_ANSWER_BYTES_MAX, LOGOUT_LEASE, LOGOUTS_AT_ONCE_MAX, LOGOUTS_EACH_MAX, LOGOUTS_GIVEN_UP_AT_ONCE,
};
use crate::outbound::OutboundError;
use crate::telemetry::metrics::LogoutOutcome as Counted;
use axum::http::StatusCode;
use countersign_core::Draw;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::client::ClientId;
use countersign_core::key_ring::KeyRingError;
use countersign_core::limits::LOGOUT_TOLD_FOR;
use countersign_core::logout::{LogoutClaims, PendingLogout, Try};
use countersign_core::store::{ClaimLogouts, GiveUpLogouts, LogoutOutcome, SettleLogout, StoreError};
use countersign_jose::SignError;
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::{Id, JoinSet};

// How soon a client is told, at the latest: other processes end sessions too.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const CARE_EVERY: Duration = Duration::from_secs(1);
const GIVEN_UP: &str = "logout.given_up";

pub(super) async fn run(app: &App) {
    tokio::join!(tell(app), care(app));
}

/// The tries that are under way.
#[derive(Default)]
struct UnderWay {
    tries: JoinSet<()>,
    clients: HashMap<Id, ClientId>,
}

/// Why a try told nothing.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    /// Nothing could be signed.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Nobody answered.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The client did not sign out.
    #[error("the client answered {0}")]
    Answered(StatusCode),
}

async fn tell(app: &App) {
    let (mut ticks, mut under_way) = (every(LOOK_EVERY), UnderWay::default());
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(over) = under_way.tries.join_next_with_id() => {
                under_way.clients.remove(&over.map_or_else(|error| error.id(), |(id, ())| id));
            }
        }
        if let Err(error) = under_way.begin(app).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "clients to be told of ended sessions not read");
            ticks.tick().await;
        }
    }
}

impl UnderWay {
    /// Begins what is due, some of each client, and none of a client with tries under way: one that answers slowly or not
    /// at all has as many as before, and the others theirs.
    async fn begin(&mut self, app: &App) -> Result<(), StoreError> {
        let free = LOGOUTS_AT_ONCE_MAX.saturating_sub(u32::try_from(self.clients.len()).unwrap_or(u32::MAX));
        if free == 0 {
            return Ok(());
        }
        let now = app.source().now();
        let (but, lease_until) = (self.clients.values().cloned().collect(), now + LOGOUT_LEASE);
        let claim = ClaimLogouts { but, each_max: LOGOUTS_EACH_MAX, all_max: free, lease_until, now };
        for pending in app.store().claim_logouts(claim).await? {
            let client = pending.client.clone();
            let begun = self.tries.spawn(try_to_tell(app.clone(), pending));
            self.clients.insert(begun.id(), client);
        }
        Ok(())
    }
}

/// One try, and what becomes of it.
async fn try_to_tell(app: App, pending: PendingLogout) {
    let told = send(&app, &pending).await;
    let outcome = judge(&app, &pending, told);
    let settle = SettleLogout { session: pending.session, tries: pending.tries, outcome };
    if let Err(error) = app.store().settle_logout(settle).await {
        // It is due again once its lease is over.
        tracing::warn!(error = &error as &dyn std::error::Error, "a try to tell a client was not settled");
    }
}

/// Sends a logout token (§2.5). Each 2xx is success: 200 is what is asked of clients (§2.8), 204 what many answer.
async fn send(app: &App, pending: &PendingLogout) -> Result<(), NotTold> {
    let (ring, draw) = (app.ring(), app.draw());
    let signer = ring.logout_tokens.as_ref().ok_or(KeyRingError::NothingActive)?;
    let token = signer.sign(&LogoutClaims::of(pending, app.issuer(), &draw))?;
    let fields = [("logout_token", token.as_str())];
    let answer = app.outbound().post_form(pending.uri.as_str(), &fields, LOGOUT_ANSWER_BYTES_MAX).await?;
    if answer.status.is_success() { Ok(()) } else { Err(NotTold::Answered(answer.status)) }
}

fn judge(app: &App, pending: &PendingLogout, told: Result<(), NotTold>) -> LogoutOutcome {
    let PendingLogout { session, client, tries, .. } = pending;
    let Err(error) = told else {
        tracing::info!(%session, %client, tries, "client told that a session ended");
        app.metrics().logouts.count(Counted::Told);
        return LogoutOutcome::Told;
    };
    let (after, counted) = match &error {
        NotTold::Answered(StatusCode::BAD_REQUEST) => (Try::Refused, Counted::Refused),
        _ => (Try::Failed, Counted::Failed),
    };
    app.metrics().logouts.count(counted);
    let Draw { now, jti, .. } = app.draw();
    if let Some(again) = pending.next(after, now, jti.as_bytes()[0]) {
        let again_ms = again.since(now).as_millis();
        let error = &error as &dyn std::error::Error;
        tracing::info!(%session, %client, tries, error, again_ms, "client not told that a session ended, tried again");
        return LogoutOutcome::Again(again);
    }
    let reason = error.to_string();
    let error = &error as &dyn std::error::Error;
    tracing::warn!(%session, %client, tries, error, "client not told that a session ended, given up");
    app.metrics().logouts.given_up(1);
    let audit = AuditEvent::new(now, GIVEN_UP, Actor::named("back-channel logout"));
    let audit = audit.of_session(*session).of_account(pending.account).at_client(client.clone());
    LogoutOutcome::GivenUp(audit.told(reason))
}

/// Gives up what is too old to be told, whether it was tried or not, and counts what waits.
async fn care(app: &App) {
    let mut ticks = every(CARE_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = give_up(app).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "clients to be told of ended sessions not counted"
            );
        }
    }
}

async fn give_up(app: &App) -> Result<(), StoreError> {
    let now = app.source().now();
    let audit = AuditEvent::new(now, GIVEN_UP, Actor::named("back-channel logout"));
    let (ended_before, limit) = (now - LOGOUT_TOLD_FOR, LOGOUTS_GIVEN_UP_AT_ONCE);
    loop {
        let give_up = GiveUpLogouts { ended_before, limit, audit: audit.clone() };
        let sessions = app.store().give_up_logouts(give_up).await?;
        if sessions > 0 {
            tracing::warn!(sessions, "clients not told that sessions ended, too long ago by now");
            app.metrics().logouts.given_up(sessions);
        }
        if sessions < u64::from(limit) {
            break;
        }
    }
    app.metrics().logouts.wait(app.store().logouts_waiting().await?);
    Ok(())
}
