//! `/api/v1/sessions`: one's own sessions, and ending them.

use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::bearer::SignedIn;
use crate::http::cookie::{CookieName, SetCookies};
use crate::http::path::Path;
use crate::http::query::Query;
use crate::openapi::values;
use crate::routes::api::page::{List, PageQuery};
use crate::routes::api::rfc3339;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use countersign_core::SessionId;
use countersign_core::ops::{EndOwnSessions, Others};
use countersign_core::session::{Ended, Session};
use countersign_core::store::SessionFilter;
use serde::Serialize;
use utoipa::ToSchema;

/// A session, live or ended.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    #[schema(value_type = values::Id)]
    id: String,
    #[schema(value_type = values::ClientId)]
    client_id: String,
    /// What the browser or program called itself at sign-in.
    #[schema(required = true)]
    label: Option<String>,
    /// From where it was opened, an IP address.
    #[schema(required = true)]
    address: Option<String>,
    #[schema(value_type = values::Moment)]
    created_at: String,
    #[schema(value_type = values::Moment)]
    last_used_at: String,
    #[schema(value_type = values::Moment)]
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::Moment, required = false)]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = EndView, required = false)]
    end: Option<EndView>,
}

/// Why a session ended.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionEnd)]
struct EndView {
    #[schema(value_type = values::EndReasonCode)]
    reason: &'static str,
    /// Who ended it, where it was somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by: Option<String>,
    #[schema(value_type = values::Moment)]
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
    Path(id): Path,
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

pub(crate) mod docs {
    use super::SessionView;
    use crate::openapi::{Answer, AnswerHeader, Operation, Tag, examples, values};
    use crate::routes::api::page::one;
    use axum::http::StatusCode;
    use countersign_core::client::ClientId;

    pub(crate) fn list(operation: &mut Operation) {
        let session = SessionView {
            id: examples::SESSION.to_owned(),
            client_id: ClientId::FIRST_PARTY.to_owned(),
            label: Some("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0".to_owned()),
            address: Some("203.0.113.7".to_owned()),
            created_at: examples::TIME.to_owned(),
            last_used_at: examples::TIME.to_owned(),
            expires_at: examples::LATER.to_owned(),
            current: true,
            ended_at: None,
            end: None,
        };
        operation
            .is(
                "listSessions",
                Tag::Sessions,
                "List one's own sessions",
                "Live and ended ones, the newest first: why somebody was signed out has its answer here.",
            )
            .answers(Answer::json(StatusCode::OK, "The sessions.", &one(session)));
    }

    pub(crate) fn end_one(operation: &mut Operation) {
        operation
            .is(
                "endSession",
                Tag::Sessions,
                "End one of one's own sessions",
                "The current one may be it. Somebody else's is not found.",
            )
            .path_parameter::<values::Id>("id", "The session.", examples::SESSION)
            .answers(Answer::empty(StatusCode::NO_CONTENT, "Ended, now or before.").with(AnswerHeader::COOKIES))
            .may_be_cross_site();
    }

    pub(crate) fn end_others(operation: &mut Operation) {
        operation
            .is("endOtherSessions", Tag::Sessions, "End all other sessions", "All of one's own but the current one.")
            .answers(Answer::empty(StatusCode::NO_CONTENT, "Ended."))
            .may_be_cross_site();
    }
}
