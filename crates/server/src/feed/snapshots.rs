//! The snapshot as it was last made: many who join at once share one.

use countersign_core::Time;
use countersign_revocation::Position;
use std::sync::{Arc, Mutex, PoisonError};

/// The signed parts of a snapshot.
pub(crate) type Texts = Arc<[Arc<str>]>;

#[derive(Debug, Default)]
pub(super) struct Snapshots(Mutex<Option<Made>>);

#[derive(Debug)]
struct Made {
    position: Position,
    as_of: Time,
    texts: Texts,
}

impl Snapshots {
    /// The one made for `position` not before `as_of`, or what `make` makes.
    pub(super) fn get<E>(
        &self,
        position: Position,
        as_of: Time,
        make: impl FnOnce() -> Result<Texts, E>,
    ) -> Result<Texts, E> {
        // One maker at a time: the others wait for its result rather than make the same again.
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some(made) if made.position == position && made.as_of >= as_of => Ok(Arc::clone(&made.texts)),
            _ => {
                let texts = make()?;
                *made = Some(Made { position, as_of, texts: Arc::clone(&texts) });
                Ok(texts)
            }
        }
    }
}
