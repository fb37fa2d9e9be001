//! A deployment that was served once and stopped, to be damaged.

use crate::kit::Place;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What serves on any free port, under the issuer of [`stopped`].
pub(crate) const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--issuer", "http://localhost:8420"];

/// A deployment with an account in it that nobody has open.
pub(crate) fn stopped() -> Place {
    let place = Place::new();
    place.json(&["account", "add", "ana"]);
    place
}

/// Every file below `folder` with its bytes. The lock is no data: whether it is there does not count.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "lock") {
                found.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// That every file is as it was, and no other came. Whoever looks into a database leaves an empty log and the log's
/// index beside it: those hold nothing.
#[track_caller]
pub(crate) fn assert_untouched(before: &BTreeMap<PathBuf, Vec<u8>>, folder: &Path, what: &str) {
    let mut after = contents(folder);
    after.retain(|path, bytes| {
        let name = path.to_string_lossy();
        let holds_nothing = name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty();
        before.contains_key(path) || !holds_nothing
    });
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "{what}: files came or went");
    for (path, bytes) in before {
        assert!(after[path] == *bytes, "{what}: {} changed", path.display());
    }
}
