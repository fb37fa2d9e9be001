use super::fixtures::{
    EPOCH, account, account_id, at, collect, count_told, create, ending, found, is_open, machine, network, open,
    open_as, opening, published, read, revoked_sessions, rotation, secret_hash, session, session_id, told,
};
use crate::account::{AccountStatus, SessionsFloor};
use crate::client::ClientId;
use crate::resource::{Resource, ResourceUri};
use crate::scope::ScopeSet;
use crate::session::{AccountStanding, End, EndReason, EpochCause, Generation, Networks, Run, Session, StorageEpoch};
use crate::store::{
    AccountChange, ChangeAccount, CountLive, CountedLive, Cursor, EndSessions, FindMachine, FoundMachine, OpenSession,
    Opened, Page, SessionFilter, Store, Swap, Which,
};

/// A session with something in every field.
fn full(number: u32, parent: u32) -> Session {
    Session {
        client: ClientId::parse("app").unwrap(),
        parent: Some(session_id(parent)),
        replaced_hash: Some(secret_hash(80)),
        generation: Generation(u32::MAX),
        rotated_at: Some(at(30)),
        rotated_by: Some("request 1".to_owned()),
        late: Run { generation: 4, length: 2 },
        foreign: Run { generation: 3, length: 1 },
        retry_hash: Some(secret_hash(81)),
        networks: Networks::of([4, 3, 2, 1].map(network)),
        jkt: Some("thumbprint".to_owned()),
        scope: ScopeSet::parse("offline_access orders:read").unwrap(),
        label: Some("Firefox on Línux".to_owned()),
        address: Some("2001:db8::1".parse().unwrap()),
        ..session(number, Some(account_id(1)))
    }
}

pub async fn a_session_reads_back_as_it_was_opened(store: &dyn Store) {
    let account = create(store, 1).await;
    assert_eq!(open(store, 1, Some(account)).await, session(1, Some(account)));
    assert_eq!(open_as(store, full(2, 1)).await, full(2, 1));
    assert_eq!(count_told(store, "session.opened").await, 2);
}

pub async fn a_machines_session_has_no_account(store: &dyn Store) {
    found(store).await;
    assert_eq!(open(store, 1, None).await, session(1, None));
    let state = store.session(session_id(1)).await.unwrap().unwrap();
    assert_eq!(state.account, None);
    let rotate = rotation(&state.session, at(50));
    assert_eq!(store.rotate_session(rotate).await.unwrap(), Swap::Won);
    assert_eq!(store.end_sessions(ending(Which::One(session_id(1)), at(60))).await.unwrap().sessions, 1);
    assert_eq!(revoked_sessions(store).await, [session_id(1)]);
}

pub async fn a_machine_is_found_with_its_newest_live_session(store: &dyn Store) {
    found(store).await;
    let audience = session(1, None).audience;
    let (client, now) = (session(1, None).client, at(50));
    let find = || store.machine(FindMachine { client: client.clone(), audience: audience.clone(), now });
    let found = |resource, session| FoundMachine { resource, session };
    assert_eq!(find().await.unwrap(), found(None, None));
    for number in 1..=3 {
        open(store, number, None).await;
    }
    let resource = Resource::new(audience.clone(), ["orders:read"], None, at(3)).unwrap();
    store.add_resource(resource.clone(), told("resource.added")).await.unwrap();
    let newest = find().await.unwrap();
    let newer = newest.session.clone().unwrap();
    assert_eq!(newest, found(Some(resource), Some(newer.clone())));
    assert!(
        (1..=3).all(|number| (newer.created_at, newer.id) >= (session(number, None).created_at, session_id(number)))
    );
    store.end_sessions(ending(Which::One(newer.id), at(50))).await.unwrap();
    let next = find().await.unwrap().session.unwrap();
    assert!(next.id != newer.id && next.client == client);
    let other = ClientId::parse("other").unwrap();
    let nobody = store.machine(FindMachine { client: other, audience: audience.clone(), now }).await.unwrap();
    assert_eq!(nobody.session, None);
    let long_after = next.absolute_expires_at;
    let over = store.machine(FindMachine { client: client.clone(), audience, now: long_after }).await.unwrap();
    assert_eq!(over.session, None);
}

pub async fn a_session_is_read_with_what_the_rule_asks_about_it(store: &dyn Store) {
    let id = create(store, 1).await;
    let client = machine("app");
    let resource = Resource::new(session(1, None).audience, ["orders:read"], None, at(3)).unwrap();
    open_as(store, Session { client: client.id.clone(), ..session(1, Some(id)) }).await;
    let epoch = StorageEpoch { id: EPOCH, cause: EpochCause::Fresh };
    let standing =
        AccountStanding { status: AccountStatus::Active, roles: account(1).roles, attributes: account(1).attributes };
    open(store, 2, Some(id)).await;
    let state = store.session(session_id(2)).await.unwrap().unwrap();
    assert_eq!((state.account, state.client, state.resource), (Some(standing), None, None));
    store.add_resource(resource.clone(), told("resource.added")).await.unwrap();
    let status = AccountChange::Status(AccountStatus::Disabled);
    let disable = ChangeAccount { account: id, change: status, end: None, audit: told("disabled"), now: at(20) };
    store.change_account(disable).await.unwrap();
    let state = store.session(session_id(1)).await.unwrap().unwrap();
    assert_eq!(state.account.map(|account| account.status), Some(AccountStatus::Disabled));
    assert_eq!((state.client, state.resource, state.epoch), (Some(client), Some(resource), epoch));
}

