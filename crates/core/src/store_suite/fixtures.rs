//! What the behaviours are told with: accounts, sessions and times that are easy to tell apart.

use crate::account::{Account, AccountStatus, CredentialVersion, Login, Roles, SessionsFloor};
use crate::audit::{Actor, AuditEvent, AuditFilter};
use crate::client::{Client, ClientAuthentication, ClientId, ClientKind, ClientProfile, Registration};
use crate::ids::{AccountId, SessionId};
use crate::key_ring::Sealed;
use crate::network::Network;
use crate::resource::ResourceUri;
use crate::revocation::{Entry, Kind, Sequence};
use crate::scope::ScopeSet;
use crate::session::{End, EndReason, EpochCause, Generation, Networks, Run, SecretHash, Session};
use crate::store::{
    BeginEpoch, Created, EndSessions, NewAccount, OpenSession, Opened, Page, Paged, RotateSession, Store, StoreFuture,
    Which,
};
use crate::time::{Span, Time};
use countersign_revocation::Epoch;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

pub(super) const EPOCH: Epoch = Epoch::new(0xee, [0xee; 10]);
pub(super) const ISSUER: &str = "https://issuer.example";

/// So many seconds after everything began.
pub(super) fn at(seconds: u64) -> Time {
    Time::from_millis(1_700_000_000_000) + Span::from_seconds(seconds)
}

pub(super) fn account_id(number: u32) -> AccountId {
    AccountId::from_bytes(id(0xaa, number))
}

pub(super) fn session_id(number: u32) -> SessionId {
    SessionId::from_bytes(id(0x55, number))
}

pub(super) fn secret_hash(number: u32) -> SecretHash {
    SecretHash::of(&id(0x77, number))
}

pub(super) fn network(number: u8) -> Network {
    Network::of([192, 0, number, 1].into())
}

