//! Who presents tokens: an owner whose tabs share one storage, and a thief with a copy.

use crate::model::Expected;
use crate::support::memory::Operation;
use crate::support::turns::together;
use crate::support::world::{Case, SESSION, World, token};
use countersign_core::client::ClientId;
use countersign_core::ops::{IssuedRefresh, Refresh, Refreshed};
use countersign_core::policy::SessionPolicy;
use countersign_core::session::{End, EndReason, Generation, Row, SecretHash};
use countersign_core::store::{EndSessions, SessionStore, StoreError, Which};
use countersign_core::{Span, Time};
use std::net::IpAddr;
use std::pin::Pin;

/// A request or a sign-out under way.
type Running<'a> = Pin<Box<dyn Future<Output = Result<Option<Refreshed>, StoreError>> + 'a>>;

/// A retry key, by number: two are equal only if one was copied.
pub(crate) type RetryKey = u32;

/// A token on its way.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) generation: u32,
    pub(crate) retry: Option<RetryKey>,
    pub(crate) address: IpAddr,
    pub(crate) at: Time,
}

/// What somebody holds: a token, and the retry key made when it was stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) generation: u32,
    pub(crate) retry: Option<RetryKey>,
}

/// What was answered to a request.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    /// Its number among those that were sent together.
    pub(crate) number: usize,
    pub(crate) sent: Sent,
    pub(crate) row: Row,
    pub(crate) expected: Expected,
    /// When the access token beside it expires.
    pub(crate) expires_at: Option<Time>,
}

/// A server with one session.
pub(crate) struct Server {
    pub(crate) world: World,
    keys: RetryKey,
}

impl Server {
    pub(crate) fn new(policy: SessionPolicy) -> Self {
        let (world, _) = Case::of(0, 0).with(|case| case.policy = policy).into_world();
        Self { world, keys: 0 }
    }

    pub(crate) fn pass(&mut self, span: Span) {
        self.world.now = self.world.now + span;
    }

    pub(crate) fn fresh_key(&mut self) -> RetryKey {
        self.keys += 1;
        self.keys
    }

    /// Presents what is held, from `address`, now.
    pub(crate) fn sent(&self, held: Held, address: IpAddr) -> Sent {
        Sent { generation: held.generation, retry: held.retry, address, at: self.world.now }
    }

    /// Runs the requests together in this order of turns, a sign-out last among them if there is one. Answers come in
    /// the order in which they were finished.
    pub(crate) fn present(&mut self, sent: &[Sent], sign_out: Option<EndSessions>, order: &[usize]) -> Vec<Answered> {
        let now = self.world.now;
        let requests: Vec<_> = sent
            .iter()
            .map(|one| {
                self.world.now = one.at;
                let mut presented = token(one.generation, ClientId::first_party());
                presented.address = one.address;
                presented.retry = one.retry.map(|key| SecretHash::of(&key.to_be_bytes()));
                (Refresh { presented }, self.world.draw())
            })
            .collect();
        self.world.now = now;
        let (store, policies) = (&self.world.store, &self.world.policies);
        let mut running: Vec<Running<'_>> = Vec::new();
        for (refresh, draw) in &requests {
            running.push(Box::pin(async { refresh.run(store, policies, draw).await.map(Some) }));
        }
        if let Some(end) = sign_out {
            running.push(Box::pin(async { store.end_sessions(end).await.map(|_| None) }));
        }
        let finished = together(running, order).into_iter();
        let refreshed = finished.filter_map(|(number, done)| Some((number, done.unwrap()?)));
        refreshed.map(|(number, done)| self.answered(number, &sent[number], done)).collect()
    }

    /// What the owner's sign-out would commit now.
    pub(crate) fn sign_out(&self) -> EndSessions {
        let end = End::of(EndReason::SignedOut);
        EndSessions { which: Which::One(SESSION), end, audit: None, now: self.world.now }
    }

    /// One request alone.
    pub(crate) fn ask(&mut self, held: Held, address: IpAddr) -> Answered {
        let sent = self.sent(held, address);
        self.present(&[sent], None, &[]).remove(0)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.world.session().ended.is_none()
    }

    /// The generations from which a swap was won, in order.
    pub(crate) fn rotated_from(&self) -> Vec<Generation> {
        let log = &self.world.store.kept().log;
        let won = |operation: &Operation| match operation {
            Operation::Rotated { from, won: true } => Some(*from),
            _ => None,
        };
        log.iter().filter_map(won).collect()
    }

    fn answered(&self, number: usize, sent: &Sent, refreshed: Refreshed) -> Answered {
        let expires_at = match &refreshed {
            Refreshed::Issued(_, issue) => Some(Time::from_timestamp(issue.claims.expires_at)),
            _ => None,
        };
        let (row, expected) = match refreshed {
            Refreshed::Refused(row, _) => (row, Expected::Refused),
            Refreshed::Contended => panic!("four requests can't make one lose the race so often"),
            Refreshed::Issued(row, issue) => match issue.refresh {
                IssuedRefresh::Same => (row, Expected::Same),
                IssuedRefresh::Token { secret, generation, .. } => {
                    assert_eq!(secret.hash(), self.world.session().secret_hash, "a token of another chain");
                    (row, Expected::Token(generation.0))
                }
            },
        };
        Answered { number, sent: sent.clone(), row, expected, expires_at }
    }
}

impl Answered {
    /// The generation of the token that was answered.
    pub(crate) fn generation(&self) -> Option<u32> {
        match self.expected {
            Expected::Same => Some(self.sent.generation),
            Expected::Token(generation) => Some(generation),
            Expected::Refused => None,
        }
    }
}
