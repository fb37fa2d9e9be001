//! Lists as the API gives them: `{items, next?}`, asked for with `?limit=1..100&after=`.

use crate::error::ApiError;
use countersign_core::limits::PAGE_ITEMS_MAX;
use countersign_core::store::{Cursor, CursorStanding, Page, Paged};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// Which part of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// How many items at most.
    #[serde(default)]
    #[param(schema_with = limit, example = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[serde(default)]
    #[param(nullable = false)]
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

/// With its own name for each kind of item.
impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name())).max_items(Some(PAGE_ITEMS_MAX.into()));
        let next = String::schema();
        let list = ObjectBuilder::new().property("items", items).property("next", next).required("items");
        list.description(Some("A part of a list; `next` is there where it goes on.")).build().into()
    }
}

fn limit() -> Schema {
    let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(PAGE_ITEMS_MAX));
    limit.default(Some(LIMIT_DEFAULT.into())).description(Some("How many items at most.")).build().into()
}

/// A list of one, to show.
pub(crate) fn one<T>(item: T) -> List<T> {
    List { items: vec![item], next: None }
}
