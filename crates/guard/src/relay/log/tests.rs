use std::{sync::LazyLock, time::Duration};

use countersign_jose::{Algorithm, KeyId, SigningKey};
use countersign_revocation::{Epoch, FeedSigner, Head, NewEntry, Point, SetDigest, SnapshotId, snapshot_parts};

use super::*;

const ISSUER: &str = "https://issuer.example";
const OLD: Epoch = Epoch::new(1_000, [1; 10]);
const NEW: Epoch = Epoch::new(2_000, [2; 10]);

static KEYS: LazyLock<[Arc<SigningKey>; 2]> = LazyLock::new(|| {
    ["one", "two"].map(|id| {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        Arc::new(key.with_id(KeyId::new(id).unwrap()))
    })
});

fn keys(which: &[usize]) -> KeySet {
    KeySet::new(which.iter().map(|which| KEYS[*which].verifying_key())).unwrap()
}

fn signed(object: &FeedObject, key: usize) -> SignedObject {
    let text = FeedSigner::new(KEYS[key].clone(), ISSUER).unwrap().sign(object).unwrap();
    SignedObject::verify(text, &keys(&[0, 1]), ISSUER).unwrap()
}

/// The digest tells how far it is: enough for a log, which computes none.
fn point(epoch: Epoch, last: u64) -> Point {
    let mut set = SetDigest::EMPTY;
    (1..=last).for_each(|number| set.toggle(epoch, &entry(number)));
    Point { epoch, last: Sequence(last), as_of: 1_000_000 + last, set }
}

fn entry(number: u64) -> countersign_revocation::Entry {
    NewEntry::session("AAECAwQFBgcICQoLDA0ODw", 9_000_000_000).unwrap().numbered(Sequence(number))
}

fn batch_by(epoch: Epoch, first: u64, last: u64, key: usize) -> SignedObject {
    let entries = (first..=last).map(entry).collect();
    signed(&Batch::new(point(epoch, last), entries).unwrap().into(), key)
}

fn batch(first: u64, last: u64) -> SignedObject {
    batch_by(OLD, first, last, 0)
}

fn head(last: u64) -> SignedObject {
    signed(&Head::new(point(OLD, last)).unwrap().into(), 0)
}

/// Of two parts.
fn snapshot_by(epoch: Epoch, last: u64, key: usize) -> Vec<SignedObject> {
    let entries = (1..=last).map(entry).collect();
    let parts = snapshot_parts(point(epoch, last), SnapshotId([last.to_be_bytes()[7]; 16]), entries).unwrap();
    parts.into_iter().map(|part| signed(&part.into(), key)).collect()
}

fn among(parts: &[SignedObject]) -> Snapshot {
    let mut joining = crate::relay::object::Joining::new(ISSUER);
    parts.iter().find_map(|part| joining.add(part)).unwrap()
}

fn at(epoch: Epoch, last: u64) -> Option<Position> {
    Some(point(epoch, last).position())
}

fn join(log: &mut Log, parts: &[SignedObject], now: Instant) -> Taken {
    let (last, others) = parts.split_last().unwrap();
    for part in others {
        assert!(matches!(log.take(part, false, now), Taken::Nothing));
    }
    log.take(last, true, now)
}

/// Joined at 5, with a batch to 7 and one to 8, and a head.
fn log() -> (Log, Instant) {
    let (mut log, now) = (Log::default(), Instant::now());
    assert!(matches!(join(&mut log, &snapshot_by(OLD, 5, 0), now), Taken::Restart));
    for object in [batch(6, 7), batch(8, 8), head(8)] {
        assert!(matches!(log.take(&object, true, now), Taken::HandOn(_)));
    }
    (log, now)
}

fn positions(tail: Tail) -> Option<Vec<u64>> {
    match tail {
        Tail::Objects(objects) => Some(objects.iter().map(|object| object.position.sequence.0).collect()),
        Tail::SnapshotNeeded | Tail::Empty => None,
    }
}

#[test]
fn a_reader_gets_what_it_missed_or_is_told_to_fetch_the_snapshot() {
    let (log, _) = log();
    assert_eq!(positions(log.tail(at(OLD, 8))), Some(vec![8]));
    assert_eq!(positions(log.tail(at(OLD, 7))), Some(vec![8, 8]));
    assert_eq!(positions(log.tail(at(OLD, 6))), Some(vec![7, 8, 8]), "in the middle of a batch");
    assert_eq!(positions(log.tail(at(OLD, 5))), Some(vec![7, 8, 8]));
    assert_eq!(positions(log.tail(None)), Some(vec![8]));
    for elsewhere in [at(OLD, 4), at(OLD, 9), at(NEW, 8), at(Epoch::new(1, [0; 10]), 8)] {
        assert!(matches!(log.tail(elsewhere), Tail::SnapshotNeeded), "{elsewhere:?}");
    }
    assert!(matches!(Log::default().tail(at(OLD, 0)), Tail::Empty));
}