fn id(kind: u8, number: u32) -> [u8; 16] {
    let mut id = [kind; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    id
}

pub(super) fn login(number: u32) -> Login {
    Login::parse(&format!("account-{number:04}@example.com")).unwrap()
}

pub(super) fn told(what: &str) -> AuditEvent {
    AuditEvent::new(at(0), what, Actor::named("the suite"))
}

/// An account with something in every field.
pub(super) fn account(number: u32) -> Account {
    Account {
        id: account_id(number),
        login: login(number),
        email: Some(format!("mail-{number}@example.com")),
        name: Some(format!("Ána {number}")),
        roles: Roles::parse("ops admin").unwrap(),
        attributes: [("tenant", "a \"b\""), ("größe", "xl")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        password_hash: Some(Sealed::from_bytes(vec![7; 90])),
        credential_version: CredentialVersion(3),
        sessions_floor: SessionsFloor(5),
        status: AccountStatus::Active,
        created_at: at(1),
    }
}

/// A machine client with something in every field.
pub(super) fn machine(id: &str) -> Client {
    let profile = ClientProfile {
        name: Some("Größter Arbeiter".to_owned()),
        scopes: ScopeSet::parse("orders:read a=b,c'{}").unwrap(),
        resources: ["https://b.example?a=b,c", "urn:example:a"].map(|uri| ResourceUri::parse(uri).unwrap()).into(),
        ..ClientProfile::default()
    };
    let authentication = ClientAuthentication::SecretBasic(SecretHash::of(id.as_bytes()));
    let (id, kind) = (ClientId::parse(id).unwrap(), ClientKind::Machine);
    Client::register(Registration { id, kind, profile, authentication, created_at: at(3) }).unwrap()
}

/// An account's session as sign-in opens it; where there is none, that of a machine.
pub(super) fn session(number: u32, account: Option<AccountId>) -> Session {
    Session {
        id: session_id(number),
        account,
        client: account.map_or_else(|| ClientId::parse("worker").unwrap(), |_| ClientId::first_party()),
        parent: None,
        secret_hash: secret_hash(number),
        replaced_hash: None,
        generation: Generation(0),
        rotated_at: None,
        rotated_by: None,
        late: Run::default(),
        foreign: Run::default(),
        retry_hash: None,
        networks: Networks::of([network(1)]),
        created_at: at(10),
        authenticated_at: at(9),
        idle_expires_at: at(10_000),
        absolute_expires_at: at(100_000),
        last_token_expires_at: at(700),
        jkt: None,
        scope: ScopeSet::parse("orders:read").unwrap(),
        audience: ResourceUri::parse("https://orders.example.com").unwrap(),
        label: None,
        address: None,
        storage_epoch: EPOCH,
        ended: None,
    }
}

pub(super) fn opening(session: Session) -> OpenSession {
    let floor = session.account.map(|_| SessionsFloor(5));
    OpenSession { session, floor, live_max: 100, audit: told("session.opened"), now: at(10) }
}

/// The next rotation of a session, at this time.
pub(super) fn rotation(of: &Session, now: Time) -> RotateSession {
    RotateSession {
        session: of.id,
        from: of.generation,
        from_secret_hash: of.secret_hash,
        to: of.generation.next().unwrap(),
        new_secret_hash: None,
        retry_hash: None,
        network: network(1),
        request: format!("request at {}", now.as_millis()),
        storage_epoch: EPOCH,
        idle_expires_at: now + Span::from_seconds(10_000),
        last_token_expires_at: now + Span::from_seconds(670),
        now,
    }
}

pub(super) fn ending(which: Which, now: Time) -> EndSessions {
    let end = End::by(EndReason::Administrator, "the suite");
    EndSessions { which, end, audit: Some(told("session.ended")), now }
}

pub(super) async fn found(store: &dyn Store) {
    store.found(ISSUER, EPOCH, at(0)).await.unwrap();
}

/// Makes an account in a deployment that is founded then.
pub(super) async fn create(store: &dyn Store, number: u32) -> AccountId {
    found(store).await;
    let new = NewAccount { account: account(number), audit: told("account.created") };
    assert_eq!(store.create_account(new).await.unwrap(), Created::Created);
    account_id(number)
}

/// Opens a session of the account of this number, which must be there.
pub(super) async fn open(store: &dyn Store, number: u32, account: Option<AccountId>) -> Session {
    open_as(store, session(number, account)).await
}

/// Opens this session; its client is registered for it unless it is.
pub(super) async fn open_as(store: &dyn Store, session: Session) -> Session {
    if session.client != ClientId::first_party() {
        store.register_client(machine(session.client.as_str()), told("client.registered")).await.unwrap();
    }
    let floor = match session.account {
        Some(account) => Some(store.account(account).await.unwrap().unwrap().sessions_floor),
        None => None,
    };
    let id = session.id;
    assert_eq!(store.open_session(OpenSession { floor, ..opening(session) }).await.unwrap(), Opened::Opened);
    read(store, id).await
}

pub(super) async fn read(store: &dyn Store, id: SessionId) -> Session {
    store.session(id).await.unwrap().expect("the session is there").session
}

pub(super) async fn is_open(store: &dyn Store, number: u32) -> bool {
    read(store, session_id(number)).await.ended.is_none()
}

pub(super) async fn floor(store: &dyn Store, account: AccountId) -> u32 {
    store.account(account).await.unwrap().unwrap().sessions_floor.0
}

/// Storage went back, by a restore that kept sessions.
pub(super) async fn begin_epoch(store: &dyn Store, epoch: Epoch, now: Time) {
    let audit = told("epoch.begun");
    let (cause, lost, end_sessions) = (EpochCause::WentBack, Vec::new(), None);
    store.begin_epoch(BeginEpoch { epoch, cause, lost, end_sessions, audit, now }).await.unwrap();
}

pub(super) async fn published(store: &dyn Store) -> Vec<Entry> {
    store.feed_after(Sequence::ZERO, u16::MAX).await.unwrap().entries
}

/// The sessions that revocations name, in order of their ids.
pub(super) async fn revoked_sessions(store: &dyn Store) -> Vec<SessionId> {
    let published = published(store).await.into_iter();
    let sessions = published.filter(|entry| entry.kind() == Kind::Session).map(|entry| entry.id().parse().unwrap());
    let mut sessions: Vec<_> = sessions.collect();
    sessions.sort();
    sessions
}

/// How many events of this name there are.
pub(super) async fn count_told(store: &dyn Store, what: &str) -> usize {
    let filter = AuditFilter { what: Some(what.to_owned()), ..AuditFilter::default() };
    let list = collect(7, async |page| store.audit(filter.clone(), page).await.unwrap()).await;
    list.iter().filter(|event| event.what == what).count()
}

/// Everything on a list, read in pages of `limit`. Each page but the last is full.
pub(super) async fn collect<T>(limit: u16, list: impl AsyncFn(Page) -> Paged<T>) -> Vec<T> {
    let (mut found, mut page) = (Vec::new(), Page::new(limit, None));
    loop {
        let Paged { items, next, .. } = list(page).await;
        assert!(items.len() == usize::from(limit) || next.is_none(), "a page in the middle is not full");
        found.extend(items);
        match next {
            Some(next) => page = Page::new(limit, Some(next)),
            None => return found,
        }
    }
}

/// Drives all of `futures` at once and gives what they gave, in their order.
pub(super) async fn together<T>(mut futures: Vec<StoreFuture<'_, T>>) -> Vec<T> {
    let mut outcomes: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, outcome) in futures.iter_mut().zip(&mut outcomes).filter(|(_, outcome)| outcome.is_none()) {
            if let Poll::Ready(ready) = Pin::as_mut(future).poll(context) {
                *outcome = Some(ready.unwrap());
            }
        }
        if outcomes.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}
