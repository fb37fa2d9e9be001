//! Clients that no operator registered.

use super::clients::{disable, register};
use super::fixtures::{account_id, at, count_told, create, found, machine, network, open_as, session, told};
use crate::client::{Client, ClientId, ClientMetadata, ClientOrigin, ClientStatus, DocumentUrl};
use crate::grant::Consent;
use crate::limits::{CLIENT_UNUSED_KEPT, CLIENT_USE_WRITTEN_EVERY, CLIENT_USED_KEPT};
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::session::Session;
use crate::store::{RegisterItself, Registered, Store, Swap, UseClient};
use crate::time::Time;

const URL: &str = "https://client.example/client.json";

fn id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

fn newcomer(text: &str, now: Time) -> Client {
    let metadata = br#"{ "redirect_uris": ["http://127.0.0.1/cb"], "client_name": "Agent" }"#;
    ClientMetadata::parse(metadata).unwrap().registered(id(text), now).unwrap()
}

fn described(name: &str, now: Time) -> Client {
    let metadata = format!(
        r#"{{ "client_id": "{URL}", "redirect_uris": ["https://{name}.example/cb"], "client_name": "{name}" }}"#
    );
    let url = DocumentUrl::of(&id(URL)).unwrap();
    ClientMetadata::parse(metadata.as_bytes()).unwrap().described(&url, None, now).unwrap()
}

async fn come(store: &dyn Store, text: &str, from: u8, now: Time) -> Registered {
    let (client, network) = (newcomer(text, now), network(from));
    store.register_itself(RegisterItself { client, network, unused_max: 4 }).await.unwrap()
}

async fn used(store: &dyn Store, client: Client, now: Time) -> Swap {
    store.use_client(UseClient { client, audit: told("client.first_used"), now }).await.unwrap()
}

async fn is_there(store: &dyn Store, text: &str) -> bool {
    store.client(&id(text)).await.unwrap().is_some()
}

pub async fn a_client_that_registers_itself_is_there_and_nothing_is_told(store: &dyn Store) {
    assert_eq!(come(store, "dyn_1", 1, at(5)).await, Registered::Registered);
    assert_eq!(store.client(&id("dyn_1")).await.unwrap(), Some(newcomer("dyn_1", at(5))));
    assert_eq!(come(store, "dyn_1", 1, at(6)).await, Registered::IdTaken);
    register(store, machine("worker")).await;
    assert_eq!(come(store, "worker", 1, at(6)).await, Registered::IdTaken);
    assert_eq!(count_told(store, "client").await, 0);
}

pub async fn too_many_unused_ones_make_room_where_most_come_from(store: &dyn Store) {
    // The first is the oldest of all, and the only one of its network.
    come(store, "alone", 1, at(1)).await;
    for (text, now) in [("a", 2), ("b", 3), ("c", 4), ("d", 5), ("e", 6)] {
        come(store, text, 2, at(now)).await;
    }
    for (text, expected) in [("alone", true), ("a", false), ("b", false), ("c", true), ("d", true), ("e", true)] {
        assert_eq!(is_there(store, text).await, expected, "{text}");
    }
    // What is used counts no more, and makes no room for others.
    used(store, newcomer("c", at(4)), at(7)).await;
    come(store, "f", 3, at(8)).await;
    come(store, "g", 3, at(9)).await;
    for (text, expected) in [("alone", true), ("c", true), ("d", false), ("e", true), ("f", true), ("g", true)] {
        assert_eq!(is_there(store, text).await, expected, "{text}");
    }
}

pub async fn a_use_is_told_once_and_takes_the_client_out_of_the_unused(store: &dyn Store) {
    let client = newcomer("dyn_1", at(5));
    assert_eq!(used(store, client.clone(), at(6)).await, Swap::Lost);
    come(store, "dyn_1", 1, at(5)).await;
    let long_after = at(6) + CLIENT_USE_WRITTEN_EVERY + CLIENT_USE_WRITTEN_EVERY;
    for now in [at(6), at(7), long_after] {
        assert_eq!(used(store, client.clone(), now).await, Swap::Won);
    }
    assert_eq!(count_told(store, "client.first_used").await, 1);
    assert_eq!(store.client(&client.id).await.unwrap(), Some(client));
}

