use super::fixtures::{
    EPOCH, at, count_told, create, ending, network, open, open_as, read, rotation, secret_hash, session, session_id,
    told,
};
use crate::session::{Count, Generation, Networks, Run, RunKind, Session};
use crate::store::{CountRepeat, Held, HoldSession, RotateSession, Store, Swap, Which};
use crate::time::Time;
use countersign_revocation::Epoch;

async fn opened(store: &dyn Store) -> Session {
    let account = create(store, 1).await;
    open(store, 1, Some(account)).await
}

async fn rotated(store: &dyn Store, rotate: RotateSession) -> Session {
    let id = rotate.session;
    assert_eq!(store.rotate_session(rotate).await.unwrap(), Swap::Won);
    read(store, id).await
}

pub async fn a_rotation_writes_all_that_it_says(store: &dyn Store) {
    let before = opened(store).await;
    open(store, 2, before.account).await;
    let (to, retry_hash) = (Generation(9), Some(secret_hash(90)));
    let epoch = Epoch::new(0xef, [0xef; 10]);
    let rotate = RotateSession {
        to,
        retry_hash,
        network: network(2),
        storage_epoch: epoch,
        idle_expires_at: at(5_000),
        last_token_expires_at: at(900),
        request: "request 7".to_owned(),
        ..rotation(&before, at(50))
    };
    let expected = Session {
        generation: to,
        retry_hash,
        rotated_at: Some(at(50)),
        rotated_by: Some("request 7".to_owned()),
        networks: Networks::of([network(2), network(1)]),
        storage_epoch: epoch,
        idle_expires_at: at(5_000),
        last_token_expires_at: at(900),
        ..before
    };
    assert_eq!(rotated(store, rotate).await, expected);
    assert_eq!(read(store, session_id(2)).await.generation, Generation(0));
}

pub async fn a_rotation_without_a_retry_key_forgets_the_one_before(store: &dyn Store) {
    let before = opened(store).await;
    let with = RotateSession { retry_hash: Some(secret_hash(90)), ..rotation(&before, at(50)) };
    let before = rotated(store, with).await;
    assert_eq!(before.retry_hash, Some(secret_hash(90)));
    let another = RotateSession { retry_hash: Some(secret_hash(91)), ..rotation(&before, at(70)) };
    let before = rotated(store, another).await;
    assert_eq!(before.retry_hash, Some(secret_hash(91)));
    assert_eq!(rotated(store, rotation(&before, at(90))).await.retry_hash, None);
}

pub async fn a_new_secret_keeps_the_one_before_as_replaced(store: &dyn Store) {
    let before = opened(store).await;
    let renewing = |of: &Session, hash, now| RotateSession { new_secret_hash: Some(hash), ..rotation(of, now) };
    let once = rotated(store, renewing(&before, secret_hash(90), at(50))).await;
    assert_eq!((once.secret_hash, once.replaced_hash), (secret_hash(90), Some(secret_hash(1))));
    // A rotation that keeps the secret keeps what is known of the one before, too.
    let twice = rotated(store, rotation(&once, at(70))).await;
    assert_eq!((twice.secret_hash, twice.replaced_hash), (secret_hash(90), Some(secret_hash(1))));
    let thrice = rotated(store, renewing(&twice, secret_hash(91), at(90))).await;
    assert_eq!((thrice.secret_hash, thrice.replaced_hash), (secret_hash(91), Some(secret_hash(90))));
}

pub async fn the_last_four_networks_are_kept_newest_first(store: &dyn Store) {
    let mut session = opened(store).await;
    // Through every place: unknown, already the newest, second, third, fourth, and beyond the fourth.
    for (step, number) in (0..).zip([1, 2, 2, 1, 3, 1, 4, 3, 2, 5, 5, 1, 3, 6, 2]) {
        let expected = session.networks.with(network(number));
        let rotate = RotateSession { network: network(number), ..rotation(&session, at(50 + step)) };
        session = rotated(store, rotate).await;
        assert_eq!(session.networks, expected, "after step {step}");
    }
    let bare = open_as(store, Session { networks: Networks::default(), ..super::fixtures::session(2, None) }).await;
    assert_eq!(bare.networks, Networks::default());
    let rotate = RotateSession { network: network(7), ..rotation(&bare, at(50)) };
    assert_eq!(rotated(store, rotate).await.networks, Networks::of([network(7)]));
}

pub async fn whoever_saw_an_older_state_loses(store: &dyn Store) {
    let before = opened(store).await;
    let after = rotated(store, rotation(&before, at(50))).await;
    let lost = [
        rotation(&before, at(60)),
        RotateSession { from: Generation(2), ..rotation(&after, at(60)) },
        RotateSession { from_secret_hash: secret_hash(9), ..rotation(&after, at(60)) },
        RotateSession { session: session_id(9), ..rotation(&after, at(60)) },
    ];
    for lost in lost {
        assert_eq!(store.rotate_session(lost).await.unwrap(), Swap::Lost);
    }
    assert_eq!(read(store, session_id(1)).await, after);
}

