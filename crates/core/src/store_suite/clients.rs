use super::fixtures::{at, count_told, told};
use crate::client::{Client, ClientAuthentication, ClientId, ClientStatus, RotationPolicy};
use crate::store::{Registered, Store};
use crate::time::Span;

fn client(id: &str) -> Client {
    Client {
        id: ClientId::parse(id).unwrap(),
        authentication: ClientAuthentication::Confidential,
        rotation: RotationPolicy::UnlessProven,
        overlap: Span::from_seconds(90),
        status: ClientStatus::Disabled,
        created_at: at(3),
    }
}

pub async fn a_client_reads_back_as_it_was_registered(store: &dyn Store) {
    let public = Client {
        authentication: ClientAuthentication::Public,
        rotation: RotationPolicy::On,
        overlap: Span::ZERO,
        status: ClientStatus::Active,
        ..client("https://app.example/client.json")
    };
    for client in [client("worker"), public] {
        let registered = store.register_client(client.clone(), told("client.registered")).await.unwrap();
        assert_eq!(registered, Registered::Registered);
        assert_eq!(store.client(&client.id).await.unwrap(), Some(client));
    }
    assert_eq!(store.client(&ClientId::parse("Worker").unwrap()).await.unwrap(), None);
    assert_eq!(count_told(store, "client.registered").await, 2);
}

pub async fn an_id_is_taken_once_and_the_built_in_one_never_given(store: &dyn Store) {
    store.register_client(client("worker"), told("client.registered")).await.unwrap();
    let again = Client { overlap: Span::ZERO, ..client("worker") };
    for taken in [again, client(ClientId::FIRST_PARTY)] {
        let registered = store.register_client(taken, told("client.registered")).await.unwrap();
        assert_eq!(registered, Registered::IdTaken);
    }
    assert_eq!(store.client(&ClientId::parse("worker").unwrap()).await.unwrap(), Some(client("worker")));
    assert_eq!(store.client(&ClientId::first_party()).await.unwrap(), None);
    assert_eq!(count_told(store, "client.registered").await, 1);
}
