//! `GET /api/v1/me`, `PUT /api/v1/me/password`: one's own account.

use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::bearer::SignedIn;
use crate::http::json::Json;
use crate::routes::api::rfc3339;
use axum::extract::State;
use axum::response::Response;
use countersign_core::account::{Password, Roles};
use countersign_core::ops::{ChangePassword, PasswordChange};
use countersign_jose::Secret;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(crate) struct Me {
    id: String,
    login: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    roles: Roles,
    created_at: String,
}

pub(crate) async fn me(signed_in: SignedIn) -> axum::Json<Me> {
    let account = signed_in.who.account;
    axum::Json(Me {
        id: account.id.to_string(),
        login: account.login.as_str().to_owned(),
        email: account.email,
        roles: account.roles,
        created_at: rfc3339(account.created_at),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordRequest {
    current_password: Secret<String>,
    new_password: Secret<String>,
}

/// Every other session ends; this one goes on with new tokens. A wrong current password costs as a failed sign-in.
pub(crate) async fn change_password(
    State(app): State<App>,
    origin: RequestOrigin,
    signed_in: SignedIn,
    Json(request): Json<PasswordRequest>,
) -> Result<Response, ApiError> {
    let delivery = signed_in.delivery;
    signed_in.browser.permits_change(app.http(), false)?;
    let current = Password::typed(request.current_password.expose()).map_err(|_| ApiError::wrong_password())?;
    let new = Password::typed(request.new_password.expose()).map_err(|error| ApiError::password_refused(&error))?;
    let draw = app.draw();
    let key = signed_in.who.account.login.key();
    let permit = app.throttle().take(&key, origin.address, draw.now).map_err(ApiError::rate_limited)?;
    let change = ChangePassword { owner: signed_in.who, current, new, origin: origin.into() };
    let changed = change.run(app.store(), app.hashing(), app.storage_key(), app.policies(), &draw).await?;
    if !matches!(changed, PasswordChange::WrongPassword) {
        permit.give_back();
    }
    match changed {
        PasswordChange::Changed(Some(issue)) => {
            tracing::info!(session = %issue.claims.session, "password changed, other sessions ended");
            delivery.answer(&app, &issue, None).await
        }
        PasswordChange::Changed(None) => Err(ApiError::unavailable()),
        PasswordChange::WrongPassword => Err(ApiError::wrong_password()),
        PasswordChange::PasswordRefused(refused) => Err(ApiError::password_refused(&refused)),
        PasswordChange::Lost => Err(ApiError::invalid_token("the session changed meanwhile")),
    }
}
