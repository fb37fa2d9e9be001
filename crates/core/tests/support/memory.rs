//! A store in memory: the contract under one lock. It keeps what a refresh and the key ring need; what else is asked
//! for fails, loudly.

mod keys;
mod rest;
mod sessions;

use super::turns::Turn;
use countersign_core::Epoch;
use countersign_core::SessionId;
use countersign_core::audit::AuditEvent;
use countersign_core::client::Client;
use countersign_core::key_ring::KeyRing;
use countersign_core::resource::Resource;
use countersign_core::revocation::Revocation;
use countersign_core::session::{AccountStanding, EpochCause, Generation, Session, StorageEpoch};
use countersign_core::store::{StoreError, StoreFuture};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// The store.
pub(crate) struct MemoryStore {
    kept: Mutex<Kept>,
    failure: Mutex<Option<Failure>>,
}

/// All that it keeps, and a log of what was asked of it.
pub(crate) struct Kept {
    pub(crate) epoch: StorageEpoch,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    /// Every session's account, if there is one.
    pub(crate) account: Option<AccountStanding>,
    pub(crate) clients: Vec<Client>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) ring: KeyRing,
    pub(crate) revocations: Vec<Revocation>,
    pub(crate) audit: Vec<AuditEvent>,
    pub(crate) log: Vec<Operation>,
}

/// What was asked of the store, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Held { wrote: bool },
    Counted { won: bool },
    Rotated { from: Generation, won: bool },
    Ended { sessions: u64 },
    AlarmRaised { told: bool },
    RingRead,
    RingChanged { won: bool },
    Other,
}

/// When the store fails: at the operation of this number, counted from 0, before or after it was carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    Before(usize),
    After(usize),
}

impl MemoryStore {
    pub(crate) fn new() -> Self {
        let kept = Kept {
            epoch: StorageEpoch { id: Epoch::new(1, [1; 10]), cause: EpochCause::Fresh },
            sessions: BTreeMap::new(),
            account: None,
            clients: Vec::new(),
            resources: Vec::new(),
            ring: KeyRing::default(),
            revocations: Vec::new(),
            audit: Vec::new(),
            log: Vec::new(),
        };
        Self { kept: Mutex::new(kept), failure: Mutex::new(None) }
    }

    /// What it keeps, to look at and to change by hand.
    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no test panics while it looks")
    }

    /// Lets an operation fail, counted from now.
    pub(crate) fn fail(&self, failure: Failure) {
        self.kept().log.clear();
        *self.failure.lock().expect("no test panics while it looks") = Some(failure);
    }

    /// Waits for its turn, then does all of `act` at once.
    fn act<'a, T: Send + 'a>(
        &'a self,
        act: impl FnOnce(&mut Kept) -> (T, Operation) + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            Turn::default().await;
            let failure = *self.failure.lock().expect("no test panics while it looks");
            let mut kept = self.kept();
            let number = kept.log.len();
            if matches!(failure, Some(Failure::Before(at)) if at == number) {
                return Err(unavailable());
            }
            let (outcome, operation) = act(&mut kept);
            kept.log.push(operation);
            if matches!(failure, Some(Failure::After(at)) if at == number) { Err(unavailable()) } else { Ok(outcome) }
        })
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { doing: "what the test made fail", source: "the test made it fail".into() }
}

fn not_kept<'a, T: Send + 'a>(what: &'static str) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(Err(StoreError::Bug { what: format!("the store in memory keeps no {what}") })))
}
