use super::fixtures::{
    account_id, at, count_told, create, ending, machine, network, open, opening, read, secret_hash, session,
    session_id, told,
};
use crate::account::SessionsFloor;
use crate::client::{
    Client, ClientAuthentication, ClientId, ClientKind, ClientProfile, ClientStatus, RedirectUri, Registration,
};
use crate::grant::{AuthorizedCode, CodeChallenge, Consent};
use crate::limits::CODE_REMEMBERED;
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::session::{Networks, SecretHash, Session};
use crate::store::{CodeSaved, OpenSession, RedeemCode, Redemption, SaveCode, Store, Which};
use crate::token::IdentityClaim;
use countersign_jose::JwkSet;
use std::collections::BTreeSet;

pub(super) fn app() -> Client {
    let profile = ClientProfile {
        redirect_uris: ["https://app.example/b?c=d", "https://app.example/a"].map(str::to_owned).to_vec(),
        requires_pushed_requests: true,
        ..ClientProfile::default()
    };
    let (id, kind, authentication) = (ClientId::parse("app").unwrap(), ClientKind::Spa, ClientAuthentication::Public);
    Client::register(Registration { id, kind, profile, authentication, created_at: at(3) }).unwrap()
}

pub(super) fn code(number: u32) -> AuthorizedCode {
    AuthorizedCode {
        client: app().id,
        redirect_uri: RedirectUri::parse("https://app.example/a").unwrap(),
        redirect_uri_named: true,
        account: account_id(1),
        floor: SessionsFloor(5),
        parent: session_id(1),
        authenticated_at: at(9),
        scope: ScopeSet::parse("offline_access openid").unwrap(),
        audience: ResourceUri::parse("https://issuer.example").unwrap(),
        nonce: Some(format!("nonce \u{e9} {number}")),
        id_token_claims: [IdentityClaim::Name, IdentityClaim::Email].into(),
        challenge: CodeChallenge::from_bytes([7; 32]),
        jkt: Some("a thumbprint".to_owned()),
        expires_at: at(u64::from(number)),
        redeemed: None,
    }
}

/// The session that a code makes.
fn child(number: u32) -> Session {
    let networks = Networks::of([network(1)]);
    Session { client: app().id, parent: Some(session_id(1)), networks, ..session(number, Some(account_id(1))) }
}

/// A code that comes of no pushed request.
fn saving(hash: SecretHash, code: AuthorizedCode) -> SaveCode {
    SaveCode { hash, code, spends: None, audit: told("code.given") }
}

fn redeem(code: u32, session: u32) -> RedeemCode {
    RedeemCode {
        hash: secret_hash(code),
        open: OpenSession { audit: told("code.redeemed"), ..opening(child(session)) },
    }
}

/// An account with a browser sign-in, and a client at which codes are given.
async fn ready(store: &dyn Store) {
    create(store, 1).await;
    open(store, 1, Some(account_id(1))).await;
    store.register_client(app(), told("client.registered")).await.unwrap();
}

pub async fn a_client_reads_back_with_its_redirect_uris_and_keys(store: &dyn Store) {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}"#;
    let keys = JwkSet::parse(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()).unwrap();
    let with_keys = Client { authentication: ClientAuthentication::PrivateKeyJwt(keys), ..machine("worker") };
    let by_post = Client {
        authentication: ClientAuthentication::SecretPost(SecretHash::of(b"secret")),
        kind: ClientKind::Web,
        id: ClientId::parse("shop").unwrap(),
        ..app()
    };
    for client in [app(), with_keys, by_post] {
        store.register_client(client.clone(), told("client.registered")).await.unwrap();
        assert_eq!(store.client(&client.id).await.unwrap(), Some(client));
    }
}

pub async fn a_code_reads_back_as_it_was_saved(store: &dyn Store) {
    let bare = AuthorizedCode {
        nonce: None,
        id_token_claims: BTreeSet::new(),
        jkt: None,
        redirect_uri_named: false,
        ..code(2)
    };
    for (number, code) in [(1, code(1)), (2, bare)] {
        assert_eq!(store.save_code(saving(secret_hash(number), code.clone())).await.unwrap(), CodeSaved::Saved);
        assert_eq!(store.code(secret_hash(number)).await.unwrap(), Some(code));
    }
    assert_eq!(store.code(secret_hash(3)).await.unwrap(), None);
    assert_eq!(count_told(store, "code.given").await, 2);
}

