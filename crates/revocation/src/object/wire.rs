//! Objects as JSON. Unknown members are passed over, so that a later version may say more; what we know is exact.

use std::{borrow::Cow, fmt};

use countersign_jose::json::{self, JsonError};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
    ser::SerializeTuple as _,
};

use super::{Batch, FeedObject, Head, Part, Point, SnapshotId, SnapshotPart};
use crate::{
    Entry, EntryError, Epoch, Kind, NewEntry, ObjectError, Sequence, SetDigest,
    limits::{OBJECT_BYTES_MAX, OBJECT_MEMBERS_MAX},
};

const LIMITS: json::Limits =
    json::Limits { bytes_max: OBJECT_BYTES_MAX, depth_max: 16, members_max: OBJECT_MEMBERS_MAX };

#[derive(Serialize)]
struct Written<'a> {
    iss: &'a str,
    ep: Epoch,
    kind: &'static str,
    first: Sequence,
    last: Sequence,
    as_of: u64,
    set: SetDigest,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snap: Option<SnapshotId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<SetDigest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<&'a [Entry]>,
}

/// The object as JSON, in one order of members.
pub(super) fn write(issuer: &str, object: &FeedObject) -> Vec<u8> {
    let point = object.point();
    let (kind, e) = match object {
        FeedObject::Batch(batch) => ("batch", Some(batch.entries())),
        FeedObject::Snapshot(part) => ("snapshot", Some(part.entries())),
        FeedObject::Head(_) => ("head", None),
    };
    let part = if let FeedObject::Snapshot(part) = object { Some(part) } else { None };
    let written = Written {
        iss: issuer,
        ep: point.epoch,
        kind,
        first: object.first(),
        last: point.last,
        as_of: point.as_of,
        set: point.set,
        part: part.map(|part| [part.part().number, part.part().of]),
        snap: part.map(SnapshotPart::id),
        live: part.map(SnapshotPart::live),
        e,
    };
    // Strings, numbers and lists of them: serializing them to memory has no way to fail.
    serde_json::to_vec(&written).unwrap_or_default()
}

/// Length of an entry in a list of them.
pub(super) fn json_bytes(entry: &Entry) -> usize {
    serde_json::to_string(entry).map_or(0, |json| json.len()).saturating_add(1)
}

#[derive(Deserialize)]
struct Read<'a> {
    iss: Option<String>,
    ep: Option<Epoch>,
    kind: Option<String>,
    first: Option<Sequence>,
    last: Option<Sequence>,
    as_of: Option<u64>,
    set: Option<SetDigest>,
    part: Option<[u32; 2]>,
    snap: Option<SnapshotId>,
    live: Option<SetDigest>,
    #[serde(borrow)]
    e: Option<Vec<ReadEntry<'a>>>,
}

/// The object that a payload of that issuer says.
pub(super) fn read(payload: &[u8], issuer: &str) -> Result<FeedObject, ObjectError> {
    json::check(payload, LIMITS)?;
    // serde would read a list as the members in order.
    if !payload.trim_ascii_start().starts_with(b"{") {
        return Err(JsonError::NotAnObject.into());
    }
    let read: Read<'_> =
        serde_json::from_slice(payload).map_err(|error| ObjectError::MemberType { column: error.column() })?;
    let iss = read.iss.as_deref().ok_or(ObjectError::Missing("iss"))?;
    if issuer.is_empty() || iss != issuer {
        return Err(ObjectError::WrongIssuer);
    }
    let point = Point {
        epoch: read.ep.ok_or(ObjectError::Missing("ep"))?,
        last: read.last.ok_or(ObjectError::Missing("last"))?,
        as_of: read.as_of.ok_or(ObjectError::Missing("as_of"))?,
        set: read.set.ok_or(ObjectError::Missing("set"))?,
    };
    let first = read.first.ok_or(ObjectError::Missing("first"))?;
    let object: FeedObject = match read.kind.as_deref().ok_or(ObjectError::Missing("kind"))? {
        "batch" => read.batch(point)?.into(),
        "snapshot" => read.snapshot(point)?.into(),
        "head" => read.head(point)?.into(),
        _ => return Err(ObjectError::UnknownKind),
    };
    if object.first() == first { Ok(object) } else { Err(ObjectError::Numbering) }
}

impl Read<'_> {
    fn batch(self, point: Point) -> Result<Batch, ObjectError> {
        self.no_snapshot_members()?;
        Batch::new(point, entries(self.e.ok_or(ObjectError::Missing("e"))?)?)
    }

    fn snapshot(self, point: Point) -> Result<SnapshotPart, ObjectError> {
        let [number, of] = self.part.ok_or(ObjectError::Missing("part"))?;
        let id = self.snap.ok_or(ObjectError::Missing("snap"))?;
        let live = self.live.ok_or(ObjectError::Missing("live"))?;
        let entries = entries(self.e.ok_or(ObjectError::Missing("e"))?)?;
        SnapshotPart::new(point, id, Part { number, of }, live, entries)
    }

    fn head(self, point: Point) -> Result<Head, ObjectError> {
        self.no_snapshot_members()?;
        if self.e.is_some() {
            return Err(ObjectError::Unexpected("e"));
        }
        Head::new(point)
    }

    const fn no_snapshot_members(&self) -> Result<(), ObjectError> {
        match self {
            Self { part: Some(_), .. } => Err(ObjectError::Unexpected("part")),
            Self { snap: Some(_), .. } => Err(ObjectError::Unexpected("snap")),
            Self { live: Some(_), .. } => Err(ObjectError::Unexpected("live")),
            _ => Ok(()),
        }
    }
}

fn entries(read: Vec<ReadEntry<'_>>) -> Result<Vec<Entry>, ObjectError> {
    let entry =
        |(index, read): (usize, ReadEntry<'_>)| read.entry().map_err(|error| ObjectError::Entry { index, error });
    read.into_iter().enumerate().map(entry).collect()
}

/// `[seq, kind, id, until, extra?]`, types checked and nothing else.
struct ReadEntry<'a> {
    sequence: Sequence,
    kind: Cow<'a, str>,
    id: Cow<'a, str>,
    until: u64,
    extra: Option<String>,
}

impl ReadEntry<'_> {
    fn entry(self) -> Result<Entry, EntryError> {
        let entry = NewEntry::new(Kind::parse(&self.kind)?, &self.id, self.until, self.extra)?;
        Ok(entry.numbered(self.sequence))
    }
}

/// A string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for ReadEntry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = ReadEntry<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry: number, kind, id, until, and perhaps extra")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let missing = |index| move || de::Error::invalid_length(index, &"four or five elements");
        let sequence = seq.next_element()?.ok_or_else(missing(0))?;
        let Text(kind) = seq.next_element()?.ok_or_else(missing(1))?;
        let Text(id) = seq.next_element()?.ok_or_else(missing(2))?;
        let until = seq.next_element()?.ok_or_else(missing(3))?;
        // Absent or a string: `null` is neither.
        let extra = seq.next_element()?;
        Ok(ReadEntry { sequence, kind, id, until, extra })
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let extra = self.extra();
        let mut tuple = serializer.serialize_tuple(if extra.is_some() { 5 } else { 4 })?;
        tuple.serialize_element(&self.sequence())?;
        tuple.serialize_element(self.kind().as_str())?;
        tuple.serialize_element(&self.id())?;
        tuple.serialize_element(&self.until())?;
        if let Some(extra) = extra {
            tuple.serialize_element(extra)?;
        }
        tuple.end()
    }
}
