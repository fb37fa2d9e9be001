//! Sessions, as the contract asks: each change guarded by what was read.

use super::{Kept, MemoryStore, Operation};
use countersign_core::SessionId;
use countersign_core::Time;
use countersign_core::client::{Client, ClientId, ClientStatus};
use countersign_core::revocation::Revocation;
use countersign_core::session::{End, Ended, RunKind, Session, SessionState};
use countersign_core::store::{
    ClientEnding, CountLive, CountRepeat, CountedLive, CursorStanding, EndSessions, EndWithEpoch, EndedSessions,
    FindMachine, FoundMachine, Held, HoldSession, OpenSession, Opened, Page, Paged, RotateSession, SessionFilter,
    SessionStore, StoreFuture, Swap, Which,
};

impl SessionStore for MemoryStore {
    fn open_session(&self, open: OpenSession) -> StoreFuture<'_, Opened> {
        self.act(move |kept| {
            let active = |client: &Client| client.id == open.session.client && client.status == ClientStatus::Active;
            if open.floor.is_none() && !kept.clients.iter().any(active) {
                return (Opened::Refused, Operation::Other);
            }
            let session = Session { storage_epoch: kept.epoch.id, ..open.session };
            kept.sessions.insert(session.id, session);
            kept.audit.push(open.audit);
            (Opened::Opened, Operation::Other)
        })
    }

    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionState>> {
        self.act(move |kept| (kept.state(id), Operation::Read))
    }

    fn machine(&self, find: FindMachine) -> StoreFuture<'_, FoundMachine> {
        self.act(move |kept| {
            let live = |session: &&Session| {
                let over = session.idle_expires_at.min(session.absolute_expires_at) <= find.now;
                session.client == find.client && session.ended.is_none() && !over
            };
            let session = kept.sessions.values().filter(live).max_by_key(|session| (session.created_at, session.id));
            let resource = kept.resources.iter().find(|resource| resource.uri == find.audience);
            (FoundMachine { resource: resource.cloned(), session: session.cloned() }, Operation::Read)
        })
    }

    fn hold_session(&self, hold: HoldSession) -> StoreFuture<'_, Held> {
        self.act(move |kept| {
            let Some(session) = kept.live(hold.session, hold.now) else {
                return (Held::Ended, Operation::Held { wrote: false });
            };
            let ahead = session.last_token_expires_at >= Time::from_timestamp(hold.exp);
            if !ahead {
                session.last_token_expires_at = hold.written_ahead;
            }
            if let Some(idle_expires_at) = hold.idle_expires_at {
                session.idle_expires_at = idle_expires_at;
            }
            (Held::Live, Operation::Held { wrote: !ahead || hold.idle_expires_at.is_some() })
        })
    }

    fn count_repeat(&self, count: CountRepeat) -> StoreFuture<'_, Swap> {
        self.act(move |kept| {
            let unended = kept.sessions.get_mut(&count.session).filter(|session| session.ended.is_none());
            let expected = unended.filter(|session| session.generation == count.generation);
            let run = expected.map(|session| match count.count.kind {
                RunKind::Late => &mut session.late,
                RunKind::Foreign => &mut session.foreign,
            });
            let Some(run) = run.filter(|run| **run == count.count.from) else {
                return (Swap::Lost, Operation::Counted { won: false });
            };
            *run = count.count.to;
            kept.audit.push(count.audit);
            (Swap::Won, Operation::Counted { won: true })
        })
    }

    fn rotate_session(&self, rotate: RotateSession) -> StoreFuture<'_, Swap> {
        self.act(move |kept| {
            let as_read = |session: &&mut Session| {
                session.generation == rotate.from && session.secret_hash == rotate.from_secret_hash
            };
            let Some(session) = kept.live(rotate.session, rotate.now).filter(as_read) else {
                return (Swap::Lost, Operation::Rotated { from: rotate.from, won: false });
            };
            if let Some(hash) = rotate.new_secret_hash {
                session.replaced_hash = Some(session.secret_hash);
                session.secret_hash = hash;
            }
            session.generation = rotate.to;
            session.rotated_at = Some(rotate.now);
            session.rotated_by = Some(rotate.request);
            session.retry_hash = rotate.retry_hash;
            session.networks = session.networks.with(rotate.network);
            session.storage_epoch = rotate.storage_epoch;
            session.idle_expires_at = rotate.idle_expires_at;
            session.last_token_expires_at = session.last_token_expires_at.max(rotate.last_token_expires_at);
            (Swap::Won, Operation::Rotated { from: rotate.from, won: true })
        })
    }

    fn end_sessions(&self, end: EndSessions) -> StoreFuture<'_, EndedSessions> {
        self.act(move |kept| {
            let ended = kept.end(&end.which, &end.end, end.now);
            kept.audit.extend(end.audit.filter(|_| ended.sessions > 0));
            (ended, Operation::Ended { sessions: ended.sessions })
        })
    }

    fn sessions(&self, filter: SessionFilter, page: Page) -> StoreFuture<'_, Paged<Session>> {
        self.act(move |kept| {
            let wanted = |session: &&Session| {
                filter.client.as_ref().is_none_or(|client| session.client == *client)
                    && filter.live_at.is_none_or(|at| session.is_live(at))
            };
            let mut items: Vec<_> = kept.sessions.values().filter(wanted).cloned().collect();
            items.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
            items.truncate(page.limit().into());
            (Paged { items, next: None, cursor: CursorStanding::Known }, Operation::Read)
        })
    }

    /// All at once, from the first: memory holds few.
    fn count_live(&self, count: CountLive) -> StoreFuture<'_, CountedLive> {
        self.act(move |kept| {
            let live = kept.sessions.values().filter(|session| count.after.is_none() && session.is_live(count.at));
            (CountedLive { live: live.count() as u64, next: None }, Operation::Read)
        })
    }
}

