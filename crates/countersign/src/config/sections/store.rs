//! `[store]`

use crate::config::{
    declare::{Fallback::Is, section},
    reader::Reader,
    values::{StoreUrl, absolute},
};

section! {
    /// Where accounts, sessions and keys are kept.
    store: Store {
        /// `sqlite:` is the file `countersign.db` in the data folder, `sqlite:PATH` another one.
        url: StoreUrl = Is("sqlite:"), StoreUrl::SHAPE;
    }
}

impl Store {
    /// Makes the path absolute.
    pub(in crate::config) fn settle(&mut self, reader: &Reader<'_>) {
        if let StoreUrl::Sqlite(Some(path)) = &mut self.url {
            *path = absolute(reader.cwd(), path);
        }
    }
}
