//! The follower's rules one by one: what follows, what is missing, what makes fresh, what never does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use countersign_jose::KeyId;
use countersign_revocation::{
    Applied, Batch, Epoch, Follower, Head, NewEntry, Position, Refusal, RevokedSet, Save, Sequence, SetDigest,
    SignedObject, Why,
};
use support::{EPOCH, Feed, ISSUER, Issuer, new_session, sign, verify};

fn after(sequence: u64) -> Position {
    Position { epoch: *EPOCH, sequence: Sequence(sequence) }
}

/// The same object with another digest.
fn with_wrong_set(object: &SignedObject) -> SignedObject {
    let mut point = *object.object().point();
    point.set = SetDigest::from_bytes([9; 16]);
    match object.object().entries() {
        [] => sign(Head::new(point).unwrap()),
        entries => sign(Batch::new(point, entries.to_vec()).unwrap()),
    }
}

#[test]
fn whoever_holds_nothing_needs_a_snapshot() {
    let mut feed = Feed::new();
    feed.issuer.append(new_session(1, 1_000));
    let why = Why::NothingHeld;
    assert_eq!(feed.apply(&feed.issuer.head(5)), Applied::NeedSnapshot { why });
    assert_eq!(feed.apply(&feed.issuer.batch(1, 1, 5)), Applied::NeedSnapshot { why });
    assert!(feed.holds(1), "what is known to be revoked is refused at once");
    assert_eq!((feed.last(), feed.follower.as_of()), (None, None));
    let parts = feed.issuer.snapshot(6, 10);
    assert_eq!(feed.apply(&parts[0]), Applied::Advanced);
    assert_eq!((feed.last(), feed.follower.as_of()), (Some(1), Some(6)));
}

#[test]
fn an_empty_feed_is_joined_too() {
    let mut feed = Feed::joined(0);
    assert_eq!((feed.last(), feed.follower.as_of()), (Some(0), Some(1_000)));
    assert_eq!(feed.apply(&feed.issuer.head(2_000)), Applied::Advanced);
    feed.issuer.append(new_session(1, 1_000));
    assert_eq!(feed.apply(&feed.issuer.batch(1, 1, 3_000)), Applied::Advanced);
    assert_eq!(feed.follower.as_of(), Some(3_000));
}

#[test]
fn a_batch_that_is_known_is_nothing_and_makes_nobody_fresh() {
    let mut feed = Feed::joined(3);
    assert_eq!(feed.apply(&feed.issuer.batch(2, 3, 9_000)), Applied::Nothing);
    assert_eq!(feed.follower.as_of(), Some(1_000));
}

#[test]
fn a_gap_asks_for_the_tail_and_what_came_is_refused_already() {
    let mut feed = Feed::joined(3);
    (4..=8).for_each(|number| feed.issuer.append(new_session(number, 1_000)));
    assert_eq!(feed.apply(&feed.issuer.batch(6, 8, 9_000)), Applied::NeedTail { after: after(3) });
    assert_eq!((feed.last(), feed.follower.as_of()), (Some(3), Some(1_000)));
    assert!(feed.holds(7) && !feed.holds(4));
    assert_eq!(feed.apply(&feed.issuer.batch(5, 8, 9_000)), Applied::NeedTail { after: after(3) }, "one is missing");
    // The tail overlaps on both sides; its chunks do not reach the head.
    assert_eq!(feed.apply(&feed.issuer.batch(2, 5, 0)), Applied::Advanced);
    assert_eq!((feed.last(), feed.follower.as_of()), (Some(5), Some(1_000)));
    assert_eq!(feed.apply(&feed.issuer.batch(5, 8, 9_000)), Applied::Advanced);
    assert_eq!((feed.last(), feed.follower.as_of()), (Some(8), Some(9_000)));
    assert_eq!(feed.follower.digest(), Some(feed.issuer.point(8, 0).set));
}

#[test]
fn only_a_head_at_the_same_place_with_the_same_digest_makes_fresh() {
    let mut feed = Feed::joined(2);
    assert_eq!(feed.apply(&feed.issuer.head(2_000)), Applied::Advanced);
    assert_eq!(feed.apply(&feed.issuer.head(2_000)), Applied::Nothing);
    assert_eq!(feed.apply(&feed.issuer.head(1_500)), Applied::Nothing);
    assert_eq!(feed.follower.as_of(), Some(2_000));
    feed.issuer.append(new_session(3, 1_000));
    assert_eq!(feed.apply(&feed.issuer.head(3_000)), Applied::NeedTail { after: after(2) });
    assert_eq!(feed.follower.as_of(), Some(2_000));
}

