//! Pages: every list is bounded.

use crate::limits::PAGE_ITEMS_MAX;

/// Where a page begins: what the page before gave as `next`. Opaque to everybody but the store; after one that no page
/// gave there is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    limit: u16,
    after: Option<Cursor>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
    /// Whether the page began at a cursor that the store could have given.
    pub cursor: CursorStanding,
}

/// Whether a cursor is one that the store could have given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorStanding {
    /// It is, or none was asked for.
    Known,
    /// It is not: there is nothing after it.
    Unknown,
}

impl<T> Paged<T> {
    /// The same page of what `each` makes of the items.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(each).collect(), next: self.next, cursor: self.cursor }
    }
}

impl Page {
    /// At most `limit` items (1 to 100, whatever was asked for) after `after`.
    #[must_use]
    pub fn new(limit: u16, after: Option<Cursor>) -> Self {
        Self { limit: limit.clamp(1, PAGE_ITEMS_MAX), after }
    }

    /// The first page, as long as a page can be.
    #[must_use]
    pub fn first() -> Self {
        Self::new(PAGE_ITEMS_MAX, None)
    }

    /// How many items at most.
    #[must_use]
    pub const fn limit(&self) -> u16 {
        self.limit
    }

    /// After what.
    #[must_use]
    pub const fn after(&self) -> Option<&Cursor> {
        self.after.as_ref()
    }
}
