use super::fixtures::{account_id, at, count_told, create, ending, open, opening, session, session_id, told};
use crate::account::SessionsFloor;
use crate::client::{
    BackchannelLogout, Client, ClientAuthentication, ClientId, ClientKind, ClientLogout, ClientProfile, LogoutProfile,
    LogoutUri, Registration,
};
use crate::logout::PendingLogout;
use crate::revocation::Revocation;
use crate::scope::ScopeSet;
use crate::session::{End, EndReason, Session};
use crate::store::{
    ClaimLogouts, ClientEnding, EndSessions, EndWithEpoch, GiveUpLogouts, LogoutOutcome, OpenSession, Opened,
    RemoveClient, SettleLogout, Store, Swap, Which,
};
use crate::time::{Span, Time};
use countersign_revocation::Epoch;

fn uri(client: &str) -> String {
    format!("https://{client}.example/told?by=us")
}

/// A client that wants to be told.
fn listening(id: &str) -> Client {
    let logout = LogoutProfile {
        post_logout_redirect_uris: ["b", "a"].map(|page| format!("https://{id}.example/{page}")).into(),
        backchannel_logout_uri: Some(uri(id)),
        backchannel_logout_session_required: true,
    };
    let redirect_uris = vec![format!("https://{id}.example/cb")];
    let profile = ClientProfile { redirect_uris, logout, ..ClientProfile::default() };
    let (id, authentication) = (ClientId::parse(id).unwrap(), ClientAuthentication::Public);
    Client::register(Registration { id, kind: ClientKind::Spa, profile, authentication, created_at: at(3) }).unwrap()
}

async fn register(store: &dyn Store, client: Client) {
    store.register_client(client, told("client.registered")).await.unwrap();
}

async fn sign_in(store: &dyn Store, number: u32, client: &str, scope: &str) {
    let client = ClientId::parse(client).unwrap();
    let session = Session { client, scope: ScopeSet::parse(scope).unwrap(), ..session(number, Some(account_id(1))) };
    let open = OpenSession { floor: Some(SessionsFloor(5)), ..opening(session) };
    assert_eq!(store.open_session(open).await.unwrap(), Opened::Opened);
}

async fn end(store: &dyn Store, number: u32, reason: EndReason) {
    let end = EndSessions { end: End::of(reason), ..ending(Which::One(session_id(number)), at(20)) };
    assert_eq!(store.end_sessions(end).await.unwrap().sessions, 1);
}

fn claim(now: Time) -> ClaimLogouts {
    ClaimLogouts { but: Vec::new(), each_max: 10, all_max: 100, lease_until: now + Span::from_seconds(30), now }
}

async fn claimed(store: &dyn Store, claim: ClaimLogouts) -> Vec<PendingLogout> {
    let mut claimed = store.claim_logouts(claim).await.unwrap();
    claimed.sort_by_key(|pending| pending.session);
    claimed
}

async fn sessions_due(store: &dyn Store, now: Time) -> Vec<crate::ids::SessionId> {
    claimed(store, claim(now)).await.into_iter().map(|pending| pending.session).collect()
}

async fn settle(store: &dyn Store, session: u32, tries: u32, outcome: LogoutOutcome) -> Swap {
    store.settle_logout(SettleLogout { session: session_id(session), tries, outcome }).await.unwrap()
}

pub async fn a_client_reads_back_with_what_it_hears_of_sign_outs(store: &dyn Store) {
    let optional =
        BackchannelLogout { uri: LogoutUri::parse("https://b.example/told").unwrap(), session_required: false };
    let b =
        Client { logout: ClientLogout { backchannel: Some(optional), ..ClientLogout::default() }, ..listening("b") };
    for client in [listening("a"), b] {
        register(store, client.clone()).await;
        assert_eq!(store.client(&client.id).await.unwrap(), Some(client));
    }
}

