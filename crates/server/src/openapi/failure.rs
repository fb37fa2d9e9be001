//! How an operation fails: made of the rows of the error table and of the very bodies that are answered.

use super::answer::{AnswerHeader, REQUEST_ID};
use super::{Schemas, named};
use crate::error::{Form, Kind, OAuthBody, ProblemDocument};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema, example::ExampleBuilder};

const RETRY_AFTER: AnswerHeader = AnswerHeader {
    name: "retry-after",
    description: "Seconds after which it is worth asking again (RFC 9110 §10.2.3).",
    example: "1",
    always: true,
};

/// A response that many operations refer to.
pub(super) struct Failure {
    pub(super) status: String,
    /// Its name among the components: the same kinds are the same response.
    pub(super) name: String,
    pub(super) response: Response,
}

/// The responses of these kinds of failure, one a status.
pub(super) fn responses(kinds: &BTreeSet<Kind>, form: Form, schemas: &mut Schemas) -> Vec<Failure> {
    let mut by_status: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        by_status.entry(kind.status(form).as_str().to_owned()).or_default().push(*kind);
    }
    let failures = by_status.into_iter().map(|(status, kinds)| {
        let codes: Vec<_> = kinds.iter().map(|kind| kind.row_code()).collect();
        let form_name = match form {
            Form::Problem | Form::Page => "problem",
            Form::OAuth => "oauth",
        };
        let name = format!("{form_name}.{status}.{}", codes.join("."));
        Failure { status, name, response: response(&kinds, form, schemas) }
    });
    failures.collect()
}

fn response(kinds: &[Kind], form: Form, schemas: &mut Schemas) -> Response {
    let lines: Vec<_> = kinds.iter().map(|kind| format!("`{}`: {}.", kind.code(form), kind.title())).collect();
    let examples = kinds.iter().map(|kind| {
        let example = ExampleBuilder::new().summary(kind.title()).value(Some(kind.example(form))).build();
        (kind.row_code(), RefOr::T(example))
    });
    let content = ContentBuilder::new().schema(Some(schema(kinds, form, schemas))).examples_from_iter(examples);
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n"))
        .header_ref(REQUEST_ID, Ref::new(format!("#/components/headers/{REQUEST_ID}")))
        .content(form.media_type(), content.build());
    let challenges: Vec<_> = kinds.iter().filter_map(|kind| kind.challenge(form)).collect();
    if let Some(example) = challenges.first() {
        let header = AnswerHeader {
            name: "www-authenticate",
            description: "The scheme by which to authenticate, and what was wrong (RFC 9110 §11.6.1, RFC 6750 §3, \
                RFC 9470 §3).",
            example,
            always: challenges.len() == kinds.len(),
        };
        response = response.header(header.name, header.header());
    }
    if kinds.iter().any(|kind| kind.says_when_to_retry()) {
        response = response.header(RETRY_AFTER.name, RETRY_AFTER.header());
    }
    response.build()
}

/// The body of the form, with the codes that it can have here.
fn schema(kinds: &[Kind], form: Form, schemas: &mut Schemas) -> Schema {
    let codes: BTreeSet<_> = kinds.iter().map(|kind| kind.code(form)).collect();
    let codes = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes));
    let narrowed = ObjectBuilder::new();
    let (general, narrowed) = match form {
        Form::Problem | Form::Page => {
            let status = kinds.first().map(|kind| Value::from(kind.status(form).as_u16()));
            let status = ObjectBuilder::new().schema_type(Type::Integer).enum_values(status.map(|status| [status]));
            (named::<ProblemDocument<'_>>(schemas), narrowed.property("code", codes).property("status", status))
        }
        Form::OAuth => (named::<OAuthBody>(schemas), narrowed.property("error", codes)),
    };
    AllOfBuilder::new().item(general).item(narrowed).build().into()
}
