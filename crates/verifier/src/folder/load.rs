//! Reading back: nothing is believed that is not signed by the feed's keys.

use std::{io, path::Path, sync::Arc};

use countersign_jose::KeySet;
use countersign_revocation::{Applied, Follower, SignedObject};

use super::{
    File,
    saver::{read_file, split_older},
};
use crate::state::State;

/// The files that are not objects.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) metadata: Vec<u8>,
    pub(crate) keys: Vec<u8>,
    pub(crate) feed_keys: Vec<u8>,
}

impl Kept {
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            metadata: read_file(folder, File::Metadata)?,
            keys: read_file(folder, File::Keys)?,
            feed_keys: read_file(folder, File::FeedKeys)?,
        })
    }
}

/// Gives every object of the folder to `follower`, in order, and shows it to `look`. Gives the number of those that were
/// taken.
pub(crate) fn load(
    folder: &Path,
    keys: &KeySet,
    state: &State,
    follower: &mut Follower,
    mut look: impl FnMut(&SignedObject, Applied),
) -> io::Result<usize> {
    let (older, until) = split_older(&read_file(folder, File::Older)?);
    let now_ms = state.time.now().ms;
    let older_matters = until.is_some_and(|until| until == 0 || now_ms / 1_000 <= until);
    let mut taken = 0;
    let files = [File::Snapshot, File::Tail, File::Head].map(|file| read_file(folder, file));
    let older = if older_matters { older } else { Vec::new() };
    for file in [Ok(older)].into_iter().chain(files) {
        for line in file?.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Some((object, applied)) = take(line, keys, state, follower) else { continue };
            taken += usize::from(!matches!(applied, Applied::Refused { .. }));
            look(&object, applied);
        }
    }
    // These are on the disk already.
    drop(follower.take_saves());
    Ok(taken)
}

fn take(line: &[u8], keys: &KeySet, state: &State, follower: &mut Follower) -> Option<(SignedObject, Applied)> {
    let text = std::str::from_utf8(line).ok()?;
    match SignedObject::verify(Arc::from(text), keys, &state.issuer) {
        Ok(object) => {
            let as_of_ms = object.object().point().as_of;
            state.time.observe(as_of_ms);
            let applied = follower.apply(&object, state.time.now().ms / 1_000);
            Some((object, applied))
        }
        Err(error) => {
            state.metrics.count_object_refused(error.code());
            None
        }
    }
}