pub async fn a_code_opens_one_session_and_names_it_ever_after(store: &dyn Store) {
    ready(store).await;
    store.save_code(saving(secret_hash(9), code(9))).await.unwrap();
    assert_eq!(store.redeem_code(redeem(8, 2)).await.unwrap(), Redemption::Refused);
    assert_eq!(store.redeem_code(redeem(9, 2)).await.unwrap(), Redemption::First);
    assert_eq!(read(store, session_id(2)).await, child(2));
    for session in [2, 3] {
        assert_eq!(store.redeem_code(redeem(9, session)).await.unwrap(), Redemption::Again(session_id(2)));
    }
    assert_eq!(store.code(secret_hash(9)).await.unwrap().unwrap().redeemed, Some(session_id(2)));
    assert!(store.session(session_id(3)).await.unwrap().is_none());
    assert_eq!(count_told(store, "code.redeemed").await, 1);
}

pub async fn of_16_redemptions_of_one_code_one_is_first(store: &dyn Store) {
    ready(store).await;
    store.save_code(saving(secret_hash(9), code(9))).await.unwrap();
    let all = (0..16).map(|number| store.redeem_code(redeem(9, 10 + number))).collect();
    let outcomes = super::fixtures::together(all).await;
    let first = outcomes.iter().filter(|outcome| **outcome == Redemption::First).count();
    let again = outcomes.iter().filter(|outcome| matches!(outcome, Redemption::Again(_))).count();
    assert_eq!((first, again), (1, 15));
}

pub async fn a_code_whose_ground_is_gone_opens_nothing(store: &dyn Store) {
    ready(store).await;
    for number in 1..=3 {
        store.save_code(saving(secret_hash(number), code(number))).await.unwrap();
    }
    // Another floor: everything of the account was ended since.
    let mut stale = redeem(1, 2);
    stale.open.floor = Some(SessionsFloor(4));
    assert_eq!(store.redeem_code(stale).await.unwrap(), Redemption::Refused);
    // No such client any more, or a disabled one.
    let mut foreign = redeem(2, 2);
    foreign.open.session.client = ClientId::parse("gone").unwrap();
    assert_eq!(store.redeem_code(foreign).await.unwrap(), Redemption::Refused);
    let disabled = Client { status: ClientStatus::Disabled, id: ClientId::parse("off").unwrap(), ..app() };
    store.register_client(disabled.clone(), told("client.registered")).await.unwrap();
    let mut off = redeem(2, 2);
    off.open.session.client = disabled.id;
    assert_eq!(store.redeem_code(off).await.unwrap(), Redemption::Refused);
    // The browser sign-in has ended.
    store.end_sessions(ending(Which::One(session_id(1)), at(11))).await.unwrap();
    assert_eq!(store.redeem_code(redeem(3, 2)).await.unwrap(), Redemption::Refused);
    assert!(store.session(session_id(2)).await.unwrap().is_none());
    assert_eq!(store.code(secret_hash(3)).await.unwrap().unwrap().redeemed, None);
}

pub async fn a_code_is_forgotten_once_nobody_needs_to_see_its_second_use(store: &dyn Store) {
    for number in [10, 20] {
        store.save_code(saving(secret_hash(number), code(number))).await.unwrap();
    }
    assert_eq!(store.sweep(at(9) + CODE_REMEMBERED).await.unwrap().codes, 0);
    assert_eq!(store.sweep(at(10) + CODE_REMEMBERED).await.unwrap().codes, 1);
    assert!(store.code(secret_hash(10)).await.unwrap().is_none());
    assert!(store.code(secret_hash(20)).await.unwrap().is_some());
}

pub async fn a_consent_is_replaced_by_the_next_and_goes_with_its_client(store: &dyn Store) {
    ready(store).await;
    let consent = |scope: &str, second| Consent {
        account: account_id(1),
        client: app().id,
        audience: code(1).audience,
        scope: ScopeSet::parse(scope).unwrap(),
        given_at: at(second),
    };
    let found = async || store.consent(account_id(1), &app().id, &code(1).audience).await.unwrap();
    assert_eq!(found().await, None);
    for consent in [consent("openid", 5), consent("email openid", 6)] {
        store.save_consent(consent.clone(), told("consent.given")).await.unwrap();
        assert_eq!(found().await, Some(consent));
    }
    let elsewhere = ResourceUri::parse("https://orders.example.com").unwrap();
    assert_eq!(store.consent(account_id(1), &app().id, &elsewhere).await.unwrap(), None);
    assert_eq!(store.consent(account_id(2), &app().id, &code(1).audience).await.unwrap(), None);
    let other = ClientId::parse("other").unwrap();
    assert_eq!(store.consent(account_id(1), &other, &code(1).audience).await.unwrap(), None);
    super::clients::remove(store, "app", at(7)).await;
    assert_eq!(found().await, None);
    assert_eq!(count_told(store, "consent.given").await, 2);
}
