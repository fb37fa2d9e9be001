//! Every limit of this crate, unit in the name. What is larger is refused, never cut.

/// Length of a feed object as it is carried: the whole compact JWS.
pub const OBJECT_BYTES_MAX: usize = 1024 * 1024;
/// Length of what the entries of one object take as JSON: so that the signed text, a third longer, keeps within
/// [`OBJECT_BYTES_MAX`] with room for the other members and the header.
pub const ENTRIES_BYTES_MAX: usize = 720 * 1024;
/// Members of a feed object, unknown ones included.
pub const OBJECT_MEMBERS_MAX: usize = 64;
/// Entries in a batch.
pub const BATCH_ENTRIES_MAX: usize = 4096;
/// Entries in one part of a snapshot.
pub const SNAPSHOT_PART_ENTRIES_MAX: usize = 4096;
/// Parts of a snapshot.
pub const SNAPSHOT_PARTS_MAX: u32 = 4096;
/// Length of an issuer.
pub const ISSUER_BYTES_MAX: usize = 1024;
/// Length of an entry's id, a key id at most.
pub const ID_BYTES_MAX: usize = 256;
/// Length of an entry's `extra`.
pub const EXTRA_BYTES_MAX: usize = 1024;
/// Largest number in a feed object: what every JSON parser reads exactly (RFC 7493 §2.2).
pub const NUMBER_MAX: u64 = 9_007_199_254_740_991;
/// Latest `until` that the set keeps to the second, in the year 2106; a later one is kept as never.
pub const UNTIL_SECONDS_MAX: u64 = 0xffff_fffe;
/// Width of the buckets by which the set finds what has expired.
pub const EXPIRY_BUCKET_SECONDS: u32 = 16;
/// Entries of batches kept beside a snapshot of fewer, before a new snapshot is asked for.
pub const TAIL_ENTRIES_MIN: usize = 4096;
/// Length of batches kept beside a shorter snapshot, before a new snapshot is asked for.
pub const TAIL_BYTES_MIN: usize = 1024 * 1024;
/// Length of batches that wait to be saved.
pub const UNSAVED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Announcements that wait to be taken; an older one is dropped for a newer.
pub const ANNOUNCEMENTS_MAX: usize = 64;
