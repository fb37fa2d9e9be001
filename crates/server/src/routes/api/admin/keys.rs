//! `/api/v1/admin/keys`: the signing keys, and moving them on.

use crate::app::App;
use crate::error::ApiError;
use crate::http::administrator::Administrator;
use crate::http::json::OptionalJson;
use crate::http::path::Path;
use crate::http::query::Query;
use crate::openapi::values;
use crate::routes::api::page::{List, PageQuery};
use crate::routes::api::rfc3339;
use axum::extract::State;
use countersign_core::audit::Actor;
use countersign_core::key_ring::RingKey;
use countersign_core::ops::KeyRingChanged;
use countersign_core::store::{Cursor, CursorStanding, Page, Paged};
use countersign_jose::KeyId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A signing key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyView {
    #[schema(value_type = values::KeyIdText)]
    kid: String,
    #[schema(value_type = values::KeyStateCode)]
    state: &'static str,
    #[schema(value_type = values::KeyPurpose)]
    purpose: &'static str,
    #[schema(value_type = values::AlgorithmName)]
    algorithm: &'static str,
    #[schema(value_type = values::Moment)]
    published_at: String,
    /// Since when it signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::Moment, required = false)]
    activated_at: Option<String>,
    /// When it leaves the key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::Moment, required = false)]
    gone_at: Option<String>,
}

/// What became of a key.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyChange)]
pub(crate) struct Moved {
    #[schema(value_type = values::KeyIdText)]
    kid: String,
    #[schema(value_type = values::KeyStateCode)]
    state: &'static str,
}

/// When the next key is to sign.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyRotation)]
pub(crate) struct RotateRequest {
    /// At once, even if verifiers may not know it yet.
    #[serde(default)]
    now: bool,
}

/// In the order in which they were published.
pub(crate) async fn list(
    State(app): State<App>,
    _administrator: Administrator,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<KeyView>>, ApiError> {
    let mut keys = app.store().key_ring().await?.keys;
    keys.sort_by(|one, other| (one.published_at, one.id.as_str()).cmp(&(other.published_at, other.id.as_str())));
    List::of(page_of(keys, &query.page()?), |key| KeyView::of(&key)).map(axum::Json)
}

/// Lets the next key sign: once it has been published long enough, or at once.
pub(crate) async fn rotate(
    State(app): State<App>,
    administrator: Administrator,
    OptionalJson(request): OptionalJson<RotateRequest>,
) -> Result<axum::Json<Moved>, ApiError> {
    let at_once = request.unwrap_or_default().now;
    match app.key_care(administrator.actor).rotate(at_once).await? {
        KeyRingChanged::Rotated(id) => {
            app.follow_keys().await?;
            Ok(axum::Json(Moved { kid: id.as_str().to_owned(), state: "active" }))
        }
        KeyRingChanged::NotBefore(_, from) => {
            Err(ApiError::key_not_ready(format!("the next key can sign from {}, or with `now`", rfc3339(from))))
        }
        other => Err(unexpected(&other)),
    }
}

/// Refuses every token under a key, for ever; another signs at once.
pub(crate) async fn revoke(
    State(app): State<App>,
    administrator: Administrator,
    Path(kid): Path,
) -> Result<axum::Json<Moved>, ApiError> {
    administrator.must_be_recent(app.source().now())?;
    let kid = KeyId::new(&kid).map_err(|_| ApiError::not_found())?;
    revoke_key(&app, &kid, administrator.actor).await?;
    Ok(axum::Json(Moved { kid: kid.as_str().to_owned(), state: "revoked" }))
}

/// Revokes a key and takes up what the ring then is.
pub(super) async fn revoke_key(app: &App, kid: &KeyId, actor: Actor) -> Result<(), ApiError> {
    match app.key_care(actor).revoke(kid).await? {
        KeyRingChanged::Revoked(_) => {
            app.follow_keys().await?;
            tracing::info!(kid = kid.as_str(), "signing key revoked by an administrator");
            Ok(())
        }
        KeyRingChanged::Unknown => Err(ApiError::not_found()),
        other => Err(unexpected(&other)),
    }
}

impl KeyView {
    fn of(key: &RingKey) -> Self {
        Self {
            kid: key.id.as_str().to_owned(),
            state: key.state.code(),
            purpose: key.purpose.code(),
            algorithm: key.algorithm.as_str(),
            published_at: rfc3339(key.published_at),
            activated_at: key.activated_at.map(rfc3339),
            gone_at: key.gone_at.map(rfc3339),
        }
    }
}

/// A page of the ring, which storage gives whole: a cursor is the id of the last key that was given.
fn page_of(mut keys: Vec<RingKey>, page: &Page) -> Paged<RingKey> {
    if let Some(Cursor(after)) = page.after() {
        match keys.iter().position(|key| key.id.as_str() == after) {
            Some(at) => drop(keys.drain(..=at)),
            None => return Paged { items: Vec::new(), next: None, cursor: CursorStanding::Unknown },
        }
    }
    let more = keys.len() > usize::from(page.limit());
    keys.truncate(page.limit().into());
    let next = keys.last().filter(|_| more).map(|last| Cursor(last.id.as_str().to_owned()));
    Paged { items: keys, next, cursor: CursorStanding::Known }
}

fn unexpected(changed: &KeyRingChanged) -> ApiError {
    ApiError::internal(format!("the key ring answered something else than was asked: {changed:?}"))
}

pub(crate) mod docs {
    use super::{KeyView, Moved};
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag, examples, values};
    use crate::routes::api::page::one;
    use axum::http::StatusCode;
    use countersign_core::key_ring::{KeyState, Purpose};
    use countersign_jose::Algorithm;
    use serde_json::json;

    fn moved(state: KeyState) -> Moved {
        Moved { kid: examples::KEY.to_owned(), state: state.code() }
    }

    pub(crate) fn list(operation: &mut Operation) {
        let key = KeyView {
            kid: examples::KEY.to_owned(),
            state: KeyState::Active.code(),
            purpose: Purpose::AccessToken.code(),
            algorithm: Algorithm::Es256.as_str(),
            published_at: examples::TIME.to_owned(),
            activated_at: Some(examples::TIME.to_owned()),
            gone_at: None,
        };
        operation
            .is("listKeys", Tag::Administration, "List the signing keys", "In the order in which they were published.")
            .answers(Answer::json(StatusCode::OK, "The keys.", &one(key)));
    }

    pub(crate) fn rotate(operation: &mut Operation) {
        operation
            .is(
                "rotateKeys",
                Tag::Administration,
                "Let the next key sign",
                "Once it has been published long enough, or at once. The key before goes on to verify.",
            )
            .body_example(json!({ "now": false }))
            .answers(Answer::json(StatusCode::OK, "The key that signs now.", &moved(KeyState::Active)))
            .fails(&[Kind::KeyNotReady]);
    }

    pub(crate) fn revoke(operation: &mut Operation) {
        operation
            .is(
                "revokeKey",
                Tag::Administration,
                "Revoke a signing key",
                "Every token under it is refused, for ever; another key signs at once. Needs a recent sign-in.",
            )
            .path_parameter::<values::KeyIdText>("kid", "The key.", examples::KEY)
            .answers(Answer::json(StatusCode::OK, "Revoked.", &moved(KeyState::Revoked)))
            .fails(&[Kind::StaleAuthentication]);
    }
}
