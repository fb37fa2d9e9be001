//! Founding: a deployment has one issuer, kept in storage from the first start on, since every token names it.

use crate::audit::{Actor, AuditEvent};
use crate::draw::Draw;
use crate::session::{End, EndReason};
use crate::store::{
    DeploymentStore, EndSessions, EndedSessions, Founded, Page, SessionFilter, Store, StoreError, Swap, Which,
};

/// A start under an issuer.
#[derive(Debug)]
pub struct Found {
    /// As configured.
    pub issuer: String,
    /// What to do if storage knows another.
    pub on_change: OnIssuerChange,
}

/// What to do if storage knows another issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnIssuerChange {
    /// Refuse to start, unless only the port of a loopback issuer changed.
    Refuse,
    /// Take the new one and end all sessions.
    EndSessions,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foundation {
    /// A new deployment.
    New,
    /// The issuer is the one that storage knows.
    Same,
    /// The issuer was replaced; so much ended.
    Changed {
        /// The one before.
        from: String,
        /// What ended with it.
        ended: EndedSessions,
    },
    /// Storage knows another issuer, and it was not to be replaced.
    Refused {
        /// The one that storage knows.
        stored: String,
        /// How many sessions are live under it; counted to 10,000.
        live: u64,
    },
}

const COUNTED_MAX: u64 = 10_000;

impl Found {
    /// Founds the deployment, or finds it founded.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed.
    pub async fn run(&self, store: &dyn Store, draw: &Draw) -> Result<Foundation, StoreError> {
        let Some(deployment) = store.deployment().await? else {
            return Ok(match store.found(&self.issuer, draw.epoch_id, draw.now).await? {
                Founded::Founded => Foundation::New,
                // Somebody else was faster: whether with the same issuer shows at the next look.
                Founded::Already => match store.deployment().await? {
                    Some(deployment) if deployment.issuer == self.issuer => Foundation::Same,
                    other => {
                        Foundation::Refused { stored: other.map_or_else(String::new, |other| other.issuer), live: 0 }
                    }
                },
            });
        };
        if deployment.issuer == self.issuer {
            return Ok(Foundation::Same);
        }
        let only_port = loopback_host(&deployment.issuer).is_some()
            && loopback_host(&deployment.issuer) == loopback_host(&self.issuer);
        if self.on_change == OnIssuerChange::Refuse && !only_port {
            let live = live_sessions(store, draw).await?;
            return Ok(Foundation::Refused { stored: deployment.issuer, live });
        }
        self.replace(deployment.issuer, store, draw).await
    }

    async fn replace(&self, from: String, store: &dyn Store, draw: &Draw) -> Result<Foundation, StoreError> {
        let by = format!("{from} became {}", self.issuer);
        let audit = AuditEvent::new(draw.now, "issuer.changed", Actor::named("start")).told(&by);
        let end = End::by(EndReason::IssuerChanged, by);
        // Ended first: were the start killed in between, the next one finds the old issuer and ends nothing twice.
        let ended =
            store.end_sessions(EndSessions { which: Which::All, end, audit: Some(audit), now: draw.now }).await?;
        match DeploymentStore::change_issuer(store, &from, &self.issuer).await? {
            Swap::Won => Ok(Foundation::Changed { from, ended }),
            Swap::Lost => Ok(Foundation::Refused { stored: from, live: 0 }),
        }
    }
}

/// Scheme and host of a loopback issuer, whatever its port.
fn loopback_host(issuer: &str) -> Option<String> {
    let url = url::Url::parse(issuer).ok()?;
    let host = url.host_str().filter(|host| matches!(*host, "localhost" | "127.0.0.1" | "[::1]"))?;
    Some(format!("{}://{host}", url.scheme()))
}

async fn live_sessions(store: &dyn Store, draw: &Draw) -> Result<u64, StoreError> {
    let filter = SessionFilter { live_at: Some(draw.now), ..SessionFilter::default() };
    let (mut page, mut live) = (Page::first(), 0);
    loop {
        let found = store.sessions(filter.clone(), page).await?;
        live += u64::try_from(found.items.len()).unwrap_or(u64::MAX);
        match found.next {
            Some(next) if live < COUNTED_MAX => page = Page::new(u16::MAX, Some(next)),
            _ => return Ok(live),
        }
    }
}
