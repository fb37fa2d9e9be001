//! Every limit and default of this crate, unit in the name.

/// Longest life of a token from a Countersign issuer, `exp - iat`: a revoked token must be remembered that long.
pub const TOKEN_LIFE_SECONDS_MAX: u64 = 3600;
/// Longest life of a token from any other issuer, unless the builder says otherwise.
pub const FOREIGN_TOKEN_LIFE_SECONDS_MAX: u64 = 24 * 3600;
/// Leeway between two clocks, unless the builder says otherwise; 60 at most.
pub const LEEWAY_SECONDS: u64 = 10;
/// Age of what is known of revocations beyond which the verifier is stale, unless the builder says otherwise.
pub const STALENESS_MS_MAX: u64 = 10_000;
/// Skew of the wall clock against the issuer's beyond which the log says so.
pub const SKEW_MS_MAX: u64 = 2_000;
/// How long the offset between the monotonic clock and the time that counts is used before both clocks are read again.
pub const OFFSET_LIFE_MS: u64 = 100;
/// Memory for verified tokens, for each audience, unless the builder says otherwise.
pub const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// What an entry of the cache takes beside its token and claims, as it is counted.
pub const CACHE_ENTRY_BYTES: usize = 512;
/// Unknown key ids that are remembered, so that one of them causes no second fetch.
pub const UNKNOWN_KEYS_MAX: usize = 1_024;
/// How long an unknown key id is remembered.
pub const UNKNOWN_KEY_LIFE_MS: u64 = 300_000;
/// Proofs of possession that are remembered; beyond that, proofs are refused with 503.
pub const PROOFS_MAX: usize = 262_144;
/// How old a proof of possession may be, leeway apart.
pub const PROOF_AGE_SECONDS_MAX: u64 = 60;
/// Length of a metadata document.
pub const METADATA_BYTES_MAX: usize = 256 * 1024;
/// Length of an answer of the token or introspection endpoint.
pub const ENDPOINT_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Length of a whole snapshot, all parts.
pub const SNAPSHOT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Length of the answer to one long poll.
pub const POLL_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Length of one event of the feed: an object, its id, and line ends.
pub const EVENT_BYTES_MAX: usize = countersign_revocation::limits::OBJECT_BYTES_MAX + 4 * 1024;
/// How long a key set without `max-age` is used.
pub const JWKS_AGE_SECONDS: u64 = 600;
/// How long clients may keep this resource server's own metadata.
pub const RESOURCE_METADATA_AGE_SECONDS: u64 = 3600;
/// Longest `max-age` of a key set that is believed.
pub const JWKS_AGE_SECONDS_MAX: u64 = 24 * 3600;
/// How long metadata is used before it is fetched again.
pub const METADATA_AGE_SECONDS: u64 = 3600;
/// Introspections that run at once; more are answered as stale.
pub const INTROSPECTIONS_MAX: usize = 64;
/// `Retry-After` of a 503.
pub const RETRY_AFTER_SECONDS: u64 = 1;
/// Relays between issuer and verifier that are told apart; more are a circle.
pub const RELAY_LEVELS_MAX: usize = 16;
/// How far apart heads are written to the folder.
pub const HEAD_SAVE_MS: u64 = 5_000;
/// Steps that wait for the folder; with more, a snapshot is asked for.
pub const SAVES_WAITING_MAX: usize = 1_024;
/// Length of a file in the folder.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Times that a gap is asked for without getting on, before a snapshot is.
pub const GAPS_MAX: u32 = 3;
/// Streams that said nothing in a row, before the feed is polled instead.
pub const SILENT_STREAMS_MAX: u32 = 2;
/// How long a poll may wait, in seconds: shorter than the shortest sensible staleness.
pub const POLL_WAIT_SECONDS: u64 = 2;
/// Polls after which the stream is tried again.
pub const POLLS_BEFORE_STREAM: u32 = 30;
