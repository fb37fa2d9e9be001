use super::fixtures::{account_id, at, collect, session_id, told};
use crate::audit::{Actor, AuditEvent, AuditFilter, AuditOrder};
use crate::client::ClientId;
use crate::store::{Page, RaiseAlarm, Store};
use crate::time::Time;

async fn names(store: &dyn Store, filter: AuditFilter) -> Vec<String> {
    let events = collect(2, async |page| store.audit(filter.clone(), page).await.unwrap()).await;
    events.into_iter().map(|event| event.what).collect()
}

pub async fn an_event_reads_back_as_it_was_told(store: &dyn Store) {
    let actor = Actor {
        account: Some(account_id(2)),
        address: Some("2001:db8::7".parse().unwrap()),
        request: Some("request".to_owned()),
    };
    let event = AuditEvent::new(at(3), "session.opened", actor)
        .of_account(account_id(1))
        .of_session(session_id(1))
        .at_client(ClientId::first_party())
        .told("with \"words\" – and more");
    store.record(event.clone()).await.unwrap();
    let bare = AuditEvent::new(at(4), "key.rotated", Actor::default());
    store.record(bare.clone()).await.unwrap();
    let events = collect(9, async |page| store.audit(AuditFilter::default(), page).await.unwrap()).await;
    assert_eq!(events, [bare, event]);
}

pub async fn events_are_listed_newest_first_by_filter(store: &dyn Store) {
    let event = |second, what| AuditEvent { at: at(second), ..told(what) };
    let events = [
        event(1, "session.opened").of_account(account_id(1)).of_session(session_id(1)),
        event(2, "session.ended").of_account(account_id(1)).of_session(session_id(1)),
        event(3, "session.opened").of_account(account_id(2)).of_session(session_id(2)),
        event(4, "sessions_swept"),
        event(5, "alarm.reused").of_account(account_id(1)),
    ];
    for event in events {
        store.record(event).await.unwrap();
    }
    let all = AuditFilter::default();
    let of_account = AuditFilter { account: Some(account_id(1)), ..all.clone() };
    let of_session = AuditFilter { session: Some(session_id(1)), ..all.clone() };
    let by_name = AuditFilter { what: Some("session.".to_owned()), ..all.clone() };
    let both = AuditFilter { what: Some("session.opened".to_owned()), ..of_account.clone() };
    let in_order = ["alarm.reused", "sessions_swept", "session.opened", "session.ended", "session.opened"];
    assert_eq!(names(store, all).await, in_order);
    assert_eq!(names(store, of_account).await, ["alarm.reused", "session.ended", "session.opened"]);
    assert_eq!(names(store, of_session).await, ["session.ended", "session.opened"]);
    assert_eq!(names(store, by_name).await, ["session.opened", "session.ended", "session.opened"]);
    assert_eq!(names(store, both).await, ["session.opened"]);
    assert_eq!(names(store, AuditFilter { what: Some("%".to_owned()), ..AuditFilter::default() }).await, [""; 0]);
}

pub async fn events_are_listed_by_client_and_time_in_either_order(store: &dyn Store) {
    let orders = ClientId::parse("orders").unwrap();
    for second in 1..=150 {
        let event = AuditEvent { at: at(second), ..told(&format!("event.{second}")) };
        let event = if second % 50 == 0 { event.at_client(orders.clone()) } else { event };
        store.record(event).await.unwrap();
    }
    let at_client = AuditFilter { client: Some(orders), ..AuditFilter::default() };
    assert_eq!(names(store, at_client).await, ["event.150", "event.100", "event.50"]);
    let oldest = AuditFilter { order: AuditOrder::OldestFirst, ..AuditFilter::default() };
    let between = AuditFilter { since: Some(at(7)), until: Some(at(9)), ..oldest.clone() };
    assert_eq!(names(store, between).await, ["event.7", "event.8"]);
    let (mut page, mut seen) = (Page::first(), Vec::new());
    loop {
        let events = store.audit(oldest.clone(), page).await.unwrap();
        seen.extend(events.items.into_iter().map(|event| event.at));
        let Some(next) = events.next else { break };
        page = Page::new(u16::MAX, Some(next));
    }
    assert_eq!(seen, (1..=150).map(at).collect::<Vec<_>>());
}

pub async fn an_alarm_is_told_once_in_a_while(store: &dyn Store) {
    let alarm = |now: Time, detail: Option<&str>, unless_since| RaiseAlarm {
        event: AuditEvent { at: now, detail: detail.map(str::to_owned), ..told("alarm.leaked") },
        unless_since,
    };
    let told = async || super::fixtures::count_told(store, "alarm.leaked").await;
    store.raise_alarm(alarm(at(100), Some("key 1"), Some(at(40)))).await.unwrap();
    store.raise_alarm(alarm(at(120), Some("key 1"), Some(at(60)))).await.unwrap();
    assert_eq!(told().await, 1);
    store.raise_alarm(alarm(at(120), Some("key 2"), Some(at(60)))).await.unwrap();
    store.raise_alarm(alarm(at(120), None, Some(at(60)))).await.unwrap();
    store.raise_alarm(alarm(at(121), None, Some(at(61)))).await.unwrap();
    assert_eq!(told().await, 3);
    // Told *after* that time: exactly then is long enough ago.
    store.raise_alarm(alarm(at(160), Some("key 1"), Some(at(100)))).await.unwrap();
    assert_eq!(told().await, 4);
    store.raise_alarm(alarm(at(161), Some("key 1"), None)).await.unwrap();
    assert_eq!(told().await, 5);
}

pub async fn what_is_old_is_forgotten(store: &dyn Store) {
    for second in 1..=5 {
        store.record(AuditEvent { at: at(second), ..told("event") }).await.unwrap();
    }
    assert_eq!(store.forget_audit(at(3)).await.unwrap(), 2);
    assert_eq!(store.forget_audit(at(3)).await.unwrap(), 0);
    let left = collect(9, async |page| store.audit(AuditFilter::default(), page).await.unwrap()).await;
    assert_eq!(left.iter().map(|event| event.at).collect::<Vec<_>>(), [at(5), at(4), at(3)]);
}
