//! Revocation as a feed: entries, the exact set of what is revoked, the signed objects, and the follower that turns
//! objects into the set. No I/O, no clock, no async: time, texts and random bytes arrive as values.
//!
//! The issuer numbers entries and signs them into objects; whoever carries an object, its signature is what counts.
//! A [`Follower`] applies them in order, knows when something is missing, and says how fresh its set is.
//!
//! ```
//! use std::sync::Arc;
//! use countersign_jose::{Algorithm, KeySet, SigningKey};
//! use countersign_revocation::*;
//!
//! // The issuer: one entry, a snapshot before it and a batch with it.
//! let issuer = "https://issuer.example";
//! let key = Arc::new(SigningKey::generate(Algorithm::EdDsa)?);
//! let keys = KeySet::new([key.verifying_key()])?;
//! let signer = FeedSigner::new(key, issuer)?;
//! let epoch = Epoch::new(1_750_000_000_000, [7; 10]);
//! let point = |last, as_of, set| Point { epoch, last: Sequence(last), as_of, set };
//!
//! let mut digest = SetDigest::EMPTY;
//! let snapshot = snapshot_parts(point(0, 1_750_000_000_500, digest), SnapshotId([1; 16]), vec![])?;
//! let entry = NewEntry::session("AAECAwQFBgcICQoLDA0ODw", 1_750_000_690)?.numbered(Sequence(1));
//! digest.toggle(epoch, &entry);
//! let batch = Batch::new(point(1, 1_750_000_001_000, digest), vec![entry])?;
//! let texts = [signer.sign(&snapshot[0].clone().into())?, signer.sign(&batch.into())?];
//!
//! // The verifier: the same objects, whatever carried them.
//! let set = Arc::new(RevokedSet::new());
//! let mut follower = Follower::new(issuer, set.clone());
//! for text in texts {
//!     let object = SignedObject::verify(text, &keys, issuer)?;
//!     assert!(matches!(follower.apply(&object, 1_750_000_001), Applied::Advanced));
//! }
//! assert_eq!(follower.as_of(), Some(1_750_000_001_000));
//! let token = Subjects { session: Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]), ..Subjects::default() };
//! assert_eq!(set.look_up(&token), Some(Hit { kind: Kind::Session }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

mod announcement;
mod clock;
mod digest;
mod entry;
mod epoch;
mod error;
mod follower;
mod object;
mod sequence;
mod set;

pub mod limits;

pub use announcement::Announcement;
pub use clock::VerifierClock;
pub use digest::SetDigest;
pub use entry::{Entry, Kind, NewEntry, Subject, client_key};
pub use epoch::{Epoch, ParseEpochError};
pub use error::{EntryError, ObjectError, SignObjectError};
pub use follower::{Applied, Follower, Refusal, Save, Why};
pub use object::{
    Batch, FEED_TYPE, FeedObject, FeedSigner, Head, Part, Point, SignedObject, SnapshotId, SnapshotPart, batch_chunks,
    snapshot_parts,
};
pub use sequence::{ParsePositionError, Position, Sequence};
pub use set::{Hit, LiveEntry, RevokedSet, Subjects};