pub async fn whoever_has_to_be_told_is_written_down_with_the_end(store: &dyn Store) {
    create(store, 1).await;
    register(store, listening("app")).await;
    register(store, Client { logout: ClientLogout::default(), ..listening("deaf") }).await;
    open(store, 1, Some(account_id(1))).await;
    sign_in(store, 2, "app", "openid email").await;
    sign_in(store, 3, "app", "email openid2").await;
    sign_in(store, 4, "deaf", "openid").await;
    for number in 1..=4 {
        end(store, number, EndReason::SignedOut).await;
    }
    let expected = PendingLogout {
        session: session_id(2),
        account: account_id(1),
        client: ClientId::parse("app").unwrap(),
        uri: LogoutUri::parse(&uri("app")).unwrap(),
        ended_at: at(20),
        tries: 1,
    };
    assert_eq!(store.logouts_waiting().await.unwrap(), 1);
    assert_eq!(claimed(store, claim(at(19))).await, []);
    assert_eq!(claimed(store, claim(at(20))).await, [expected]);
}

pub async fn each_reason_is_told_or_not(store: &dyn Store) {
    create(store, 1).await;
    register(store, listening("app")).await;
    for (number, &reason) in (1..).zip(EndReason::ALL) {
        sign_in(store, number, "app", "openid").await;
        end(store, number, reason).await;
        let due = sessions_due(store, at(20)).await;
        assert_eq!(due == [session_id(number)], reason.is_told(), "{reason:?}");
    }
}

pub async fn children_and_bulk_endings_are_told_too(store: &dyn Store) {
    create(store, 1).await;
    register(store, listening("app")).await;
    open(store, 1, Some(account_id(1))).await;
    let child = |number, scope| {
        let client = ClientId::parse("app").unwrap();
        let (parent, scope) = (Some(session_id(1)), ScopeSet::parse(scope).unwrap());
        let session = Session { client, parent, scope, ..session(number, Some(account_id(1))) };
        OpenSession { floor: Some(SessionsFloor(5)), ..opening(session) }
    };
    for open in [child(2, "openid"), child(3, "offline_access openid")] {
        store.open_session(open).await.unwrap();
    }
    store.end_sessions(ending(Which::One(session_id(1)), at(20))).await.unwrap();
    assert_eq!(sessions_due(store, at(20)).await, [session_id(2)]);
    let end_sessions = Some(EndWithEpoch { end: End::of(EndReason::Restored), tokens_until: at(600) });
    let epoch = crate::store::BeginEpoch {
        epoch: Epoch::new(0xef, [0xef; 10]),
        cause: crate::session::EpochCause::WentBack,
        lost: Vec::new(),
        end_sessions,
        audit: told("epoch.begun"),
        now: at(21),
    };
    store.begin_epoch(epoch).await.unwrap();
    assert_eq!(sessions_due(store, at(21)).await, [session_id(3)]);
}

pub async fn a_client_that_is_removed_hears_of_it(store: &dyn Store) {
    create(store, 1).await;
    register(store, listening("app")).await;
    sign_in(store, 1, "app", "openid").await;
    let id = ClientId::parse("app").unwrap();
    let revocation = Revocation::of_client(id.clone(), Span::from_seconds(600), at(20));
    let ending = ClientEnding { end: End::of(EndReason::ClientRemoved), revocation };
    let remove = RemoveClient { client: id, ending, audit: told("client.removed"), now: at(20) };
    store.remove_client(remove).await.unwrap();
    assert_eq!(sessions_due(store, at(20)).await, [session_id(1)]);
}

pub async fn what_is_claimed_is_nobody_elses_until_the_lease_is_over(store: &dyn Store) {
    create(store, 1).await;
    register(store, listening("app")).await;
    sign_in(store, 1, "app", "openid").await;
    end(store, 1, EndReason::SignedOut).await;
    let (one, two) =
        (store.claim_logouts(claim(at(20))).await.unwrap(), store.claim_logouts(claim(at(20))).await.unwrap());
    assert_eq!((one.len(), two.len()), (1, 0));
    assert_eq!(sessions_due(store, at(49)).await, []);
    assert_eq!(claimed(store, claim(at(50))).await[0].tries, 2);
    // Whoever came too late with the first try settles nothing.
    assert_eq!(settle(store, 1, 1, LogoutOutcome::Told).await, Swap::Lost);
    assert_eq!(settle(store, 1, 1, LogoutOutcome::GivenUp(told("logout.given_up"))).await, Swap::Lost);
    assert_eq!(count_told(store, "logout.given_up").await, 0);
    assert_eq!(store.logouts_waiting().await.unwrap(), 1);
    assert_eq!(settle(store, 1, 2, LogoutOutcome::Told).await, Swap::Won);
    assert_eq!(settle(store, 1, 2, LogoutOutcome::Told).await, Swap::Lost);
    assert_eq!(store.logouts_waiting().await.unwrap(), 0);
}

