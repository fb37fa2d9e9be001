//! Sessions that are rotated through the store alone.

use crate::opener::Opener;
use countersign_core::key_ring::MasterKey;

use countersign_core::ops::{Policies, RotateKeys};
use countersign_core::session::{Generation, Session};
use countersign_core::store::{Page, RotateSession, SessionFilter, Store, Swap};
use countersign_core::{Draw, Network, Source, Span};
use countersign_server::{SystemSource, ring_policy};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The operator's key of every benchmark.
pub(crate) const MASTER: [u8; 32] = [7; 32];
pub(crate) const ISSUER: &str = "http://localhost:8420";

/// One session for each of those who wait.
pub struct Sessions {
    store: Arc<dyn Store>,
    sessions: Vec<Session>,
}

impl Sessions {
    /// Founds a deployment in `store` and opens `count` sessions.
    pub async fn open(store: Arc<dyn Store>, count: usize) -> Self {
        let opener = found(Arc::clone(&store)).await;
        for client in 0..count {
            opener.session(client).await;
        }
        let sessions = store.sessions(SessionFilter::default(), Page::first()).await.unwrap().items;
        assert_eq!(sessions.len(), count);
        Self { store, sessions }
    }

    /// Rotates every session again and again, all of them waiting at once; gives rotations a second.
    pub async fn rotate_for(&mut self, time: Duration) -> f64 {
        let started = Instant::now();
        let rotating = |session: Session| {
            let store = Arc::clone(&self.store);
            tokio::spawn(async move { rotate_until(&*store, session, started + time).await })
        };
        let waiting: Vec<_> = self.sessions.drain(..).map(rotating).collect();
        let mut rotations = 0;
        for one in waiting {
            let (session, count) = one.await.unwrap();
            self.sessions.push(session);
            rotations += count;
        }
        f64::from(rotations) / started.elapsed().as_secs_f64()
    }
}

/// A founded deployment, and what opens sessions in it.
pub(crate) async fn found(store: Arc<dyn Store>) -> Opener {
    let (source, master) = (SystemSource::new(), MasterKey::from_bytes(MASTER));
    store.found(ISSUER, Draw::from(&source).epoch_id, source.now()).await.unwrap();
    let policies: Policies = crate::opener::policies(ISSUER);
    let actor = countersign_core::audit::Actor::named("bench");
    let care = RotateKeys { store: &*store, source: &source, master: &master, policy: ring_policy(&policies), actor };
    care.keep().await.unwrap();
    let opener = Opener::new(Arc::clone(&store), &master, ISSUER).await;
    opener.accounts().await;
    opener
}

async fn rotate_until(store: &dyn Store, mut session: Session, until: Instant) -> (Session, u32) {
    let source = SystemSource::new();
    let mut rotations = 0;
    while Instant::now() < until {
        let to = Generation(session.generation.0 + 1);
        let now = source.now();
        let rotate = RotateSession {
            session: session.id,
            from: session.generation,
            from_secret_hash: session.secret_hash,
            to,
            new_secret_hash: None,
            retry_hash: None,
            network: Network::of([127, 0, 0, 1].into()),
            request: "bench".to_owned(),
            storage_epoch: session.storage_epoch,
            idle_expires_at: now + Span::from_days(14),
            last_token_expires_at: now + Span::from_seconds(670),
            now,
        };
        assert_eq!(store.rotate_session(rotate).await.unwrap(), Swap::Won);
        session.generation = to;
        rotations += 1;
    }
    (session, rotations)
}