impl Kept {
    /// The session with what the refresh rule asks about it.
    pub(crate) fn state(&self, id: SessionId) -> Option<SessionState> {
        let session = self.sessions.get(&id)?.clone();
        Some(SessionState {
            account: session.account.and(self.account.clone()),
            client: self.clients.iter().find(|client| client.id == session.client).cloned(),
            resource: self.resources.iter().find(|resource| resource.uri == session.audience).cloned(),
            epoch: self.epoch,
            session,
        })
    }

    /// Ends sessions, published.
    fn end(&mut self, which: &Which, end: &End, now: Time) -> EndedSessions {
        let mut ended = EndedSessions::default();
        for session in self.sessions.values_mut().filter(|session| session.ended.is_none()) {
            if !is_meant(which, session) {
                continue;
            }
            session.ended = Some(Ended { end: end.clone(), at: now });
            ended.sessions += 1;
            let entry = Revocation::of_session(session.id, session.last_token_expires_at, now);
            ended.published += u64::from(entry.is_some());
            self.revocations.extend(entry);
        }
        ended
    }

    /// Ends all that there are, with tokens that may live longer than is known.
    pub(super) fn end_with_epoch(&mut self, all: &EndWithEpoch, now: Time) -> EndedSessions {
        for session in self.sessions.values_mut().filter(|session| session.ended.is_none()) {
            let until = all.tokens_until.min(session.absolute_expires_at);
            session.last_token_expires_at = session.last_token_expires_at.max(until);
        }
        self.end(&Which::All, &all.end, now)
    }

    /// Ends all at a client, and publishes what refuses its tokens.
    pub(super) fn end_at(&mut self, client: &ClientId, ending: ClientEnding, now: Time) -> EndedSessions {
        let ended = self.end(&Which::AtClient(client.clone()), &ending.end, now);
        self.revocations.push(ending.revocation);
        EndedSessions { published: ended.published + 1, ..ended }
    }

    fn live(&mut self, id: SessionId, now: Time) -> Option<&mut Session> {
        self.sessions.get_mut(&id).filter(|session| session.is_live(now))
    }
}

fn is_meant(which: &Which, session: &Session) -> bool {
    match which {
        Which::One(id) => session.id == *id,
        Which::OneOf(account, id) => session.account == Some(*account) && session.id == *id,
        Which::OfAccount(account) => session.account == Some(*account),
        Which::OfAccountExcept(account, id) => session.account == Some(*account) && session.id != *id,
        Which::AtClient(client) => session.client == *client,
        Which::All => true,
    }
}