pub async fn a_described_client_becomes_a_row_when_it_is_used_and_follows_its_document(store: &dyn Store) {
    let (first, second) = (described("one", at(5)), described("two", at(7)));
    assert_eq!(used(store, first.clone(), at(5)).await, Swap::Won);
    assert_eq!(store.client(&first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(used(store, second.clone(), at(7)).await, Swap::Won);
    let expected = Client { created_at: first.created_at, ..second };
    assert_eq!(store.client(&first.id).await.unwrap(), Some(expected));
    assert_eq!(count_told(store, "client.first_used").await, 1);
}

pub async fn what_an_operator_registered_or_disabled_is_not_described_anew(store: &dyn Store) {
    found(store).await;
    let operators = Client { origin: ClientOrigin::Operator, ..described("operator", at(3)) };
    register(store, operators.clone()).await;
    assert_eq!(used(store, described("one", at(5)), at(5)).await, Swap::Lost);
    assert_eq!(store.client(&id(URL)).await.unwrap(), Some(operators));
    super::clients::remove(store, URL, at(6)).await;
    used(store, described("one", at(7)), at(7)).await;
    disable(store, URL, at(8)).await;
    assert_eq!(used(store, described("two", at(9)), at(9)).await, Swap::Lost);
    let kept = store.client(&id(URL)).await.unwrap().unwrap();
    assert_eq!((kept.status, kept.name.as_deref()), (ClientStatus::Disabled, Some("one")));
    // For as long as it is disabled: forgotten, it would be described anew.
    let long_after = at(9) + CLIENT_USED_KEPT + CLIENT_USED_KEPT;
    assert_eq!(store.sweep(long_after).await.unwrap().clients, 0);
    assert!(is_there(store, URL).await);
}

pub async fn what_nobody_uses_is_forgotten_with_its_consents_and_the_rest_stays(store: &dyn Store) {
    let account = create(store, 1).await;
    register(store, machine("worker")).await;
    come(store, "unused", 1, at(0)).await;
    for (text, number) in [("ended", 1), ("live", 2)] {
        come(store, text, 1, at(0)).await;
        used(store, newcomer(text, at(0)), at(1)).await;
        let until =
            |time: Time| Session { idle_expires_at: time, absolute_expires_at: time, ..session(number, Some(account)) };
        let expires = if text == "live" { at(1) + CLIENT_USED_KEPT + CLIENT_USED_KEPT } else { at(100) };
        open_as(store, Session { client: id(text), ..until(expires) }).await;
        let consent = Consent {
            account: account_id(1),
            client: id(text),
            audience: ResourceUri::parse("https://orders.example.com").unwrap(),
            scope: ScopeSet::default(),
            given_at: at(1),
        };
        store.save_consent(consent, told("consent.given")).await.unwrap();
    }
    let swept = async |now| store.sweep(now).await.unwrap().clients;
    assert_eq!(swept(at(0) + CLIENT_UNUSED_KEPT - crate::time::Span::from_seconds(1)).await, 0);
    assert_eq!(swept(at(0) + CLIENT_UNUSED_KEPT).await, 1);
    assert!(!is_there(store, "unused").await);
    assert_eq!(swept(at(99) + CLIENT_USED_KEPT).await, 0);
    assert_eq!(swept(at(100) + CLIENT_USED_KEPT).await, 1);
    let audience = ResourceUri::parse("https://orders.example.com").unwrap();
    for (text, expected) in [("ended", false), ("live", true)] {
        assert_eq!(is_there(store, text).await, expected, "{text}");
        let consent = store.consent(account_id(1), &id(text), &audience).await.unwrap();
        assert_eq!(consent.is_some(), expected, "{text}");
    }
    assert!(is_there(store, "worker").await);
}