#[test]
fn a_digest_that_differs_ends_freshness_until_a_snapshot_is_joined() {
    let why = Why::DigestDiffers;
    for at_head in [true, false] {
        let mut feed = Feed::joined(2);
        if !at_head {
            feed.issuer.append(new_session(3, 1_000));
        }
        let object = if at_head { feed.issuer.head(2_000) } else { feed.issuer.batch(3, 3, 2_000) };
        assert_eq!(feed.apply(&with_wrong_set(&object)), Applied::NeedSnapshot { why });
        assert_eq!(feed.follower.as_of(), None);
        assert_eq!(feed.apply(&feed.issuer.head(2_500)), Applied::NeedSnapshot { why });
        feed.issuer.append(new_session(4, 1_000));
        let last = feed.issuer.last();
        assert_eq!(feed.apply(&feed.issuer.batch(last, last, 3_000)), Applied::NeedSnapshot { why });
        assert!(feed.holds(1) && feed.holds(4), "nothing held is let go, and what comes is refused");
        assert_eq!(feed.follower.as_of(), None);
        let parts = feed.issuer.snapshot(4_000, 10);
        assert_eq!(feed.apply(&parts[0]), Applied::Advanced);
        assert_eq!((feed.last(), feed.follower.as_of()), (Some(last), Some(4_000)));
        assert_eq!(feed.apply(&feed.issuer.head(5_000)), Applied::Advanced);
    }
}

#[test]
fn a_head_behind_is_reported_with_the_newest_proof() {
    let mut feed = Feed::joined(2);
    let before = feed.issuer.head(2_000);
    feed.issuer.append(new_session(3, 1_000));
    let batch = feed.issuer.batch(3, 3, 3_000);
    assert_eq!(feed.apply(&batch), Applied::Advanced);
    assert_eq!(feed.follower.newest_proof(), Some(batch.text()));
    let head = feed.issuer.head(3_500);
    assert_eq!(feed.apply(&head), Applied::Advanced);
    assert_eq!(feed.follower.newest_proof(), Some(head.text()), "a head says the same in fewer bytes");

    assert!(!feed.follower.issuer_behind());
    assert_eq!(feed.apply(&before), Applied::Nothing);
    assert!(feed.follower.issuer_behind());
    assert_eq!((feed.follower.as_of(), feed.last()), (Some(3_500), Some(3)));
    assert_eq!(feed.follower.newest_proof(), Some(head.text()));
    assert_eq!(feed.apply(&feed.issuer.head(4_000)), Applied::Advanced);
    assert!(!feed.follower.issuer_behind());
}

#[test]
fn parts_count_only_once_all_are_there_in_whatever_order() {
    let mut feed = Feed::new();
    (1..=5).for_each(|number| feed.issuer.append(new_session(number, 1_000)));
    let (one, other) = (feed.issuer.snapshot(5, 2), feed.issuer.snapshot(5, 2));
    for part in [&one[2], &one[0], &one[0], &other[1], &one[1], &one[0]] {
        assert_eq!(feed.apply(part), Applied::Nothing, "parts of two snapshots are not put together");
    }
    assert!(feed.set().is_empty() && feed.last().is_none());
    assert_eq!(feed.apply(&one[2]), Applied::Advanced);
    assert_eq!((feed.set().len(), feed.last(), feed.follower.as_of()), (5, Some(5), Some(5)));
}

#[test]
fn a_snapshot_below_what_is_held_moves_nothing() {
    let mut feed = Feed::joined(2);
    let below = feed.issuer.snapshot(9_000, 10);
    feed.issuer.append(new_session(3, 1_000));
    assert_eq!(feed.apply(&feed.issuer.batch(3, 3, 2_000)), Applied::Advanced);
    assert_eq!(feed.apply(&below[0]), Applied::Nothing);
    assert_eq!((feed.last(), feed.follower.as_of()), (Some(3), Some(2_000)));
}

