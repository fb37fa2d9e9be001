//! `GET /api/openapi.json`: the description of the API.

use crate::app::App;
use crate::openapi::{AnswerHeader, Document, Input, Operation, values};
use axum::Extension;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;

/// The entity tags that a client has (RFC 9110 §13.1.2).
pub(crate) struct IfNoneMatch(Vec<HeaderValue>);

// It changes when the server does: with an hour's cache a client is soon up to date.
const CACHED: &str = "public, max-age=3600";

/// Says 304 to whoever has it.
pub(crate) async fn document(
    State(app): State<App>,
    Extension(document): Extension<Document>,
    known: IfNoneMatch,
) -> Response {
    let document = document.rendered(&app);
    let headers = [(CACHE_CONTROL, CACHED), (ETAG, document.etag.as_str())];
    if known.has(&document.etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, "application/json")], document.body.clone()).into_response()
}

impl IfNoneMatch {
    /// Whether `etag` is among them, compared weakly (RFC 9110 §8.8.3.2).
    fn has(&self, etag: &str) -> bool {
        let values = self.0.iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(IF_NONE_MATCH).into_iter().cloned().collect()))
    }
}

impl Input for IfNoneMatch {
    fn describe(operation: &mut Operation) {
        let text = "Entity tags of what the client has; with one that still holds the answer is 304.";
        operation.header::<values::EntityTags>(IF_NONE_MATCH.as_str(), text, ETAG_HEADER.example);
    }
}

impl Input for Extension<Document> {
    fn describe(_: &mut Operation) {}
}

const ETAG_HEADER: AnswerHeader = AnswerHeader {
    name: "etag",
    description: "Of the document (RFC 9110 §8.8.3).",
    example: "\"c29tZSByYW5kb20gYnl0ZQ\"",
    always: true,
};

pub(crate) mod docs {
    use super::{CACHED, ETAG_HEADER};
    use crate::openapi::{Answer, AnswerHeader, Operation, Tag};
    use axum::http::StatusCode;
    use serde_json::json;
    use utoipa::openapi::schema::ObjectBuilder;

    pub(crate) fn document(operation: &mut Operation) {
        let schema = ["openapi", "info", "paths"].into_iter().fold(ObjectBuilder::new(), ObjectBuilder::required);
        let example = json!({ "openapi": "3.1.0", "info": { "title": "Countersign", "version": "0" }, "paths": {} });
        let cached = AnswerHeader { example: CACHED, ..AnswerHeader::CACHED };
        let whole = Answer::json_of(StatusCode::OK, "An OpenAPI document.", schema, example);
        let same = Answer::empty(StatusCode::NOT_MODIFIED, "The client has it.");
        operation
            .is("readOpenapi", Tag::Discovery, "Read this document", "OpenAPI 3.1, generated from the routes.")
            .answers(whole.with(ETAG_HEADER).with(cached))
            .answers(same.with(ETAG_HEADER).with(cached));
    }
}