pub async fn what_failed_is_due_again_when_it_was_said(store: &dyn Store) {
    create(store, 1).await;
    register(store, listening("app")).await;
    sign_in(store, 1, "app", "openid").await;
    end(store, 1, EndReason::SignedOut).await;
    assert_eq!(sessions_due(store, at(20)).await, [session_id(1)]);
    assert_eq!(settle(store, 1, 1, LogoutOutcome::Again(at(25))).await, Swap::Won);
    assert_eq!(sessions_due(store, at(24)).await, []);
    assert_eq!(sessions_due(store, at(25)).await, [session_id(1)]);
    assert_eq!(settle(store, 1, 2, LogoutOutcome::GivenUp(told("logout.given_up"))).await, Swap::Won);
    assert_eq!(sessions_due(store, at(9_999)).await, []);
    assert_eq!(count_told(store, "logout.given_up").await, 1);
}

pub async fn one_client_does_not_hold_up_another(store: &dyn Store) {
    create(store, 1).await;
    for (client, numbers) in [("many", 1..21), ("few", 21..23), ("one", 31..32)] {
        register(store, listening(client)).await;
        for number in numbers {
            sign_in(store, number, client, "openid").await;
        }
    }
    store.end_sessions(ending(Which::AtClient(ClientId::parse("many").unwrap()), at(20))).await.unwrap();
    for client in ["few", "one"] {
        store.end_sessions(ending(Which::AtClient(ClientId::parse(client).unwrap()), at(21))).await.unwrap();
    }
    let by_client = async |claim: ClaimLogouts| {
        let claimed = store.claim_logouts(claim).await.unwrap();
        ["many", "few", "one"].map(|client| claimed.iter().filter(|pending| pending.client.as_str() == client).count())
    };
    assert_eq!(by_client(ClaimLogouts { each_max: 3, ..claim(at(30)) }).await, [3, 2, 1]);
    assert_eq!(by_client(ClaimLogouts { each_max: 3, all_max: 2, ..claim(at(30)) }).await, [2, 0, 0]);
    let many = vec![ClientId::parse("many").unwrap()];
    assert_eq!(by_client(ClaimLogouts { but: many, ..claim(at(60)) }).await, [0, 2, 1]);
    assert_eq!(store.logouts_waiting().await.unwrap(), 23);
}

pub async fn what_is_too_old_is_given_up_and_told_once_a_client(store: &dyn Store) {
    create(store, 1).await;
    for client in ["a", "b"] {
        register(store, listening(client)).await;
    }
    for (number, client) in [(1, "a"), (2, "a"), (3, "b")] {
        sign_in(store, number, client, "openid").await;
        end(store, number, EndReason::SignedOut).await;
    }
    let give_up = |ended_before, limit| GiveUpLogouts { ended_before, limit, audit: told("logout.given_up") };
    assert_eq!(store.give_up_logouts(give_up(at(20), 100)).await.unwrap(), 0);
    assert_eq!(store.give_up_logouts(give_up(at(21), 2)).await.unwrap(), 2);
    assert_eq!(store.give_up_logouts(give_up(at(21), 100)).await.unwrap(), 1);
    assert_eq!(store.give_up_logouts(give_up(at(21), 100)).await.unwrap(), 0);
    assert_eq!((store.logouts_waiting().await.unwrap(), sessions_due(store, at(30)).await), (0, vec![]));
    let told = count_told(store, "logout.given_up").await;
    assert!((2..=3).contains(&told), "{told}");
}