#[test]
fn a_new_epoch_is_joined_by_snapshot_and_what_was_held_stays() {
    let mut feed = Feed::joined(2);
    feed.issuer.append(NewEntry::key_refused(KeyId::new("k1").unwrap()));
    assert_eq!(feed.apply(&feed.issuer.batch(3, 3, 1_500)), Applied::Advanced);
    let old_head = feed.issuer.head(9_000);
    let mut next = Issuer::new();
    next.epoch = Epoch::new_later_than(Some(*EPOCH), 0, [1; 10]);
    next.append(new_session(7, 1_000));
    let why = Why::NewEpoch;
    assert_eq!(feed.apply(&next.head(2_000)), Applied::NeedSnapshot { why });
    assert_eq!(feed.apply(&next.batch(1, 1, 2_000)), Applied::NeedSnapshot { why });
    assert_eq!((feed.follower.epoch(), feed.last()), (Some(next.epoch), Some(3)));
    let refused = Applied::Refused { why: Refusal::OlderEpoch };
    assert_eq!(feed.apply(&old_head), refused);
    assert_eq!(feed.follower.as_of(), Some(1_500), "the old epoch makes nobody fresh any more");

    // The new epoch's clock is behind: its own word counts.
    assert_eq!(feed.apply(&next.snapshot(1_200, 10)[0]), Applied::Advanced);
    assert_eq!((feed.last(), feed.follower.as_of()), (Some(1), Some(1_200)));
    assert!(feed.holds(1) && feed.holds(2) && feed.holds(7) && feed.set().refuses_key("k1"));
    let old_snapshot = feed.issuer.snapshot(9_000, 10);
    assert_eq!(feed.apply(&old_snapshot[0]), refused);
    assert_eq!(feed.apply(&feed.issuer.batch(1, 1, 9_000)), refused);
}

#[test]
fn neither_clock_alone_lets_a_revoked_token_in_again() {
    let mut feed = Feed::joined(2); // until second 1,000
    assert_eq!(feed.follower.apply(&feed.issuer.head(1_000_999), u64::MAX), Applied::Advanced);
    assert!(feed.holds(1), "the issuer's clock says that it matters");
    assert_eq!(feed.follower.apply(&feed.issuer.head(1_001_000), 1_000), Applied::Advanced);
    assert!(feed.holds(1), "our clock says that it matters");
    assert_eq!(feed.follower.apply(&feed.issuer.head(1_001_001), 1_001), Applied::Advanced);
    assert!(!feed.holds(1) && feed.set().is_empty());
}

#[test]
fn announcements_come_out_once_in_order_and_bounded() {
    let mut feed = Feed::joined(0);
    for number in 1..=70 {
        let key = KeyId::new(format!("k{number}")).unwrap();
        let thumbprint = support::key().verifying_key().thumbprint();
        feed.issuer.append(NewEntry::key_announced(key, &thumbprint, number, 1_000).unwrap());
    }
    assert_eq!(feed.apply(&feed.issuer.batch(1, 2, 0)), Applied::Advanced);
    let keys = |feed: &mut Feed| -> Vec<String> {
        feed.follower.take_announcements().iter().map(|announced| announced.key.to_string()).collect()
    };
    assert_eq!(keys(&mut feed), ["k1", "k2"]);
    assert_eq!(feed.apply(&feed.issuer.batch(1, 3, 0)), Applied::Advanced);
    assert_eq!(keys(&mut feed), ["k3"]);
    assert_eq!(feed.apply(&feed.issuer.batch(4, 70, 0)), Applied::Advanced);
    assert_eq!(keys(&mut feed).len(), 64);
    assert!(feed.set().is_empty(), "an announcement refuses nothing");
}

