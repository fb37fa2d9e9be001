//! Pages of a list: the cursor is the sort key of the last row that was given.

use countersign_core::store::{Cursor, CursorStanding, Page, Paged};
use countersign_jose::base64url;
use rusqlite::ToSql;

/// The sort key after which a page begins: `start` for the first one; `None` where the cursor is none that we gave.
pub(crate) fn begin<T>(page: &Page, start: T, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    match page.after() {
        None => Some(start),
        Some(Cursor(text)) => base64url::decode(text).ok().and_then(|key| read(&key)),
    }
}

/// A sort key that is a text.
pub(crate) fn text_key(key: &[u8]) -> Option<String> {
    std::str::from_utf8(key).ok().map(str::to_owned)
}

/// How many rows to ask for: one more than the page has shows whether there is another.
pub(crate) fn rows_wanted(page: &Page) -> i64 {
    i64::from(page.limit()) + 1
}

/// A page of what was found; `key` is the sort key of an item.
pub(crate) fn paged<T>(mut found: Vec<T>, page: &Page, key: impl Fn(&T) -> Vec<u8>) -> Paged<T> {
    let limit = usize::from(page.limit());
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| Cursor(base64url::encode(&key(last))));
    Paged { items: found, next, cursor: CursorStanding::Known }
}

/// What is after a cursor that we never gave.
pub(crate) const fn nothing<T>() -> Paged<T> {
    Paged { items: Vec::new(), next: None, cursor: CursorStanding::Unknown }
}

/// A statement put together of fixed parts, so that each combination of filters has a plan of its own.
pub(crate) struct Selection<'a> {
    pub(crate) sql: String,
    pub(crate) params: Vec<(&'static str, &'a dyn ToSql)>,
}

impl<'a> Selection<'a> {
    /// What is selected, with a first condition.
    pub(crate) fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), params: Vec::new() }
    }

    /// A parameter of a part that is always there.
    pub(crate) fn with(mut self, name: &'static str, value: &'a dyn ToSql) -> Self {
        self.params.push((name, value));
        self
    }

    /// A condition, where a value for it was given.
    pub(crate) fn where_given<T: ToSql>(mut self, condition: &str, name: &'static str, value: &'a Option<T>) -> Self {
        if let Some(value) = value {
            self.sql.push_str(" AND ");
            self.sql.push_str(condition);
            self.params.push((name, value));
        }
        self
    }

    /// A fixed part: a first condition; the order, and how many.
    pub(crate) fn then(mut self, part: &str) -> Self {
        self.sql.push(' ');
        self.sql.push_str(part);
        self
    }
}