#[test]
fn what_the_follower_did_not_take_is_not_handed_on() {
    let (mut log, now) = log();
    for object in [batch(8, 8), head(7), batch_by(NEW, 1, 1, 0)] {
        assert!(matches!(log.take(&object, false, now), Taken::Nothing));
    }
    assert_eq!(log.position(), at(OLD, 8));
}

#[test]
fn a_snapshot_and_what_came_since_are_all_that_somebody_needs_to_join() {
    let (log, _) = log();
    let whole = log.whole().unwrap();
    assert_eq!(whole.len(), snapshot_by(OLD, 5, 0).len() + 3);
    let set = Arc::new(countersign_revocation::RevokedSet::new());
    let mut follower = countersign_revocation::Follower::new(ISSUER, set);
    for text in whole {
        let _ = follower.apply(&SignedObject::verify(text, &keys(&[0]), ISSUER).unwrap(), 0);
    }
    assert_eq!((follower.position(), follower.as_of()), (at(OLD, 8), Some(1_000_008)));
}

#[test]
fn a_new_epoch_or_a_gap_sends_everybody_for_the_snapshot() {
    let (mut log, now) = log();
    assert!(matches!(join(&mut log, &snapshot_by(NEW, 1, 0), now), Taken::Restart));
    assert!(matches!(log.tail(at(OLD, 8)), Tail::SnapshotNeeded));
    assert_eq!(positions(log.tail(at(NEW, 1))), Some(vec![]));
    assert!(matches!(join(&mut log, &snapshot_by(NEW, 3, 0), now), Taken::Restart));
    assert!(matches!(log.tail(at(NEW, 1)), Tail::SnapshotNeeded));
    // The same place again: nobody has to come for it.
    assert!(matches!(join(&mut log, &snapshot_by(NEW, 3, 0), now), Taken::Nothing));
}

#[test]
fn a_snapshot_from_beside_the_feed_counts_only_on_the_way_that_the_log_came() {
    let (mut log, now) = log();
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(OLD, 6, 0)), now), Fit::Useless, "within a batch");
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(OLD, 9, 0)), now), Fit::TooEarly);
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(NEW, 9, 0)), now), Fit::Useless);
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(OLD, 7, 0)), now), Fit::Taken);
    assert_eq!(log.whole().unwrap().len(), snapshot_by(OLD, 7, 0).len() + 2);
    assert_eq!(positions(log.tail(at(OLD, 5))), Some(vec![7, 8, 8]), "who was away for a moment still resumes");
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(OLD, 5, 0)), now), Fit::Useless, "older than what is held");
    // Other entries under the same numbers.
    let other = snapshot_parts(Point { set: SetDigest::EMPTY, ..point(OLD, 8) }, SnapshotId([9; 16]), vec![]).unwrap();
    let other: Vec<_> = other.into_iter().map(|part| signed(&part.into(), 0)).collect();
    assert_eq!(log.replace_snapshot(&among(&other), now), Fit::Useless);
}

#[test]
fn a_snapshot_gets_old() {
    let (mut log, now) = log();
    assert!(!log.wants_snapshot(now));
    assert!(log.wants_snapshot(now + SNAPSHOT_AGE_MAX), "something came since");
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(OLD, 8, 0)), now), Fit::Taken);
    assert!(!log.wants_snapshot(now + SNAPSHOT_AGE_MAX));
    assert!(log.wants_snapshot(now + SNAPSHOT_IDLE_AGE_MAX));
    assert!(!Log::default().wants_snapshot(now + Duration::from_secs(86_400)), "the follower joins by itself");
}

#[test]
fn the_tail_is_bounded_and_a_snapshot_from_which_nothing_leads_on_is_none() {
    let (mut log, now) = log();
    let mut last = 8;
    while log.has_snapshot() {
        assert!(log.size().entries <= TAIL_ENTRIES_MAX && last < 100_000);
        log.take(&batch(last + 1, last + 4_000), true, now);
        last += 4_000;
    }
    assert!(log.whole().is_none() && log.wants_snapshot(now));
    assert!(matches!(log.tail(at(OLD, 5)), Tail::SnapshotNeeded));
    assert_eq!(positions(log.tail(at(OLD, last))), Some(vec![]), "readers that are up to date notice nothing");
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(OLD, last, 0)), now), Fit::Taken);
    assert!(log.size().entries <= TAIL_ENTRIES_MAX / 2 && log.whole().is_some());
}

#[test]
fn what_a_key_signed_that_is_gone_is_not_handed_on() {
    let (mut log, now) = log();
    log.take(&batch_by(OLD, 9, 9, 1), true, now);
    log.recheck(&keys(&[0, 1]), ISSUER);
    assert_eq!(log.size().objects, 3);
    log.recheck(&keys(&[1]), ISSUER);
    assert_eq!(log.size().objects, 1);
    assert!(log.wants_snapshot(now) && log.whole().is_none());
    assert_eq!(positions(log.tail(at(OLD, 8))), Some(vec![9]));
    assert_eq!(log.replace_snapshot(&among(&snapshot_by(OLD, 9, 1)), now), Fit::Taken);
    assert!(log.whole().is_some());
}