#[test]
fn what_was_saved_leads_back_to_the_same_place() {
    let mut feed = Feed::joined(3);
    for number in 4..=6 {
        feed.issuer.append(new_session(number, 1_000));
        assert_eq!(feed.apply(&feed.issuer.batch(number, number, number)), Applied::Advanced);
        assert_eq!(feed.apply(&feed.issuer.head(number * 1_000)), Applied::Advanced);
    }
    let mut kept: Vec<Arc<str>> = Vec::new();
    for save in feed.follower.take_saves() {
        match save {
            Save::Snapshot { texts, keep_older_until } => {
                assert_eq!(keep_older_until, None);
                kept = texts;
            }
            Save::Batch(text) | Save::Head(text) => kept.push(text),
        }
    }
    assert!(feed.follower.take_saves().is_empty());
    let mut again = Follower::new(ISSUER, Arc::new(RevokedSet::new()));
    for text in kept {
        assert_eq!(again.apply(&verify(&text), 0), Applied::Advanced);
    }
    assert_eq!((again.position(), again.digest()), (feed.follower.position(), feed.follower.digest()));
    assert_eq!((again.as_of(), again.set().len()), (Some(6_000), 6));
    assert_eq!(again.newest_proof(), feed.follower.newest_proof());
}

#[test]
fn what_an_older_epoch_refused_is_kept_on_disk_while_it_matters() {
    let kept_until = |key: Option<&str>| {
        let mut feed = Feed::joined(2);
        let mut next = Issuer::new();
        next.epoch = Epoch::new_later_than(Some(*EPOCH), 0, [1; 10]);
        if let Some(key) = key {
            feed.issuer.append(NewEntry::key_refused(KeyId::new(key).unwrap()));
            assert_eq!(feed.apply(&feed.issuer.batch(3, 3, 1_500)), Applied::Advanced);
        }
        next.append(NewEntry::key_refused(KeyId::new("k1").unwrap()));
        next.append(new_session(7, 900));
        assert_eq!(feed.apply(&next.snapshot(2_000, 10)[0]), Applied::Advanced);
        match feed.follower.take_saves().pop() {
            Some(Save::Snapshot { keep_older_until, .. }) => keep_older_until,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(kept_until(None), Some(1_000));
    assert_eq!(kept_until(Some("k1")), Some(1_000), "the new epoch carries it on");
    assert_eq!(kept_until(Some("k2")), Some(0), "the new epoch has lost it: for ever");
}

#[test]
fn what_was_refused_under_numbers_that_were_given_again_is_kept_on_disk() {
    let mut feed = Feed::joined(2);
    feed.issuer.append(new_session(3, 900));
    assert_eq!(feed.apply(&feed.issuer.batch(3, 3, 1_500)), Applied::Advanced);
    let mut kept: Vec<Arc<str>> = Vec::new();
    // The issuer lost the third, and gave its number to another before anybody could tell it.
    feed.issuer.log.pop();
    feed.issuer.append(new_session(4, 900));
    let why = Why::DigestDiffers;
    assert_eq!(feed.apply(&feed.issuer.head(1_600)), Applied::NeedSnapshot { why });
    let parts = feed.issuer.snapshot(1_700, 10);
    assert_eq!(feed.apply(&parts[0]), Applied::Advanced);
    for save in feed.follower.take_saves() {
        match save {
            Save::Snapshot { texts, keep_older_until } => {
                assert!(kept.is_empty() || keep_older_until == Some(1_000));
                kept.extend(texts);
            }
            Save::Batch(text) | Save::Head(text) => kept.push(text),
        }
    }
    let mut again = Follower::new(ISSUER, Arc::new(RevokedSet::new()));
    for text in kept {
        assert_eq!(again.apply(&verify(&text), 0), Applied::Advanced);
    }
    assert_eq!((again.position(), again.digest()), (feed.follower.position(), feed.follower.digest()));
    assert_eq!((again.set().len(), again.as_of()), (4, Some(1_700)));
}

#[test]
fn whoever_gets_only_snapshots_of_an_issuer_that_lost_entries_can_tell_it_so() {
    let mut feed = Feed::joined(3);
    let held = feed.follower.newest_proof().cloned();
    feed.issuer.log.pop();
    let parts = feed.issuer.snapshot(2_000, 10);
    assert_eq!(feed.apply(&parts[0]), Applied::Nothing);
    assert!(feed.follower.issuer_behind());
    assert_eq!(feed.follower.newest_proof().cloned(), held);
    assert_eq!(feed.follower.as_of(), Some(1_000), "it makes nobody fresh");
    feed.issuer.append(new_session(3, 1_000));
    assert_eq!(feed.apply(&feed.issuer.head(3_000)), Applied::Advanced);
    assert!(!feed.follower.issuer_behind());
}
