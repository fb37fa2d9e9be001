//! Entries are cut so that every piece can be signed, carried and read.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use countersign_revocation::{
    Applied, Batch, Entry, Follower, NewEntry, Point, RevokedSet, Sequence, SetDigest, SnapshotId, batch_chunks,
    limits::{BATCH_ENTRIES_MAX, OBJECT_BYTES_MAX},
    snapshot_parts,
};
use support::{EPOCH, ISSUER, point, session, sign};

/// Clients whose names take six times their length as JSON.
fn large_entries(count: u64) -> Vec<Entry> {
    let name = |number: u64| format!("{}{number}", "\u{1}".repeat(1_000));
    (1..=count).map(|number| NewEntry::client(&name(number), 9).unwrap().numbered(Sequence(number))).collect()
}

#[test]
fn the_largest_entries_fit_signed_batches_in_order() {
    let mut last = 0;
    for chunk in batch_chunks(large_entries(500)) {
        assert_eq!(chunk[0].sequence().0, last + 1);
        last = chunk.last().unwrap().sequence().0;
        let object = sign(Batch::new(point(last, 0), chunk).unwrap());
        assert!(object.text().len() <= OBJECT_BYTES_MAX);
    }
    assert_eq!(last, 500);
}

#[test]
fn no_batch_has_more_entries_than_one_may_have() {
    let entries: Vec<Entry> = (1..=10_000).map(|number| session(number, 9)).collect();
    let lengths: Vec<usize> = batch_chunks(entries).iter().map(Vec::len).collect();
    assert_eq!(lengths, [BATCH_ENTRIES_MAX, BATCH_ENTRIES_MAX, 10_000 - 2 * BATCH_ENTRIES_MAX]);
    assert!(batch_chunks(Vec::new()).is_empty());
}

#[test]
fn a_snapshot_of_many_parts_is_joined_whole() {
    let entries = large_entries(500);
    let mut set = SetDigest::EMPTY;
    entries.iter().for_each(|entry| set.toggle(*EPOCH, entry));
    let parts = snapshot_parts(Point { set, ..point(500, 7) }, SnapshotId([1; 16]), entries).unwrap();
    assert!(parts.len() > 1);
    let mut follower = Follower::new(ISSUER, Arc::new(RevokedSet::new()));
    let applied: Vec<Applied> = parts.into_iter().map(|part| follower.apply(&sign(part), 0)).collect();
    let (last, others) = applied.split_last().unwrap();
    assert!(*last == Applied::Advanced && others.iter().all(|applied| *applied == Applied::Nothing));
    assert_eq!((follower.set().len(), follower.digest()), (500, Some(set)));
}

#[test]
fn a_snapshot_whose_entries_do_not_ascend_is_not_made() {
    let (one, two) = (session(1, 9), session(2, 9));
    let error = snapshot_parts(point(2, 7), SnapshotId([1; 16]), vec![two, one]).unwrap_err();
    assert_eq!(error.code(), "numbering");
}
