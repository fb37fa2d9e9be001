//! Objects of the feed, for people and for programs.

use crate::output::{Answer, Page};
use crate::times::rfc3339;
use countersign_core::Time;
use countersign_revocation::{Entry, FeedObject, Kind, SignedObject};
use serde::Serialize;

/// One object as it came.
#[derive(Serialize)]
pub(super) struct ObjectView {
    kind: &'static str,
    epoch: String,
    first: u64,
    last: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    /// From the issuer's clock to ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_ms: Option<u64>,
    applied: &'static str,
    entries: Vec<EntryView>,
}

/// All that a snapshot holds.
#[derive(Serialize)]
pub(super) struct SnapshotView {
    epoch: String,
    last: u64,
    as_of: String,
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    sequence: u64,
    kind: &'static str,
    id: String,
    /// The client's own name, or an announced key's thumbprint and first second.
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl ObjectView {
    pub(super) fn of(signed: &SignedObject, applied: &'static str, now: Time) -> Self {
        let object = signed.object();
        let (point, kind) = match object {
            FeedObject::Batch(batch) => (batch.point(), "batch"),
            FeedObject::Snapshot(part) => (part.point(), "snapshot"),
            FeedObject::Head(head) => (head.point(), "head"),
        };
        let as_of = (point.as_of > 0).then(|| Time::from_millis(point.as_of));
        Self {
            kind,
            epoch: point.epoch.to_string(),
            first: object.first().0,
            last: point.last.0,
            as_of: as_of.map(rfc3339),
            lag_ms: as_of.map(|as_of| now.since(as_of).as_millis()),
            applied,
            entries: object.entries().iter().map(EntryView::of).collect(),
        }
    }
}

impl SnapshotView {
    pub(super) fn of(parts: &[SignedObject], now: Time) -> Self {
        let point = parts.last().map(|part| *part.object().point());
        let live = parts.iter().flat_map(|part| part.object().entries());
        let now = now.timestamp().as_seconds();
        Self {
            epoch: point.map(|point| point.epoch.to_string()).unwrap_or_default(),
            last: point.map_or(0, |point| point.last.0),
            as_of: point.map(|point| rfc3339(Time::from_millis(point.as_of))).unwrap_or_default(),
            entries: live.filter(|entry| entry.is_live(now)).map(EntryView::of).collect(),
        }
    }
}

impl EntryView {
    fn of(entry: &Entry) -> Self {
        let until = (entry.until() != 0).then(|| Time::from_millis(entry.until().saturating_mul(1_000)));
        Self {
            sequence: entry.sequence().0,
            kind: match entry.kind() {
                Kind::Session => "session",
                Kind::Token => "token",
                Kind::Client => "client",
                Kind::KeyRefused => "key",
                Kind::KeyAnnounced => "announced",
            },
            id: entry.id().into_owned(),
            extra: entry.extra().map(str::to_owned),
            until: until.map(rfc3339),
        }
    }

    fn cells(&self) -> [String; 5] {
        let until = self.until.clone().unwrap_or_else(|| "for ever".to_owned());
        let extra = self.extra.clone().unwrap_or_default();
        [self.sequence.to_string(), self.kind.to_owned(), self.id.clone(), until, extra]
    }
}

const HEADINGS: [&str; 5] = ["NUMBER", "KIND", "ID", "UNTIL", ""];

impl Answer for ObjectView {
    fn show(&self, page: &mut Page) {
        let lag = self.lag_ms.map_or_else(|| "not the newest".to_owned(), |lag| format!("{lag} ms after the issuer"));
        page.line(&format!("{:<9} {}..{}  {lag}, {}", self.kind, self.first, self.last, self.applied));
        for entry in &self.entries {
            page.line(&format!("  {}", entry.cells().join("  ").trim_end()));
        }
    }
}

impl Answer for SnapshotView {
    fn show(&self, page: &mut Page) {
        if self.entries.is_empty() {
            page.line("Nothing is revoked.");
        } else {
            page.table(HEADINGS, &self.entries.iter().map(EntryView::cells).collect::<Vec<_>>());
        }
        page.line(&format!("as of {}, number {} of epoch {}", self.as_of, self.last, self.epoch));
    }
}
