//! The log in memory: what still matters, and the end of the numbering without a gap, so that followers can resume.

use crate::limits::FEED_LOG_ENTRIES_MAX;
use countersign_core::Epoch;
use countersign_core::revocation::{Entry, NewEntry, Sequence, SetDigest};
use countersign_core::store::FeedPage;
use countersign_revocation::Position;
use std::collections::{BTreeMap, VecDeque};

/// The feed as this process knows it.
#[derive(Debug)]
pub(crate) struct FeedLog {
    epoch: Epoch,
    last: Sequence,
    set: SetDigest,
    /// The newest entries, none left out.
    recent: VecDeque<Entry>,
    /// Every entry that may matter still.
    live: BTreeMap<Sequence, Entry>,
}

/// What a page that storage gave means for the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// These entries follow on the log, which may reach less far than storage does.
    Advanced(Vec<Entry>),
    /// Nothing new.
    Unmoved,
    /// Entries are missing between the log and storage: followers need a snapshot.
    Gap,
    /// Storage is in another epoch.
    OtherEpoch,
    /// Storage holds less than the log, or something else under the same numbers.
    WentBack,
}

/// What follows on a position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Entries, in order.
    Entries(Vec<Entry>),
    /// Nothing yet.
    UpToDate,
    /// The log does not reach back that far, or knows nothing of that position.
    SnapshotNeeded,
}

impl FeedLog {
    /// A log that holds nothing of an epoch.
    pub(crate) fn begin(epoch: Epoch) -> Self {
        Self { epoch, last: Sequence::ZERO, set: SetDigest::EMPTY, recent: VecDeque::new(), live: BTreeMap::new() }
    }

    /// What storage holds, read page by page from the beginning; numbers left out were forgotten.
    pub(crate) fn load(&mut self, page: &FeedPage) {
        for entry in &page.entries {
            self.keep(entry);
        }
        let reached = page.entries.last().map_or(page.last, Entry::sequence);
        (self.last, self.set) = (reached, page.set);
    }

    /// Takes the page that follows on [`last`](Self::last).
    pub(crate) fn take(&mut self, page: &FeedPage) -> Taken {
        if page.epoch != self.epoch {
            return Taken::OtherEpoch;
        }
        if page.last < self.last || (page.last == self.last && page.set != self.set) {
            return Taken::WentBack;
        }
        if page.last == self.last {
            return Taken::Unmoved;
        }
        let mut expected = self.last;
        for entry in &page.entries {
            expected = expected.next();
            if entry.sequence() != expected {
                return Taken::Gap;
            }
        }
        if page.entries.is_empty() {
            return Taken::Gap;
        }
        let mut set = self.set;
        page.entries.iter().for_each(|entry| set.toggle(self.epoch, entry));
        if expected == page.last && set != page.set {
            return Taken::WentBack;
        }
        page.entries.iter().for_each(|entry| self.keep(entry));
        (self.last, self.set) = (expected, set);
        Taken::Advanced(page.entries.clone())
    }

    fn keep(&mut self, entry: &Entry) {
        if self.recent.back().is_some_and(|before| before.sequence().next() != entry.sequence()) {
            self.recent.clear();
        }
        if self.recent.len() == FEED_LOG_ENTRIES_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(entry.clone());
        self.live.insert(entry.sequence(), entry.clone());
    }

    /// Forgets what no longer matters at `now`, in seconds since 1970; the end of the numbering is kept for those who
    /// resume.
    pub(crate) fn expire(&mut self, now: u64) {
        self.live.retain(|_, entry| entry.is_live(now));
    }

    /// What follows on `after`.
    pub(crate) fn tail(&self, after: Position) -> Tail {
        if after.epoch != self.epoch || after.sequence > self.last {
            return Tail::SnapshotNeeded;
        }
        if after.sequence == self.last {
            return Tail::UpToDate;
        }
        match self.recent.front() {
            Some(first)
                if first.sequence() <= after.sequence.next()
                    && self.recent.back().map(Entry::sequence) == Some(self.last) =>
            {
                // None is left out among them: the number tells the place.
                let known = after.sequence.next().0 - first.sequence().0;
                Tail::Entries(self.recent.iter().skip(usize::try_from(known).unwrap_or(usize::MAX)).cloned().collect())
            }
            _ => Tail::SnapshotNeeded,
        }
    }

    /// The digest as it stood before `entries`, which end the log.
    pub(crate) fn set_before(&self, entries: &[Entry]) -> SetDigest {
        let mut set = self.set;
        entries.iter().for_each(|entry| set.toggle(self.epoch, entry));
        set
    }

    /// Every entry that matters at `now`, in seconds since 1970, in order.
    pub(crate) fn live(&self, now: u64) -> Vec<Entry> {
        self.live.values().filter(|entry| entry.is_live(now)).cloned().collect()
    }

    /// The same, to be appended again in another epoch.
    pub(crate) fn to_say_again(&self, now: u64) -> Vec<NewEntry> {
        self.live(now).into_iter().map(Entry::into_new).collect()
    }

    pub(crate) const fn position(&self) -> Position {
        Position { epoch: self.epoch, sequence: self.last }
    }

    pub(crate) const fn set(&self) -> SetDigest {
        self.set
    }
}