pub async fn an_unknown_session_is_none(store: &dyn Store) {
    assert_eq!(store.session(session_id(1)).await.unwrap(), None);
    create(store, 1).await;
    assert_eq!(store.session(session_id(1)).await.unwrap(), None);
}

pub async fn a_raised_floor_refuses_the_session(store: &dyn Store) {
    let account = create(store, 1).await;
    store.end_sessions(ending(Which::OfAccount(account), at(5))).await.unwrap();
    assert_eq!(store.open_session(opening(session(1, Some(account)))).await.unwrap(), Opened::Refused);
    assert_eq!(store.session(session_id(1)).await.unwrap(), None);
    assert_eq!(count_told(store, "session.opened").await, 0);
    let seen_since = OpenSession { floor: Some(SessionsFloor(6)), ..opening(session(1, Some(account))) };
    assert_eq!(store.open_session(seen_since).await.unwrap(), Opened::Opened);
}

pub async fn a_disabled_or_removed_account_opens_none(store: &dyn Store) {
    let changes = [AccountChange::Status(AccountStatus::Disabled), AccountChange::Removed];
    for (number, change) in (1..).zip(changes) {
        let account = create(store, number).await;
        let change = ChangeAccount { account, change, end: None, audit: told("account.changed"), now: at(5) };
        store.change_account(change).await.unwrap();
        let opened = store.open_session(opening(session(number, Some(account)))).await.unwrap();
        assert_eq!(opened, Opened::Refused);
    }
    let nobody = opening(session(9, Some(account_id(9))));
    assert_eq!(store.open_session(nobody).await.unwrap(), Opened::Refused);
}

pub async fn an_ended_parent_opens_none(store: &dyn Store) {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    store.end_sessions(ending(Which::One(session_id(1)), at(20))).await.unwrap();
    for parent in [1, 9] {
        let child = Session { parent: Some(session_id(parent)), ..session(2, Some(account)) };
        assert_eq!(store.open_session(opening(child)).await.unwrap(), Opened::Refused);
    }
}

pub async fn one_too_many_ends_the_least_recently_refreshed(store: &dyn Store) {
    let account = create(store, 1).await;
    let at_three = |number: u32, now: u64| OpenSession {
        live_max: 3,
        now: at(now),
        ..opening(Session { created_at: at(now), ..session(number, Some(account)) })
    };
    for (number, now) in [(1, 10), (2, 11), (3, 12)] {
        assert_eq!(store.open_session(at_three(number, now)).await.unwrap(), Opened::Opened);
    }
    assert_eq!(published(store).await, []);
    // The oldest was refreshed since, so it is not the one.
    let refresh = rotation(&read(store, session_id(1)).await, at(20));
    assert_eq!(store.rotate_session(refresh).await.unwrap(), Swap::Won);
    assert_eq!(store.open_session(at_three(4, 30)).await.unwrap(), Opened::Opened);
    let ended = read(store, session_id(2)).await.ended.unwrap();
    assert_eq!((ended.end.reason, ended.at), (EndReason::TooMany, at(30)));
    for number in [1, 3, 4] {
        assert!(is_open(store, number).await);
    }
    assert_eq!(revoked_sessions(store).await, [session_id(2)]);
    // The limit was lowered: all that are too many end. Others' sessions and machines' don't count.
    open(store, 5, None).await;
    let lowered = OpenSession { live_max: 1, ..at_three(6, 40) };
    assert_eq!(store.open_session(lowered).await.unwrap(), Opened::Opened);
    for (number, is) in [(1, false), (3, false), (4, false), (5, true), (6, true)] {
        assert_eq!(is_open(store, number).await, is, "session {number}");
    }
}

pub async fn what_is_over_leaves_room(store: &dyn Store) {
    let account = create(store, 1).await;
    let opening = |session: Session| OpenSession { live_max: 2, now: at(50), ..opening(session) };
    let over = [
        Session { idle_expires_at: at(50), ..session(1, Some(account)) },
        Session { absolute_expires_at: at(50), ..session(2, Some(account)) },
        session(3, Some(account)),
        session(4, Some(account)),
    ];
    for session in over {
        assert_eq!(store.open_session(opening(session)).await.unwrap(), Opened::Opened);
    }
    assert_eq!(published(store).await, []);
    assert!(is_open(store, 3).await && is_open(store, 4).await);
}

