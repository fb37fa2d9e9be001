//! The set of what is revoked: exact, to the second, and complete for whoever has seen its version move.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use countersign_jose::{KeyId, base64url};
use countersign_revocation::{Entry, Hit, Kind, NewEntry, RevokedSet, Sequence, Subjects, client_key};

/// An id that looks random: neighbours differ everywhere.
fn id(number: u64) -> [u8; 16] {
    client_key(&number.to_string())
}

fn entry(kind: Kind, number: u64, until: u64) -> Entry {
    NewEntry::new(kind, &base64url::encode(&id(number)), until, None).unwrap().numbered(Sequence(1))
}

fn session(number: u64) -> Subjects {
    Subjects { session: Some(id(number)), ..Subjects::default() }
}

fn holds(set: &RevokedSet, number: u64) -> bool {
    set.look_up(&session(number)).is_some()
}

#[test]
fn a_token_is_found_by_each_of_its_ids_and_no_id_serves_for_another_kind() {
    for (kind, others) in [
        (Kind::Session, [Kind::Token, Kind::Client]),
        (Kind::Token, [Kind::Session, Kind::Client]),
        (Kind::Client, [Kind::Session, Kind::Token]),
    ] {
        let set = RevokedSet::new();
        assert!(set.insert(&entry(kind, 1, 50)));
        let by = |kind| match kind {
            Kind::Session => Subjects { session: Some(id(1)), ..Subjects::default() },
            Kind::Token => Subjects { token: Some(id(1)), ..Subjects::default() },
            _ => Subjects { client: Some(id(1)), ..Subjects::default() },
        };
        assert_eq!(set.look_up(&by(kind)), Some(Hit { kind }));
        assert!(others.iter().all(|other| set.look_up(&by(*other)).is_none()));
        assert_eq!(
            set.look_up(&Subjects { session: Some(id(1)), token: Some(id(1)), client: Some(id(1)) }).unwrap().kind,
            kind
        );
        assert_eq!(set.look_up(&Subjects::default()), None);
    }
}

#[test]
fn a_client_is_found_by_the_hash_of_its_id() {
    let set = RevokedSet::new();
    set.insert(&NewEntry::client("web", 50).unwrap().numbered(Sequence(1)));
    let of = |client| Subjects { client: Some(client_key(client)), ..Subjects::default() };
    assert_eq!(set.look_up(&of("web")), Some(Hit { kind: Kind::Client }));
    assert_eq!(set.look_up(&of("app")), None);
}

#[test]
fn an_entry_refuses_through_the_last_second_of_until_and_no_longer() {
    for until in [1, 15, 16, 17, 31, 32, 1_000_003, u64::from(u32::MAX) - 1] {
        let set = RevokedSet::new();
        set.insert(&entry(Kind::Session, 1, until));
        assert_eq!((set.expire(until - 1), set.expire(until)), (0, 0), "{until}");
        assert!(holds(&set, 1));
        assert_eq!(set.entries_live(until).count(), 1);
        assert_eq!(set.entries_live(until + 1).count(), 0);
        assert_eq!(set.expire(until + 1), 1, "{until}");
        assert!(!holds(&set, 1) && set.is_empty());
        assert_eq!(set.expire(u64::MAX), 0);
    }
}

#[test]
fn the_later_until_of_one_id_counts_and_never_is_the_latest() {
    let set = RevokedSet::new();
    assert!(set.insert(&entry(Kind::Session, 1, 100)));
    let version = set.version();
    assert!(!set.insert(&entry(Kind::Session, 1, 90)) && !set.insert(&entry(Kind::Session, 1, 100)));
    assert_eq!((set.version(), set.len()), (version, 1));
    assert!(set.insert(&entry(Kind::Session, 1, 105)));
    assert_eq!((set.expire(105), set.expire(106)), (0, 1));

    set.insert(&entry(Kind::Session, 2, 100));
    assert!(set.insert(&entry(Kind::Session, 2, 0)));
    assert!(!set.insert(&entry(Kind::Session, 2, 900)));
    assert_eq!(set.expire(u64::MAX), 0);
    assert!(holds(&set, 2));
    assert_eq!(set.entries_live(u64::MAX).next().unwrap().until, 0);
}

#[test]
fn an_until_beyond_2106_is_kept_for_ever() {
    let set = RevokedSet::new();
    set.insert(&entry(Kind::Session, 1, 1 << 40));
    assert_eq!(set.expire(u64::MAX), 0);
    assert!(holds(&set, 1));
}

#[test]
fn expiry_removes_exactly_what_is_past_second_by_second() {
    let set = RevokedSet::new();
    for number in 0..4_000 {
        set.insert(&entry(Kind::Session, number, 1 + number % 100));
        set.insert(&entry(Kind::Token, number, 101 - number % 100));
    }
    for now in 0..=102 {
        set.expire(now);
        let left = (0..4_000).filter(|number| now <= 1 + number % 100).count();
        assert_eq!((0..4_000).filter(|number| holds(&set, *number)).count(), left, "{now}");
        assert_eq!(set.entries_live(now).count(), set.len());
    }
    assert!(set.is_empty());
}