#[cfg(test)]
mod tests {
    use super::{FeedLog, Tail, Taken};
    use countersign_core::Epoch;
    use countersign_core::revocation::{Entry, NewEntry, Sequence, SetDigest};
    use countersign_core::store::FeedPage;
    use countersign_jose::KeyId;
    use countersign_revocation::Position;

    const EPOCH: Epoch = Epoch::new(1, [1; 10]);

    fn entry(number: u64) -> Entry {
        let id = countersign_jose::base64url::encode(&u128::from(number).to_be_bytes());
        NewEntry::session(&id, 100 + number).unwrap().numbered(Sequence(number))
    }

    /// Storage with entries 1 to `last`, asked for what follows on `after`, at most `limit`.
    fn page(after: u64, last: u64, limit: usize) -> FeedPage {
        let mut set = SetDigest::EMPTY;
        (1..=last).for_each(|number| set.toggle(EPOCH, &entry(number)));
        let entries = (after + 1..=last).take(limit).map(entry).collect();
        FeedPage { epoch: EPOCH, last: Sequence(last), set, entries }
    }

    fn at(sequence: u64) -> Position {
        Position { epoch: EPOCH, sequence: Sequence(sequence) }
    }

    #[test]
    fn pages_follow_on_the_log_even_where_they_do_not_reach_the_end() {
        let mut log = FeedLog::begin(EPOCH);
        assert_eq!(log.take(&page(0, 0, 9)), Taken::Unmoved);
        assert_eq!(log.take(&page(0, 5, 3)), Taken::Advanced((1..=3).map(entry).collect()));
        assert_eq!(log.take(&page(3, 5, 3)), Taken::Advanced((4..=5).map(entry).collect()));
        assert_eq!((log.position(), log.set()), (at(5), page(0, 5, 0).set));
        assert_eq!(log.take(&page(5, 5, 3)), Taken::Unmoved);
    }

    #[test]
    fn what_does_not_follow_is_told_apart() {
        let mut log = FeedLog::begin(EPOCH);
        log.take(&page(0, 3, 9));
        assert_eq!(log.take(&page(4, 6, 9)), Taken::Gap);
        assert_eq!(log.take(&page(6, 6, 9)), Taken::Gap);
        assert_eq!(log.take(&page(3, 2, 9)), Taken::WentBack);
        let other = FeedPage { set: SetDigest::EMPTY, ..page(3, 3, 9) };
        assert_eq!(log.take(&other), Taken::WentBack);
        let other = FeedPage { set: SetDigest::EMPTY, ..page(3, 5, 9) };
        assert_eq!(log.take(&other), Taken::WentBack);
        let other = FeedPage { epoch: Epoch::new(2, [0; 10]), ..page(3, 5, 9) };
        assert_eq!(log.take(&other), Taken::OtherEpoch);
        assert_eq!(log.position(), at(3));
    }

    #[test]
    fn whoever_is_within_reach_resumes() {
        let mut log = FeedLog::begin(EPOCH);
        assert_eq!(log.tail(at(0)), Tail::UpToDate);
        log.take(&page(0, 4, 9));
        assert_eq!(log.tail(at(2)), Tail::Entries(vec![entry(3), entry(4)]));
        assert_eq!(log.set_before(&[entry(3), entry(4)]), page(0, 2, 0).set);
        assert_eq!(log.tail(at(4)), Tail::UpToDate);
        assert_eq!(log.tail(at(5)), Tail::SnapshotNeeded);
        assert_eq!(log.tail(Position { epoch: Epoch::new(2, [0; 10]), ..at(4) }), Tail::SnapshotNeeded);
    }

    #[test]
    fn what_was_forgotten_before_the_start_can_not_be_resumed_over() {
        let mut log = FeedLog::begin(EPOCH);
        let mut stored = page(0, 6, 9);
        stored.entries.retain(|entry| ![2, 4].contains(&entry.sequence().0));
        log.load(&stored);
        assert_eq!(log.tail(at(3)), Tail::SnapshotNeeded);
        assert_eq!(log.tail(at(4)), Tail::Entries(vec![entry(5), entry(6)]));
        assert_eq!(log.live(0).len(), 4);
        // The last of all forgotten: nobody below it can resume.
        let mut log = FeedLog::begin(EPOCH);
        let mut stored = page(0, 6, 9);
        stored.entries.truncate(5);
        log.load(&FeedPage { entries: stored.entries.clone(), ..stored.clone() });
        log.load(&FeedPage { entries: Vec::new(), ..stored });
        assert_eq!((log.position(), log.tail(at(5))), (at(6), Tail::SnapshotNeeded));
    }

    #[test]
    fn what_no_longer_matters_leaves_the_snapshot_and_a_refused_key_never_does() {
        let mut log = FeedLog::begin(EPOCH);
        log.take(&page(0, 3, 9));
        let key = NewEntry::key_refused(KeyId::new("k").unwrap()).numbered(Sequence(4));
        let mut set = log.set();
        set.toggle(EPOCH, &key);
        log.take(&FeedPage { epoch: EPOCH, last: Sequence(4), set, entries: vec![key.clone()] });
        assert_eq!(log.live(102).len(), 3);
        log.expire(1_000);
        assert_eq!(log.live(0), std::slice::from_ref(&key));
        assert_eq!(log.to_say_again(0), [key.into_new()]);
        assert_eq!(log.tail(at(0)), Tail::Entries((1..=3).map(entry).chain([log.live(0).remove(0)]).collect()));
    }
}
