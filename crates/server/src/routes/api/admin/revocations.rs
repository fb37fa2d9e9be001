//! `POST /api/v1/admin/revocations`: takes something back by its id.

use super::keys::revoke_key;
use crate::app::App;
use crate::error::ApiError;
use crate::feed::Progress;
use crate::http::administrator::Administrator;
use crate::http::json::Json;
use crate::http::prefer::Wait;
use crate::limits::REASON_CHARACTERS_MAX;
use crate::openapi::values;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use countersign_core::audit::AuditEvent;
use countersign_core::client::ClientId;
use countersign_core::ops::{Revocable, Revoke, Revoked};
use countersign_core::revocation::Sequence;
use countersign_jose::KeyId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What is taken back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevocationRequest {
    kind: Kind,
    id: String,
    #[serde(default)]
    reason: Option<String>,
}

/// What there is to take back.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Session,
    Token,
    Client,
    Key,
}

/// Where it stands in the feed, and how far the verifiers are with it.
#[derive(Serialize, ToSchema)]
#[schema(as = RevocationPublished)]
struct Published {
    /// Its number in the feed.
    #[schema(minimum = 0)]
    sequence: u64,
    verifiers: Progress,
}

/// With `Prefer: wait=N` the answer waits, N seconds at most, until every connected verifier has applied it.
pub(crate) async fn revoke(
    State(app): State<App>,
    administrator: Administrator,
    wait: Wait,
    Json(request): Json<RevocationRequest>,
) -> Result<Response, ApiError> {
    let reason = request.reason.map(reason).transpose()?;
    let malformed = || ApiError::invalid_request("`id` is none of that kind");
    let what = match request.kind {
        Kind::Session => Revocable::Session(request.id.parse().map_err(|_| malformed())?),
        Kind::Token => Revocable::Token(request.id.parse().map_err(|_| malformed())?),
        Kind::Client => Revocable::Client(ClientId::parse(&request.id).map_err(|_| malformed())?),
        Kind::Key => {
            let kid = KeyId::new(&request.id).map_err(|_| malformed())?;
            let sequence = revoke_signing_key(&app, administrator, &kid, reason).await?;
            return Ok(answer(&app, sequence, wait).await);
        }
    };
    let revoke = Revoke { what, reason, actor: administrator.actor };
    match revoke.run(app.store(), app.policies(), &app.draw()).await? {
        Revoked::Published(sequence) => {
            tracing::info!(sequence = sequence.0, "revocation published by an administrator");
            Ok(answer(&app, sequence, wait).await)
        }
        Revoked::Unknown => Err(ApiError::not_found()),
        Revoked::BuiltIn => Err(ApiError::invalid_request("revoking the built-in client would lock everybody out")),
    }
}

/// What tells the reason is an event of its own: the ring's own events know nothing of it.
async fn revoke_signing_key(
    app: &App,
    administrator: Administrator,
    kid: &KeyId,
    reason: Option<String>,
) -> Result<Sequence, ApiError> {
    let now = app.source().now();
    administrator.must_be_recent(now)?;
    revoke_key(app, kid, administrator.actor.clone()).await?;
    if let Some(reason) = reason {
        let event = AuditEvent::new(now, "key.revocation_explained", administrator.actor);
        app.store().record(event.told(format!("{}: {reason}", kid.as_str()))).await?;
    }
    Ok(app.store().last_sequence().await?)
}

async fn answer(app: &App, sequence: Sequence, wait: Wait) -> Response {
    let verifiers = app.feed().progress(sequence, wait.duration(), app.source()).await;
    (StatusCode::CREATED, wait, axum::Json(Published { sequence: sequence.0, verifiers })).into_response()
}

fn reason(text: String) -> Result<String, ApiError> {
    let fits = (1..=REASON_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text)
    } else {
        Err(ApiError::invalid_request("`reason` must be 1 to 256 characters, none of control"))
    }
}

/// The kind tells what `id` is.
impl PartialSchema for RevocationRequest {
    fn schema() -> RefOr<Schema> {
        let what = [
            one::<values::Id>(&["session", "token"], "A session by its `sid`, a token by its `jti`."),
            one::<values::ClientId>(&["client"], "Every token that a client has, by its `client_id`."),
            one::<values::KeyIdText>(&["key"], "A signing key, by its `kid`: everything under it."),
        ];
        let what = what.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item);
        RefOr::T(what.description(Some("What is taken back.")).build().into())
    }
}

impl ToSchema for RevocationRequest {
    fn name() -> Cow<'static, str> {
        "Revocation".into()
    }
}

fn one<T: ToSchema>(kinds: &[&str], description: &str) -> Object {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    let reason = OneOfBuilder::new().item(Ref::from_schema_name(values::ReasonText::name())).item(null);
    ObjectBuilder::new()
        .property("kind", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(kinds.iter().copied())))
        .property("id", Ref::from_schema_name(T::name()))
        .property("reason", reason)
        .required("kind")
        .required("id")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .description(Some(description))
        .build()
}

pub(crate) mod docs {
    use super::Published;
    use crate::error::Kind;
    use crate::feed::Progress;
    use crate::http::prefer::Wait;
    use crate::openapi::{Answer, Operation, Tag, examples};
    use axum::http::StatusCode;
    use serde_json::json;

    pub(crate) fn revoke(operation: &mut Operation) {
        let published = Published { sequence: 42, verifiers: Progress { connected: 3, applied: 3, slowest_ms: 18 } };
        let lost = json!({ "kind": "session", "id": examples::SESSION, "reason": "the laptop was stolen" });
        operation
            .is(
                "revoke",
                Tag::Administration,
                "Take back a session, a token, a client or a key",
                "With `Prefer: wait=N` the answer waits, N seconds at most, until every connected verifier has applied \
                 it. A key needs a recent sign-in.",
            )
            .body_example(lost)
            .answers(
                Answer::json(StatusCode::CREATED, "Published, and how far the verifiers are with it.", &published)
                    .with(Wait::APPLIED),
            )
            .fails(&[Kind::NotFound, Kind::StaleAuthentication]);
    }
}