#[test]
fn ids_that_share_their_first_bytes_are_told_apart() {
    let set = RevokedSet::new();
    let near = |last: u8| {
        let mut id = [7; 16];
        id[8] = last;
        id
    };
    for last in 0..100 {
        let id = base64url::encode(&near(last));
        set.insert(&NewEntry::session(&id, 10 + u64::from(last)).unwrap().numbered(Sequence(1)));
    }
    let found = |last| set.look_up(&Subjects { session: Some(near(last)), ..Subjects::default() }).is_some();
    assert!((0..100).all(found) && !found(100));
    set.expire(60);
    assert!((0..50).all(|last| !found(last)) && (50..100).all(found));
}

#[test]
fn a_union_keeps_what_either_held() {
    let (one, other) = (RevokedSet::new(), RevokedSet::new());
    one.insert(&entry(Kind::Session, 1, 50));
    other.insert(&entry(Kind::Session, 1, 60));
    other.insert(&entry(Kind::Token, 2, 0));
    other.insert(&NewEntry::key_refused(KeyId::new("k1").unwrap()).numbered(Sequence(1)));
    let version = one.version();
    assert!(one.union(&other) && one.version() > version);
    assert!(one.refuses_key("k1") && one.len() == 2);
    assert_eq!((one.expire(50), one.expire(60), one.expire(61)), (0, 0, 1));
    assert!(!one.union(&RevokedSet::new()));
}

#[test]
fn a_refused_key_stays_refused_and_moves_the_version() {
    let set = RevokedSet::new();
    assert!(!set.refuses_key("k1") && set.is_empty());
    let refused = NewEntry::key_refused(KeyId::new("k1").unwrap()).numbered(Sequence(1));
    assert!(set.insert(&refused) && !set.insert(&refused));
    assert_eq!((set.version(), set.len()), (1, 0));
    set.expire(u64::MAX);
    assert!(set.refuses_key("k1") && !set.refuses_key("k2") && !set.is_empty());
    assert_eq!(set.refused_keys(), ["k1"]);
}

#[test]
fn an_id_costs_about_forty_bytes() {
    let set = RevokedSet::new();
    for number in 0..200_000 {
        set.insert(&entry(Kind::Session, number, 1_000 + number % 600));
    }
    let each = set.bytes() / set.len();
    assert!((20..50).contains(&each), "{each} bytes an id");
    let full = set.bytes();
    set.expire(1_590);
    assert!(set.bytes() < full / 4, "memory comes back");
}

/// What `model.rs` shows for one thread, here for readers beside the writer: whoever sees that entry n was announced by
/// the version finds entry n, and an id that was never revoked is never found.
#[test]
fn readers_beside_a_writer_miss_nothing_that_the_version_announced() {
    const ENTRIES: u64 = 100_000;
    let set = RevokedSet::new();
    let first = set.version();
    let (found, done) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=ENTRIES {
                set.insert(&entry(Kind::Session, number, 1_000));
            }
            done.store(true, Ordering::Release);
        });
        for reader in 0..3 {
            let (set, found, done) = (&set, &found, &done);
            scope.spawn(move || {
                let mut step = reader;
                loop {
                    let is_last_look = done.load(Ordering::Acquire);
                    // Entry n was inserted before the version became first + n.
                    let announced = set.version() - first;
                    if announced > 0 {
                        step = (step * 7_919 + 1) % announced;
                        assert!(holds(set, announced) && holds(set, step + 1), "{announced}");
                        assert!(!holds(set, ENTRIES + 1 + step));
                        found.fetch_add(1, Ordering::Relaxed);
                    }
                    if is_last_look {
                        assert_eq!(announced, ENTRIES);
                        return;
                    }
                }
            });
        }
    });
    assert!(found.into_inner() >= 3);
    assert_eq!(set.len(), usize::try_from(ENTRIES).unwrap());
}

/// The other way round: whoever finds an entry finds no answer standing that was remembered before it came. Each change
/// brings many entries, so that the first is found long before the version says so.
#[test]
fn no_remembered_answer_stands_once_an_entry_was_found() {
    const CHANGES: u64 = 200;
    const EACH: u64 = 2_000;
    let mut stood = 0;
    let (set, wanted) = (RevokedSet::new(), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for change in 1..=CHANGES {
                let entries: Vec<_> = (0..EACH).map(|n| entry(Kind::Session, change * EACH + n, 1_000)).collect();
                while wanted.load(Ordering::Acquire) < change {
                    thread::yield_now();
                }
                set.insert_all(&entries);
            }
        });
        for change in 1..=CHANGES {
            let remembered = set.version();
            wanted.store(change, Ordering::Release);
            while !holds(&set, change * EACH) {
                thread::yield_now();
            }
            stood += u64::from(set.stands_at(remembered));
            while set.version() < change {
                thread::yield_now();
            }
        }
    });
    assert_eq!(stood, 0);
    assert!(set.stands_at(CHANGES));
}
