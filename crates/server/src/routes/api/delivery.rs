//! How tokens reach a client: in the answer's body, or in cookies that scripts can't read.

use crate::app::{App, TokenPair};
use crate::error::ApiError;
use crate::http::cookie::{CookieName, SetCookies};
use crate::openapi::{Answer, AnswerHeader, examples, values};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use countersign_core::ops::Issue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How tokens reach a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Delivery {
    /// In the body.
    #[default]
    Body,
    /// In cookies, and there only.
    Cookie,
}

/// RFC 6749 §5.1, and the session's id.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionTokens)]
struct TokenResponse<'a> {
    /// Left out where the tokens are in cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::CompactToken)]
    #[schema(required = false)]
    access_token: Option<&'a str>,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$")]
    token_type: &'static str,
    /// Seconds for which the access token holds, an hour at most.
    #[schema(minimum = 0, maximum = 3600)]
    expires_in: u64,
    /// Left out where the tokens are in cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = values::RefreshTokenText)]
    #[schema(required = false)]
    refresh_token: Option<&'a str>,
    /// What was granted.
    #[schema(value_type = values::ScopeList)]
    scope: String,
    #[schema(value_type = values::Id)]
    session_id: String,
}

impl Delivery {
    /// Signs what was issued and answers with it. `presented` is the refresh token that goes on where none is new.
    pub(crate) async fn answer(self, app: &App, issue: &Issue, presented: Option<&str>) -> Result<Response, ApiError> {
        let pair = app.sign(issue).await?;
        let refresh_token = pair.refresh_token.as_ref().map(|token| token.as_str()).or(presented);
        let body = |access_token, refresh_token| TokenResponse {
            access_token,
            token_type: "Bearer",
            expires_in: pair.expires_in,
            refresh_token,
            scope: issue.claims.scope.to_string(),
            session_id: issue.claims.session.to_string(),
        };
        Ok(match self {
            Self::Body => Json(body(Some(&pair.access_token), refresh_token)).into_response(),
            Self::Cookie => (cookies(app, issue, &pair, refresh_token), Json(body(None, None))).into_response(),
        })
    }
}

fn cookies(app: &App, issue: &Issue, pair: &TokenPair, refresh_token: Option<&str>) -> SetCookies {
    let lives = issue.refresh_expires_at.since(app.source().now()).as_seconds();
    let cookies = SetCookies::new(app.http()).set(CookieName::Access, &pair.access_token, pair.expires_in);
    match refresh_token {
        Some(token) => cookies.set(CookieName::Refresh, token, lives),
        None => cookies,
    }
}

/// The answer of those operations that give a session's tokens.
pub(crate) fn tokens(description: &str) -> Answer {
    let example = TokenResponse {
        access_token: Some(examples::ACCESS_TOKEN),
        token_type: "Bearer",
        expires_in: 600,
        refresh_token: Some(examples::REFRESH_TOKEN),
        scope: examples::SCOPE.to_owned(),
        session_id: examples::SESSION.to_owned(),
    };
    Answer::json(StatusCode::OK, description, &example).with(AnswerHeader::COOKIES)
}
