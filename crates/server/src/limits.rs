//! Every limit of the network, with its unit in its name.

use crate::throttling::Bucket;
use countersign_core::Span;
use std::time::Duration;

/// Bytes of a request's body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a request's line and headers.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Header fields of a request.
pub const HEADER_FIELDS_MAX: usize = 100;
/// Fields that are still read, so that one too many can be answered with a problem document.
pub const HEADER_FIELDS_READ_MAX: usize = 200;
/// Nesting of a JSON body.
pub const JSON_DEPTH_MAX: usize = 16;
/// Members of any one object of a JSON body.
pub const JSON_MEMBERS_MAX: usize = 64;
/// Parameters of a form.
pub const FORM_PARAMETERS_MAX: usize = 32;
/// Characters of the reason that an administrator gives.
pub const REASON_CHARACTERS_MAX: usize = 256;
/// How long ago the sign-in may be for what is dangerous; RFC 9470's `max_age` in the error table says the same.
pub const RECENT_AUTHENTICATION_MAX: Span = Span::from_seconds(900);
/// How long a client may wait for the verifiers, in seconds.
pub const WAIT_SECONDS_MAX: u64 = 30;
/// Bytes of a request's target.
pub const TARGET_BYTES_MAX: usize = 8 * 1024;
/// How long the TLS handshake of a connection may take.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Bytes of a file of certificates, and of a key.
pub const TLS_FILE_BYTES_MAX: u64 = 1 << 20;
/// How often it is looked whether certificate and key changed.
pub const TLS_FILES_LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// A certificate that is valid for less is warned about.
pub const CERTIFICATE_LIFE_SHORT: Span = Span::from_days(14);
/// How often it is warned.
pub const CERTIFICATE_WARNED_EVERY: Span = Span::from_days(1);
/// How long the headers of a request may take.
pub const HEADER_READ_MAX: Duration = Duration::from_secs(15);
/// How long the body of a request may take.
pub const BODY_READ_MAX: Duration = Duration::from_secs(15);
/// Connections at once; the next ones wait to be accepted.
pub const CONNECTIONS_MAX: usize = 16_384;
/// Connections that wait to be accepted: as many verifiers may come at once when a server is back.
pub const CONNECTIONS_WAITING_MAX: u32 = 4_096;
/// Files and sockets that a process needs beside its connections: database, sign-in pages, requests to others.
pub const DESCRIPTORS_BESIDE_CONNECTIONS: usize = 256;
/// How long what runs may go on once a stop is requested.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);
/// How long client assertions are remembered: longer than any is good.
pub const ASSERTIONS_REMEMBERED: Span = Span::from_seconds(3_720);
/// How long proofs of possession are remembered: longer than any is good.
pub const PROOFS_REMEMBERED: Span = Span::from_seconds(240);
/// How many of each at once; more are refused.
pub const REPLAYS_MAX: usize = 262_144;
/// How old a proof of possession may be, in seconds.
pub const PROOF_AGE_SECONDS_MAX: u64 = 60;
/// Passwords that may wait to be hashed.
pub const HASHES_WAITING_MAX: usize = 1_024;
/// After so long without work the hashing pool gives its memory back.
pub const HASH_MEMORY_KEPT: Duration = Duration::from_secs(10);
/// Keys that one kind of bucket remembers.
pub const BUCKETS_MAX: usize = 100_000;
/// Seconds after which a client should come back where the server is overloaded.
pub const RETRY_AFTER_SECONDS: u64 = 1;
/// Entries at the end of the feed from which a verifier can resume; beyond it fetches a snapshot.
pub const FEED_LOG_ENTRIES_MAX: usize = 65_536;
/// Objects of the feed that wait for a slow reader; with one more it is cut off and has to resume.
pub const FEED_OBJECTS_WAITING_MAX: usize = 128;
/// Places from which readers resumed, for which the signed rest of the feed is kept until the next head.
pub const FEED_TAILS_KEPT_MAX: usize = 8;
/// Tokens of its readers that need not be checked anew.
pub const FEED_READERS_KEPT_MAX: usize = 16_384;
/// For how long entries are gathered into one object while there are many.
pub const FEED_GATHERED_MAX: Duration = Duration::from_millis(20);
/// Seconds for which a poll of the feed may wait.
pub const FEED_POLL_SECONDS_MAX: u64 = 30;
/// Verifiers that are remembered by their reports.
pub const VERIFIERS_MAX: usize = 10_000;
/// Characters of a verifier's id.
pub const VERIFIER_ID_CHARACTERS_MAX: usize = 128;

/// How long the audit log is kept, where nobody says otherwise: a year, and time to look back at it.
pub const AUDIT_KEPT: Span = Span::from_days(400);
/// Routes that metrics count apart: more than there are, so that nothing can make the list grow.
pub const ROUTES_COUNTED_MAX: usize = 512;
/// Sessions looked at in one read while the live ones are counted: some 2 ms.
pub const SESSIONS_COUNTED_AT_ONCE_MAX: u32 = 4_096;
/// How long a request to others may take, as a whole.
pub const OUTBOUND_DEADLINE: Duration = Duration::from_secs(5);
/// Requests to others at once; one more waits until its own time is over.
pub const OUTBOUND_AT_ONCE_MAX: usize = 64;
/// Addresses of one name that are tried, one after the other.
pub const OUTBOUND_ADDRESSES_TRIED_MAX: usize = 3;
/// Bytes of the headers of an answer of others.
pub const OUTBOUND_HEADER_BYTES_MAX: usize = 32 * 1024;
/// Header fields of an answer of others.
pub const OUTBOUND_HEADER_FIELDS_MAX: usize = 100;
/// Bytes of a client's metadata document, and of the keys that it names.
pub const DOCUMENT_BYTES_MAX: usize = 32 * 1024;
/// Metadata documents that are kept.
pub const DOCUMENTS_KEPT_MAX: usize = 500;
/// How long a metadata document is kept at the least, whatever its server says: a sign-in reads it several times.
pub const DOCUMENT_KEPT_MIN: Span = Span::from_seconds(60);
/// How long where its server says nothing.
pub const DOCUMENT_KEPT_USUALLY: Span = Span::from_seconds(600);
/// How long at the longest; also how long it is good if its server can't be reached.
pub const DOCUMENT_KEPT_MAX: Span = Span::from_days(1);
/// How long a fetch that failed is not repeated.
pub const FAILED_FETCH_KEPT: Span = Span::from_seconds(10);
/// How many fetches one host sees from us, whoever causes them.
pub const FETCHES_OF_ONE_HOST: Bucket = Bucket { burst: 20, every: Span::from_seconds(1) };
/// Tries at once to tell clients that sessions ended: half of what may be asked of others, so that there is room for the
/// rest.
pub const LOGOUTS_AT_ONCE_MAX: u32 = 32;
/// Such tries at once at one client.
pub const LOGOUTS_EACH_MAX: u32 = 4;
/// How long a try may take before it is made again: whoever began it may be gone.
pub const LOGOUT_LEASE: Span = Span::from_seconds(15);
/// Bytes of what a client answers that it was told.
pub const LOGOUT_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Clients that are given up in one commit for their age.
pub const LOGOUTS_GIVEN_UP_AT_ONCE: u32 = 1_000;