pub async fn what_is_over_does_not_rotate(store: &dyn Store) {
    let account = create(store, 1).await;
    let ended = open(store, 1, Some(account)).await;
    store.end_sessions(ending(Which::One(ended.id), at(20))).await.unwrap();
    let idle = open_as(store, Session { idle_expires_at: at(40), ..session(2, Some(account)) }).await;
    let old = open_as(store, Session { absolute_expires_at: at(40), ..session(3, Some(account)) }).await;
    for over in [ended, idle, old] {
        assert_eq!(store.rotate_session(rotation(&over, at(40))).await.unwrap(), Swap::Lost);
        assert_eq!(read(store, over.id).await.generation, Generation(0));
    }
}

pub async fn a_token_written_ahead_is_never_taken_back(store: &dyn Store) {
    let before = opened(store).await;
    let rotate = RotateSession { last_token_expires_at: at(300), ..rotation(&before, at(50)) };
    assert_eq!(rotated(store, rotate).await.last_token_expires_at, at(700));
}

pub async fn a_repetition_counts_from_what_was_read(store: &dyn Store) {
    let session = rotated(store, rotation(&opened(store).await, at(50))).await;
    let run = |length| Run { generation: 1, length };
    let count = |kind, from, to| CountRepeat {
        session: session.id,
        generation: session.generation,
        count: Count { kind, from, to },
        audit: told("session.repeated"),
    };
    let counted = async |count: CountRepeat| store.count_repeat(count).await.unwrap();
    assert_eq!(counted(count(RunKind::Late, Run::default(), run(1))).await, Swap::Won);
    assert_eq!(counted(count(RunKind::Late, Run::default(), run(1))).await, Swap::Lost);
    assert_eq!(counted(count(RunKind::Foreign, Run::default(), run(3))).await, Swap::Won);
    assert_eq!(counted(count(RunKind::Foreign, run(2), run(4))).await, Swap::Lost);
    assert_eq!(counted(count(RunKind::Late, run(1), run(2))).await, Swap::Won);
    let now = read(store, session.id).await;
    assert_eq!(now, Session { late: run(2), foreign: run(3), ..session.clone() });
    // A swap in between loses, and so does what has ended.
    let stale = CountRepeat { generation: Generation(0), ..count(RunKind::Late, run(2), run(3)) };
    assert_eq!(counted(stale).await, Swap::Lost);
    store.end_sessions(ending(Which::One(session.id), at(60))).await.unwrap();
    assert_eq!(counted(count(RunKind::Late, run(2), run(3))).await, Swap::Lost);
    assert_eq!(read(store, session.id).await.late, run(2));
    assert_eq!(count_told(store, "session.repeated").await, 3);
}

fn hold(exp: u64, idle: Option<u64>) -> HoldSession {
    HoldSession {
        session: session_id(1),
        exp: at(exp).timestamp(),
        written_ahead: at(exp + 70),
        idle_expires_at: idle.map(at),
        now: at(40),
    }
}

pub async fn holding_a_live_session_covers_the_token(store: &dyn Store) {
    let before = opened(store).await;
    // Far enough already: nothing changes. Beyond: it is written ahead.
    for (exp, covered) in [(600, 700), (700, 700), (701, 771), (771, 771), (650, 771)] {
        assert_eq!(store.hold_session(hold(exp, None)).await.unwrap(), Held::Live);
        let expected = Session { last_token_expires_at: at(covered), ..before.clone() };
        assert_eq!(read(store, session_id(1)).await, expected, "for a token until {exp}");
    }
}

pub async fn holding_moves_the_idle_expiry_forward(store: &dyn Store) {
    let before = opened(store).await;
    assert_eq!(store.hold_session(hold(600, Some(20_000))).await.unwrap(), Held::Live);
    let expected = Session { idle_expires_at: at(20_000), ..before };
    assert_eq!(read(store, session_id(1)).await, expected);
    // One that was overtaken on its way does not move it back.
    assert_eq!(store.hold_session(hold(600, Some(15_000))).await.unwrap(), Held::Live);
    assert_eq!(read(store, session_id(1)).await, expected);
    assert_eq!(expected.storage_epoch, EPOCH);
}

pub async fn what_is_over_is_not_held(store: &dyn Store) {
    let account = create(store, 1).await;
    let over = |number, idle, absolute| Session {
        idle_expires_at: idle,
        absolute_expires_at: absolute,
        ..session(number, Some(account))
    };
    open(store, 1, Some(account)).await;
    open_as(store, over(2, at(40), at(9_000))).await;
    open_as(store, over(3, at(9_000), at(40))).await;
    store.end_sessions(ending(Which::One(session_id(1)), at(20))).await.unwrap();
    for number in [1, 2, 3, 9] {
        for exp in [600, 800] {
            let hold = HoldSession { session: session_id(number), ..hold(exp, Some(20_000)) };
            assert_eq!(store.hold_session(hold).await.unwrap(), Held::Ended, "session {number}");
        }
    }
    let left: Time = read(store, session_id(1)).await.last_token_expires_at;
    assert_eq!(left, at(700));
}
