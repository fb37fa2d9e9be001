//! One answer of an operation. Its example is a value of the type that is answered, so that it can't be of another form.

use super::{Schemas, named};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Header, Ref, Response, ResponseBuilder};

/// One answer.
pub(crate) struct Answer {
    pub(super) status: StatusCode,
    response: ResponseBuilder,
    pub(super) schemas: Schemas,
}

/// A header of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerHeader {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) example: &'static str,
    /// Whether every such answer has it.
    pub(crate) always: bool,
}

pub(super) const REQUEST_ID: &str = "x-request-id";

const JSON: &str = "application/json";

impl AnswerHeader {
    /// The token cookies.
    pub(crate) const COOKIES: Self = Self {
        name: "set-cookie",
        description: "With delivery by cookie: the access and the refresh token, each in a header of its own, \
            `HttpOnly`, `SameSite=Lax`, and `Secure` with the prefix `__Host-` where the issuer is https. An empty one \
            with `Max-Age=0` takes a cookie back.",
        example: "countersign=eyJ0eXAiOiJhdCtqd3QifQ.e30.c2ln; Path=/; Max-Age=600; HttpOnly; SameSite=Lax",
        always: false,
    };
    /// How long it may be kept.
    pub(crate) const CACHED: Self = Self {
        name: "cache-control",
        description: "How long the answer may be kept, in seconds.",
        example: "public, max-age=600",
        always: true,
    };

    pub(super) fn header(self) -> Header {
        // utoipa has no member for it; an extension is written as it is named.
        let required = self.always.then(|| [("required", true)].into_iter().collect());
        HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .description(Some(self.description))
            .example(Some(self.example.into()))
            .extensions(required)
            .build()
    }
}

impl Answer {
    /// `example` as JSON.
    pub(crate) fn json<T: ToSchema + Serialize>(status: StatusCode, description: &str, example: &T) -> Self {
        let mut answer = Self::empty(status, description);
        let content = ContentBuilder::new()
            .schema(Some(named::<T>(&mut answer.schemas)))
            .example(serde_json::to_value(example).ok())
            .build();
        answer.response = answer.response.content(JSON, content);
        answer
    }

    /// No body.
    pub(crate) fn empty(status: StatusCode, description: &str) -> Self {
        let response = ResponseBuilder::new()
            .description(description)
            .header_ref(REQUEST_ID, Ref::new(format!("#/components/headers/{REQUEST_ID}")));
        Self { status, response, schemas: Schemas::new() }
    }

    /// A stream of another media type, beside what there is. OpenAPI 3.1 has no schema for the parts of a stream.
    pub(crate) fn or_stream(mut self, media_type: &str, example: &str) -> Self {
        let content = ContentBuilder::new().example(Some(example.into())).build();
        self.response = self.response.content(media_type, content);
        self
    }

    /// JSON that is told as a schema alone.
    pub(crate) fn json_of(
        status: StatusCode,
        description: &str,
        schema: ObjectBuilder,
        example: serde_json::Value,
    ) -> Self {
        let mut answer = Self::empty(status, description);
        let content = ContentBuilder::new().schema(Some(schema.build())).example(Some(example)).build();
        answer.response = answer.response.content(JSON, content);
        answer
    }

    /// With this header.
    pub(crate) fn with(mut self, header: AnswerHeader) -> Self {
        self.response = self.response.header(header.name, header.header());
        self
    }

    pub(super) fn build(self) -> Response {
        self.response.build()
    }
}
