//! Lists as the API gives them: `{items, next?}`, asked for with `?limit=1..100&after=`.

use crate::error::ApiError;
use countersign_core::limits::PAGE_ITEMS_MAX;
use countersign_core::store::{Cursor, CursorStanding, Page, Paged};
use serde::{Deserialize, Serialize};

/// Which part of a list is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    #[serde(default)]
    limit: Option<u16>,
    #[serde(default)]
    after: Option<String>,
}

/// A part of a list.
#[derive(Serialize)]
pub(crate) struct List<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

const LIMIT_DEFAULT: u16 = 50;

impl PageQuery {
    /// The page, as the store knows it.
    pub(crate) fn page(self) -> Result<Page, ApiError> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=PAGE_ITEMS_MAX).contains(&limit) {
            return Err(ApiError::invalid_request("`limit` must be from 1 to 100"));
        }
        Ok(Page::new(limit, self.after.map(Cursor)))
    }
}

impl<T> List<T> {
    /// What was found, each as `view` shows it.
    pub(crate) fn of<U>(found: Paged<U>, view: impl FnMut(U) -> T) -> Result<Self, ApiError> {
        if found.cursor == CursorStanding::Unknown {
            return Err(ApiError::invalid_request("`after` is no cursor of this list: take `next` of the page before"));
        }
        Ok(Self { items: found.items.into_iter().map(view).collect(), next: found.next.map(|cursor| cursor.0) })
    }
}
