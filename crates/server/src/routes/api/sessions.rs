//! `/api/v1/sessions`: one's own sessions, and ending them.

use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::bearer::SignedIn;
use crate::http::cookie::{CookieName, SetCookies};
use crate::http::query::Query;
use crate::routes::api::page::{List, PageQuery};
use crate::routes::api::rfc3339;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use countersign_core::SessionId;
use countersign_core::ops::{EndOwnSessions, Others};
use countersign_core::session::{Ended, Session};
use countersign_core::store::SessionFilter;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct SessionView {
    id: String,
    client_id: String,
    label: Option<String>,
    address: Option<String>,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    current: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<EndView>,
}

#[derive(Serialize)]
struct EndView {
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    at: String,
}

/// Live and ended sessions, the newest first: "why was I signed out" has its answer here.
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<SessionView>>, ApiError> {
    let filter = SessionFilter { account: Some(signed_in.who.account.id), ..SessionFilter::default() };
    let found = app.store().sessions(filter, query.page()?).await?;
    let current = signed_in.who.session.id;
    List::of(found, |session| SessionView::of(session, current)).map(axum::Json)
}

/// Ends one of one's own sessions; somebody else's is not found. The current one may be it.
pub(crate) async fn end_one(
    State(app): State<App>,
    origin: RequestOrigin,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    signed_in.browser.permits_change(app.http(), false)?;
    let id: SessionId = id.parse().map_err(|_| ApiError::not_found())?;
    let account = signed_in.who.account.id;
    let found = app.store().session(id).await?.filter(|state| state.session.account == Some(account));
    let ended = found.ok_or_else(ApiError::not_found)?.session.id;
    let current = signed_in.who.session.id;
    let ending = EndOwnSessions { account, current, others: Others::One(ended), origin: origin.into() };
    ending.run(app.store(), &app.draw()).await?;
    tracing::info!(session = %ended, "session ended by its owner");
    if ended != current {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let cleared = SetCookies::new(app.http()).clear(CookieName::Access).clear(CookieName::Refresh);
    Ok((cleared, StatusCode::NO_CONTENT).into_response())
}

/// Ends all of one's own sessions but the current one.
pub(crate) async fn end_others(
    State(app): State<App>,
    origin: RequestOrigin,
    signed_in: SignedIn,
) -> Result<StatusCode, ApiError> {
    signed_in.browser.permits_change(app.http(), false)?;
    let (account, current) = (signed_in.who.account.id, signed_in.who.session.id);
    let ending = EndOwnSessions { account, current, others: Others::All, origin: origin.into() };
    let ended = ending.run(app.store(), &app.draw()).await?;
    tracing::info!(session = %current, ended = ended.sessions, "other sessions ended by their owner");
    Ok(StatusCode::NO_CONTENT)
}

impl SessionView {
    fn of(session: Session, current: SessionId) -> Self {
        let ended_at = session.ended.as_ref().map(|ended| rfc3339(ended.at));
        Self {
            id: session.id.to_string(),
            client_id: session.client.to_string(),
            current: session.id == current,
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.last_used_at()),
            expires_at: rfc3339(session.idle_expires_at.min(session.absolute_expires_at)),
            address: session.address.map(|address| address.to_string()),
            label: session.label,
            ended_at,
            end: session.ended.map(EndView::of),
        }
    }
}

impl EndView {
    fn of(ended: Ended) -> Self {
        Self { reason: ended.end.reason.code(), by: ended.end.by, at: rfc3339(ended.at) }
    }
}
