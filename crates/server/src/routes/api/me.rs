//! `GET /api/v1/me`, `PUT /api/v1/me/password`: one's own account.

use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::bearer::SignedIn;
use crate::http::json::Json;
use crate::openapi::values;
use crate::routes::api::rfc3339;
use axum::extract::State;
use axum::response::Response;
use countersign_core::account::{Password, Roles};
use countersign_core::ops::{ChangePassword, PasswordChange};
use countersign_jose::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One's own account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct Me {
    #[schema(value_type = values::Id)]
    id: String,
    #[schema(value_type = values::Login)]
    login: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<String>,
    #[schema(value_type = values::RoleNames)]
    roles: Roles,
    #[schema(value_type = values::Moment)]
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

/// The password before and the one from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordRequest {
    #[schema(value_type = values::Password)]
    current_password: Secret<String>,
    #[schema(value_type = values::Password)]
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

pub(crate) mod docs {
    use super::Me;
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag, examples};
    use crate::routes::api::delivery;
    use axum::http::StatusCode;
    use countersign_core::account::Roles;
    use serde_json::json;

    pub(crate) fn me(operation: &mut Operation) {
        let me = Me {
            id: examples::ACCOUNT.to_owned(),
            login: examples::LOGIN.to_owned(),
            email: Some("ana@example.com".to_owned()),
            roles: Roles::default(),
            created_at: examples::TIME.to_owned(),
        };
        operation
            .is("me", Tag::Accounts, "Show one's own account", "The account whose session the token belongs to.")
            .answers(Answer::json(StatusCode::OK, "The account.", &me));
    }

    pub(crate) fn change_password(operation: &mut Operation) {
        let passwords = json!({ "current_password": examples::PASSWORD, "new_password": "four otters on a slow raft" });
        operation
            .is(
                "changePassword",
                Tag::Accounts,
                "Change one's password",
                "Ends every other session of the account; this one goes on with the tokens of the answer. A wrong current \
                 password counts as a failed sign-in.",
            )
            .body_example(passwords)
            .answers(delivery::tokens("Changed."))
            .fails(&[Kind::WrongPassword, Kind::PasswordRefused, Kind::RateLimited])
            .may_be_cross_site();
    }
}
