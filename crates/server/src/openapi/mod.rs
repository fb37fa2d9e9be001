//! The description of the API, OpenAPI 3.1: generated from the route table, so that there is no route without it and
//! nothing in it without a route. Schemas and documents are utoipa's; docs/adr/0022 tells why the rest is here.

mod answer;
mod document;
pub(crate) mod examples;
mod failure;
mod input;
mod operation;
mod table;
pub(crate) mod values;

pub(crate) use answer::{Answer, AnswerHeader};
pub(crate) use document::Document;
pub(crate) use input::{Input, Inputs};
pub(crate) use operation::{Operation, Scheme, Tag};
pub(crate) use table::{Methods, Routes, routes};

use utoipa::ToSchema;
use utoipa::openapi::{Ref, RefOr, Schema};

/// Schemas by name.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// A reference to the schema of `T`, which goes to `schemas`.
fn named<T: ToSchema>(schemas: &mut Schemas) -> Ref {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(T::name())
}
