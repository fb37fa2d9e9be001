//! `/api/v1/admin/keys`: the signing keys, and moving them on.

use crate::app::App;
use crate::error::ApiError;
use crate::http::administrator::Administrator;
use crate::http::json::OptionalJson;
use crate::http::query::Query;
use crate::routes::api::page::{List, PageQuery};
use crate::routes::api::rfc3339;
use axum::extract::{Path, State};
use countersign_core::audit::Actor;
use countersign_core::key_ring::RingKey;
use countersign_core::ops::KeyRingChanged;
use countersign_core::store::{Cursor, CursorStanding, Page, Paged};
use countersign_jose::KeyId;
use serde::{Deserialize, Serialize};

/// A signing key, without its secret.
#[derive(Serialize)]
pub(crate) struct KeyView {
    kid: String,
    state: &'static str,
    purpose: &'static str,
    algorithm: &'static str,
    published_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_at: Option<String>,
}

/// What became of a key.
#[derive(Serialize)]
pub(crate) struct Moved {
    kid: String,
    state: &'static str,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateRequest {
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
    Path(kid): Path<String>,
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
