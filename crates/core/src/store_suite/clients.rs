use super::fixtures::{
    at, collect, count_told, found, machine, open_as, opening, published, read, session, session_id, told,
};
use crate::client::{Client, ClientAuthentication, ClientId, ClientStatus, RotationPolicy};
use crate::revocation::{Entry, Revocation, RevocationSubject};
use crate::scope::ScopeSet;
use crate::session::{End, EndReason, SecretHash};
use crate::store::{
    ChangeClientStatus, ClientChanged, ClientEnding, EndedSessions, Opened, Registered, RemoveClient,
    ReplaceClientSecret, StatusChange, Store, Swap,
};
use crate::time::{Span, Time};
use countersign_jose::Timestamp;

fn id(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

pub(super) async fn register(store: &dyn Store, client: Client) -> Registered {
    store.register_client(client, told("client.registered")).await.unwrap()
}

fn ending(client: &str, reason: EndReason, now: Time) -> ClientEnding {
    let revocation = Revocation::of_client(id(client), Span::from_seconds(600), now);
    ClientEnding { end: End::of(reason), revocation }
}

async fn change(store: &dyn Store, client: &str, to: StatusChange, now: Time) -> ClientChanged {
    let audit = told("client.status_changed");
    store.change_client_status(ChangeClientStatus { client: id(client), to, audit, now }).await.unwrap()
}

pub(super) async fn disable(store: &dyn Store, client: &str, now: Time) -> ClientChanged {
    change(store, client, StatusChange::Disable(ending(client, EndReason::ClientDisabled, now)), now).await
}

pub(super) async fn remove(store: &dyn Store, client: &str, now: Time) -> ClientChanged {
    let ending = ending(client, EndReason::ClientRemoved, now);
    let audit = told("client.removed");
    store.remove_client(RemoveClient { client: id(client), ending, audit, now }).await.unwrap()
}

const fn changed(sessions: u64, published: u64) -> ClientChanged {
    ClientChanged::Changed(EndedSessions { sessions, published })
}

pub async fn a_client_reads_back_as_it_was_registered(store: &dyn Store) {
    let bare = Client {
        name: None,
        authentication: ClientAuthentication::Public,
        scopes: ScopeSet::default(),
        resources: [].into(),
        rotation: RotationPolicy::On,
        overlap: Span::from_seconds(90),
        status: ClientStatus::Disabled,
        ..machine("https://app.example/client.json")
    };
    for client in [machine("worker"), bare] {
        assert_eq!(register(store, client.clone()).await, Registered::Registered);
        assert_eq!(store.client(&client.id).await.unwrap(), Some(client));
    }
    assert_eq!(store.client(&id("Worker")).await.unwrap(), None);
    assert_eq!(count_told(store, "client.registered").await, 2);
}

pub async fn an_id_is_taken_once_and_the_built_in_one_never_given(store: &dyn Store) {
    register(store, machine("worker")).await;
    for taken in [Client { name: None, ..machine("worker") }, machine(ClientId::FIRST_PARTY)] {
        assert_eq!(register(store, taken).await, Registered::IdTaken);
    }
    assert_eq!(store.client(&id("worker")).await.unwrap(), Some(machine("worker")));
    assert_eq!(store.client(&ClientId::first_party()).await.unwrap(), None);
    assert_eq!(count_told(store, "client.registered").await, 1);
}

pub async fn clients_are_listed_by_id_each_once(store: &dyn Store) {
    let ids = ["a", "b", "https://c.example/?d=e", "worker-1", "worker-2"];
    for at in [3, 1, 4, 0, 2] {
        register(store, machine(ids[at])).await;
    }
    for limit in [1, 2, 5, 100] {
        let listed = collect(limit, async |page| store.clients(page).await.unwrap()).await;
        assert_eq!(listed, ids.map(machine), "in pages of {limit}");
    }
}

pub async fn a_secret_is_replaced_by_whoever_saw_the_one_before(store: &dyn Store) {
    let replace = |client: &str, from: &str, to: &str| {
        let (from, to) = (SecretHash::of(from.as_bytes()), SecretHash::of(to.as_bytes()));
        let audit = told("client.secret_replaced");
        store.replace_client_secret(ReplaceClientSecret { client: id(client), from, to, audit })
    };
    register(store, machine("worker")).await;
    assert_eq!(replace("worker", "worker", "second").await.unwrap(), Swap::Won);
    assert_eq!(replace("worker", "worker", "third").await.unwrap(), Swap::Lost);
    assert_eq!(replace("nobody", "worker", "third").await.unwrap(), Swap::Lost);
    let authentication = ClientAuthentication::SecretBasic(SecretHash::of(b"second"));
    let expected = Client { authentication, ..machine("worker") };
    assert_eq!(store.client(&expected.id).await.unwrap(), Some(expected));
    assert_eq!(count_told(store, "client.secret_replaced").await, 1);
}

pub async fn a_disabled_clients_sessions_end_and_its_revocation_is_published(store: &dyn Store) {
    found(store).await;
    open_as(store, session(1, None)).await;
    open_as(store, session(2, None)).await;
    open_as(store, crate::session::Session { client: id("other"), ..session(3, None) }).await;
    assert_eq!(disable(store, "worker", at(20)).await, changed(2, 3));
    assert_eq!(store.client(&id("worker")).await.unwrap().unwrap().status, ClientStatus::Disabled);
    for (number, expected) in [(1, Some(EndReason::ClientDisabled)), (2, Some(EndReason::ClientDisabled)), (3, None)] {
        let ended = read(store, session_id(number)).await.ended;
        assert_eq!(ended.map(|ended| ended.end.reason), expected, "session {number}");
    }
    let entries: Vec<_> = published(store).await.into_iter().map(Entry::into_new).collect();
    assert_eq!(entries.len(), 3);
    assert!(entries.contains(&ending("worker", EndReason::ClientDisabled, at(20)).revocation.entry().unwrap()));
    // Again: nothing is published, told or ended.
    assert_eq!(disable(store, "worker", at(30)).await, ClientChanged::Lost);
    assert_eq!(disable(store, "nobody", at(30)).await, ClientChanged::Lost);
    assert_eq!(published(store).await.len(), 3);
    assert_eq!(count_told(store, "client.status_changed").await, 1);
}

pub async fn a_machine_that_is_no_active_client_opens_no_session(store: &dyn Store) {
    found(store).await;
    let open = || store.open_session(opening(session(1, None)));
    assert_eq!(open().await.unwrap(), Opened::Refused);
    register(store, machine("worker")).await;
    disable(store, "worker", at(20)).await;
    assert_eq!(open().await.unwrap(), Opened::Refused);
    assert_eq!(change(store, "worker", StatusChange::Enable, at(30)).await, changed(0, 0));
    assert_eq!(open().await.unwrap(), Opened::Opened);
    remove(store, "worker", at(40)).await;
    assert_eq!(read(store, session_id(1)).await.ended.unwrap().end.reason, EndReason::ClientRemoved);
    assert_eq!(store.open_session(opening(session(2, None))).await.unwrap(), Opened::Refused);
}

pub async fn an_enabled_client_is_refused_until_its_revocation_is_forgotten(store: &dyn Store) {
    found(store).await;
    let until = || async { store.client_refused_until(&id("worker")).await.unwrap() };
    register(store, machine("worker")).await;
    assert_eq!(until().await, None);
    assert_eq!(change(store, "worker", StatusChange::Enable, at(10)).await, ClientChanged::Lost);
    disable(store, "worker", at(20)).await;
    change(store, "worker", StatusChange::Enable, at(25)).await;
    assert_eq!(until().await.map(Time::from_timestamp), Some(at(20 + 600 + 90)));
    // The later one counts, and another client's does not.
    disable(store, "worker", at(30)).await;
    register(store, machine("other")).await;
    disable(store, "other", at(50)).await;
    assert_eq!(until().await.map(Time::from_timestamp), Some(at(30 + 600 + 90)));
    store.forget_revocations(Timestamp::from_seconds(at(721).timestamp().as_seconds())).await.unwrap();
    assert_eq!(until().await, None);
}

pub async fn a_removed_client_is_gone_and_refused(store: &dyn Store) {
    found(store).await;
    open_as(store, session(1, None)).await;
    assert_eq!(remove(store, "worker", at(20)).await, changed(1, 2));
    assert_eq!(store.client(&id("worker")).await.unwrap(), None);
    assert!(store.is_revoked(vec![RevocationSubject::Client(id("worker"))]).await.unwrap());
    assert_eq!(remove(store, "worker", at(30)).await, ClientChanged::Lost);
    assert_eq!((count_told(store, "client.removed").await, published(store).await.len()), (1, 2));
    // The id can be given again; what was issued under it before stays refused.
    assert_eq!(register(store, machine("worker")).await, Registered::Registered);
    assert!(store.client_refused_until(&id("worker")).await.unwrap().is_some());
}