pub async fn sessions_are_listed_newest_first_each_once(store: &dyn Store) {
    found(store).await;
    // Two each were opened in the same millisecond.
    let sessions: Vec<_> =
        (0..9).map(|number| Session { created_at: at(u64::from(number / 2)), ..session(number, None) }).collect();
    for session in sessions.iter().rev() {
        open_as(store, session.clone()).await;
    }
    for limit in [1, 2, 9, 100] {
        let listed = collect(limit, async |page| store.sessions(SessionFilter::default(), page).await.unwrap()).await;
        assert_eq!(listed, sessions.iter().rev().cloned().collect::<Vec<_>>(), "in pages of {limit}");
    }
}

pub async fn sessions_are_listed_by_filter(store: &dyn Store) {
    let (one, two) = (create(store, 1).await, create(store, 2).await);
    let app = ClientId::parse("app").unwrap();
    let audience = ResourceUri::parse("urn:example:orders").unwrap();
    let opened = [
        session(1, Some(one)),
        Session { client: app.clone(), audience, ..session(2, Some(one)) },
        Session { client: app.clone(), ..session(3, Some(two)) },
        Session { idle_expires_at: at(50), ..session(4, Some(two)) },
        Session { absolute_expires_at: at(50), ..session(5, Some(two)) },
        session(6, None),
    ];
    for (second, session) in (10..).zip(opened) {
        open_as(store, Session { created_at: at(second), ..session }).await;
    }
    let reused = EndSessions { end: End::of(EndReason::Reused), ..ending(Which::One(session_id(1)), at(30)) };
    store.end_sessions(reused).await.unwrap();
    store.end_sessions(ending(Which::One(session_id(3)), at(30))).await.unwrap();
    let all = SessionFilter::default();
    let live = SessionFilter { live_at: Some(at(50)), ..all.clone() };
    let cases = [
        (all.clone(), vec![6, 5, 4, 3, 2, 1]),
        (SessionFilter { account: Some(one), ..all.clone() }, vec![2, 1]),
        (SessionFilter { account: Some(account_id(9)), ..all.clone() }, vec![]),
        (SessionFilter { client: Some(app.clone()), ..all.clone() }, vec![3, 2]),
        (SessionFilter { live_at: Some(at(49)), ..all.clone() }, vec![6, 5, 4, 2]),
        (live.clone(), vec![6, 2]),
        (SessionFilter { account: Some(two), ..live.clone() }, vec![]),
        (SessionFilter { ended: Some(EndReason::Reused), ..all.clone() }, vec![1]),
        (SessionFilter { ended: Some(EndReason::Administrator), client: Some(app), ..all }, vec![3]),
        (SessionFilter { ended: Some(EndReason::Reused), ..live }, vec![]),
    ];
    for (filter, expected) in cases {
        let listed = collect(1, async |page| store.sessions(filter.clone(), page).await.unwrap()).await;
        let expected: Vec<_> = expected.into_iter().map(session_id).collect();
        assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

pub async fn live_sessions_are_counted_part_by_part(store: &dyn Store) {
    let one = create(store, 1).await;
    let sessions = [
        session(1, Some(one)),
        Session { idle_expires_at: at(50), ..session(2, Some(one)) },
        Session { absolute_expires_at: at(50), ..session(3, Some(one)) },
        session(4, None),
        session(5, Some(one)),
    ];
    for session in sessions {
        open_as(store, session).await;
    }
    store.end_sessions(ending(Which::One(session_id(5)), at(30))).await.unwrap();
    for sessions_max in [1, 2, 5, 100] {
        for (time, expected) in [(at(49), 4), (at(50), 2), (at(100_000), 0)] {
            let (mut after, mut live, mut parts) = (None, 0, 0);
            loop {
                let part = store.count_live(CountLive { at: time, after, sessions_max }).await.unwrap();
                (live, parts) = (live + part.live, parts + 1);
                assert!(part.live <= u64::from(sessions_max) && parts <= 6, "{part:?}");
                if part.next.is_none() {
                    break;
                }
                after = part.next;
            }
            assert_eq!(live, expected, "{sessions_max} at a time");
        }
    }
    let made_up = CountLive { at: at(0), after: Some(Cursor("?".to_owned())), sessions_max: 9 };
    assert_eq!(store.count_live(made_up).await.unwrap(), CountedLive { live: 0, next: None });
}

pub async fn a_cursor_that_no_list_gave_finds_nothing(store: &dyn Store) {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await;
    for text in ["not base64url!", "", "_____w"] {
        let page = || Page::new(10, Some(Cursor(text.to_owned())));
        assert_eq!(store.sessions(SessionFilter::default(), page()).await.unwrap().items, [], "{text:?}");
    }
    let page = Page::new(10, Some(Cursor("not base64url!".to_owned())));
    assert_eq!(store.accounts(page.clone()).await.unwrap().items, []);
    assert_eq!(store.resources(page.clone()).await.unwrap().items, []);
    assert_eq!(store.clients(page.clone()).await.unwrap().items, []);
    assert_eq!(store.audit(crate::audit::AuditFilter::default(), page).await.unwrap().items, []);
}
