//! One operation while it is described: what its arguments read, what it answers, how it fails.

use super::failure::{self, Failure};
use super::{Answer, Schemas, named};
use crate::error::{Form, Kind};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::{
    Components, ContentBuilder, HttpMethod, Ref, RefOr, Required, Response, SecurityRequirement,
    path::Operation as Described,
};
use utoipa::{IntoParams, ToSchema};

/// What is known of an operation so far.
pub(crate) struct Operation {
    path: &'static str,
    changes_state: bool,
    told: OperationBuilder,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    securities: Vec<SecurityRequirement>,
    responses: BTreeMap<String, Response>,
    failures: BTreeSet<Kind>,
    schemas: Schemas,
}

/// What operations are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Accounts,
    Sessions,
    Administration,
    OAuth,
    Revocations,
    Discovery,
    Health,
}

/// What a caller can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    AccessCookie,
    RefreshCookie,
    ClientSecretBasic,
}

impl Operation {
    pub(super) fn new(path: &'static str, method: &HttpMethod) -> Self {
        let mut operation = Self {
            path,
            changes_state: !matches!(method, HttpMethod::Get),
            told: OperationBuilder::new(),
            parameters: Vec::new(),
            body: None,
            securities: Vec::new(),
            responses: BTreeMap::new(),
            failures: BTreeSet::new(),
            schemas: Schemas::new(),
        };
        // The edge refuses these before any route is asked.
        operation.fails(&[Kind::HeaderFieldsTooLarge, Kind::TargetTooLong]);
        operation
    }

    /// What it is: its id, its group, a line and a paragraph.
    pub(crate) fn is(&mut self, id: &str, tag: Tag, summary: &str, description: &str) -> &mut Self {
        let told = std::mem::take(&mut self.told);
        self.told = told.operation_id(Some(id)).tag(tag.name()).summary(Some(summary)).description(Some(description));
        self
    }

    /// An answer where it went well.
    pub(crate) fn answers(&mut self, mut answer: Answer) -> &mut Self {
        self.schemas.append(&mut answer.schemas);
        self.responses.insert(answer.status.as_str().to_owned(), answer.build());
        self
    }

    /// Failures that the handler itself adds to those of its arguments.
    pub(crate) fn fails(&mut self, kinds: &[Kind]) -> &mut Self {
        self.failures.extend(kinds);
        self
    }

    /// It asks storage, which may fail.
    pub(crate) fn asks_storage(&mut self) -> &mut Self {
        self.fails(&[Kind::Internal, Kind::Overloaded, Kind::Unavailable])
    }

    /// A request that changes state must not come from another site.
    pub(crate) fn may_be_cross_site(&mut self) -> &mut Self {
        if self.changes_state { self.fails(&[Kind::CrossSite]) } else { self }
    }

    /// One way to show who is asking, and the roles or scopes that it takes.
    pub(crate) fn takes(&mut self, scheme: Scheme, roles: &[&str]) -> &mut Self {
        self.securities.push(SecurityRequirement::new(scheme.name(), roles.iter().copied()));
        self
    }

    /// The ways so far, with these roles.
    pub(crate) fn takes_role(&mut self, role: &str) -> &mut Self {
        self.securities.clear();
        self.takes(Scheme::Bearer, &[role]).takes(Scheme::AccessCookie, &[role])
    }

    /// It can be asked without any of them.
    pub(crate) fn takes_nothing(&mut self) -> &mut Self {
        self.securities.push(SecurityRequirement::default());
        self
    }

    /// The part of the path that is called `name`.
    pub(crate) fn path_parameter<T: ToSchema>(&mut self, name: &str, description: &str, example: &str) -> &mut Self {
        let parameter = self.parameter::<T>(ParameterIn::Path, name, description, example);
        self.parameters.push(parameter.required(Required::True).build());
        self
    }

    /// A header that may be sent.
    pub(crate) fn header<T: ToSchema>(&mut self, name: &str, description: &str, example: &str) -> &mut Self {
        let parameter = self.parameter::<T>(ParameterIn::Header, name, description, example);
        self.parameters.push(parameter.build());
        self
    }

    /// The query.
    pub(crate) fn query<T: IntoParams>(&mut self) -> &mut Self {
        self.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        self
    }

    /// A body of this media type.
    pub(crate) fn body<T: ToSchema>(&mut self, media_type: &str, required: Required, limits: &str) -> &mut Self {
        let schema = named::<T>(&mut self.schemas);
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new().description(Some(limits)).required(Some(required));
        self.body = Some(body.content(media_type, content).build());
        self
    }

    /// A body as it may look.
    pub(crate) fn body_example(&mut self, example: serde_json::Value) -> &mut Self {
        let content = self.body.as_mut().and_then(|body| body.content.values_mut().next());
        if let Some(RefOr::T(content)) = content {
            content.example = Some(example);
        }
        self
    }

    fn parameter<T: ToSchema>(
        &mut self,
        place: ParameterIn,
        name: &str,
        description: &str,
        example: &str,
    ) -> ParameterBuilder {
        let schema = named::<T>(&mut self.schemas);
        let parameter = ParameterBuilder::new().name(name).parameter_in(place).description(Some(description));
        parameter.schema(Some(schema)).example(Some(example.into()))
    }

    /// The operation, and the components that it refers to.
    pub(super) fn build(self, components: &mut Components) -> Described {
        let mut schemas = self.schemas;
        let form = Form::of(self.path);
        let failures = failure::responses(&self.failures, form, &mut schemas);
        let mut told = self.told.parameters((!self.parameters.is_empty()).then_some(self.parameters));
        told = told.request_body(self.body).securities(Some(self.securities));
        for Failure { status, name, response } in failures {
            told = told.response(status, Ref::from_response_name(&name));
            components.responses.insert(name, response.into());
        }
        for (status, response) in self.responses {
            told = told.response(status, response);
        }
        components.schemas.extend(schemas);
        told.build()
    }
}

impl Tag {
    pub(super) const ALL: [(Self, &str); 7] = [
        (Self::Accounts, "One's own account."),
        (
            Self::Sessions,
            "Signing in, keeping the session alive, ending it. The first-party API acts as the built-in client.",
        ),
        (Self::Administration, "What the role `admin` may do."),
        (Self::OAuth, "OAuth 2.1. Errors are those of RFC 6749 §5.2; token cookies are never read."),
        (Self::Revocations, "The revocation feed, for verifiers."),
        (Self::Discovery, "What exists, and the keys. Cacheable."),
        (Self::Health, "For those who operate the server."),
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Sessions => "sessions",
            Self::Administration => "administration",
            Self::OAuth => "oauth2",
            Self::Revocations => "revocations",
            Self::Discovery => "discovery",
            Self::Health => "health",
        }
    }
}

impl Scheme {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::AccessCookie => "access_cookie",
            Self::RefreshCookie => "refresh_cookie",
            Self::ClientSecretBasic => "client_secret_basic",
        }
    }
}
