use super::fixtures::{at, count_told, secret_hash, together, told};
use super::grants::{app, code};
use crate::client::ClientId;
use crate::grant::{Parameters, PushedRequest};
use crate::store::{CodeSaved, PushRequest, RequestPushed, SaveCode, Store};

/// That of this client, good until that second.
fn pushing(number: u32, client: &str, until: u64) -> PushRequest {
    let parameters =
        Parameters::parse(&format!("client_id={client}&state={number}&nonce=%C3%A9%26&resource=a&resource=b"));
    let client = ClientId::parse(client).unwrap();
    let request = PushedRequest { client, parameters: parameters.unwrap(), begun: false, expires_at: at(until) };
    PushRequest { hash: secret_hash(number), request, live_max: 2, now: at(10) }
}

fn spending(code_number: u32, request: u32) -> SaveCode {
    let (hash, spends) = (secret_hash(1_000 + code_number), Some(secret_hash(request)));
    SaveCode { hash, code: code(code_number), spends, audit: told("code.given") }
}

async fn found(store: &dyn Store, number: u32) -> Option<PushedRequest> {
    store.pushed_request(secret_hash(number)).await.unwrap()
}

pub async fn a_pushed_request_reads_back_as_it_was_pushed(store: &dyn Store) {
    let push = pushing(1, "app", 70);
    assert_eq!(store.push_request(push.clone()).await.unwrap(), RequestPushed::Pushed);
    assert_eq!(found(store, 1).await, Some(push.request));
    assert_eq!(found(store, 2).await, None);
}

pub async fn a_browser_begins_a_pushed_request_once(store: &dyn Store) {
    let push = pushing(1, "app", 70);
    store.push_request(push.clone()).await.unwrap();
    for until in [900, 2_000] {
        store.begin_pushed_request(secret_hash(1), at(until)).await.unwrap();
        let begun = PushedRequest { begun: true, expires_at: at(900), ..push.request.clone() };
        assert_eq!(found(store, 1).await, Some(begun), "the first time counts");
    }
    store.begin_pushed_request(secret_hash(2), at(900)).await.unwrap();
    assert_eq!(found(store, 2).await, None);
}

pub async fn a_code_is_the_end_of_its_pushed_request(store: &dyn Store) {
    store.register_client(app(), told("client.registered")).await.unwrap();
    for number in [1, 2] {
        store.push_request(pushing(number, "app", 70)).await.unwrap();
    }
    assert_eq!(store.save_code(spending(1, 1)).await.unwrap(), CodeSaved::Saved);
    assert_eq!(found(store, 1).await, None);
    assert!(found(store, 2).await.is_some());
    assert_eq!(store.save_code(spending(2, 1)).await.unwrap(), CodeSaved::Spent);
    assert!(store.code(secret_hash(1_001)).await.unwrap().is_some());
    assert!(store.code(secret_hash(1_002)).await.unwrap().is_none(), "nothing was written");
    assert_eq!(count_told(store, "code.given").await, 1);
}

pub async fn of_16_codes_of_one_pushed_request_one_is_saved(store: &dyn Store) {
    store.push_request(pushing(1, "app", 70)).await.unwrap();
    let outcomes = together((0..16).map(|number| store.save_code(spending(number, 1))).collect()).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == CodeSaved::Saved).count(), 1);
}

pub async fn a_client_has_so_many_pushed_requests_and_no_more(store: &dyn Store) {
    for (number, until) in [(1, 80), (2, 70)] {
        assert_eq!(store.push_request(pushing(number, "app", until)).await.unwrap(), RequestPushed::Pushed);
    }
    let refused = RequestPushed::TooMany { until: at(70) };
    assert_eq!(store.push_request(pushing(3, "app", 70)).await.unwrap(), refused);
    assert_eq!(found(store, 3).await, None);
    assert_eq!(store.push_request(pushing(3, "other", 70)).await.unwrap(), RequestPushed::Pushed, "each its own");
    // What is over makes room at once, and not only at the sweep: no client ever has more rows.
    let later = PushRequest { now: at(70), ..pushing(4, "app", 130) };
    assert_eq!(store.push_request(later).await.unwrap(), RequestPushed::Pushed);
    assert!(found(store, 2).await.is_none() && found(store, 1).await.is_some());
}

pub async fn pushed_requests_that_are_over_are_forgotten(store: &dyn Store) {
    for (number, until) in [(1, 70), (2, 71)] {
        store.push_request(pushing(number, "app", until)).await.unwrap();
    }
    assert_eq!(store.sweep(at(69)).await.unwrap().pushed_requests, 0);
    assert_eq!(store.sweep(at(70)).await.unwrap().pushed_requests, 1);
    assert!(found(store, 1).await.is_none() && found(store, 2).await.is_some());
}
