//! `POST /api/v1/accounts`: sign-up.

use crate::app::{App, SignUpPolicy};
use crate::error::ApiError;
use crate::http::json::Json;
use crate::http::{BrowserContext, RequestOrigin};
use crate::openapi::values;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use countersign_core::account::{Login, Password, Roles};
use countersign_core::ops::{Origin, SignUp, SignedUp};
use countersign_jose::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUpRequest {
    #[schema(value_type = values::Login)]
    login: String,
    #[schema(value_type = values::Password)]
    password: Secret<String>,
}

/// The account that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountCreated)]
struct Created {
    #[schema(value_type = values::Id)]
    id: String,
    #[schema(value_type = values::Login)]
    login: String,
}

/// Refused unless the operator opened it.
pub(crate) async fn sign_up(
    State(app): State<App>,
    origin: RequestOrigin,
    browser: BrowserContext,
    Json(request): Json<SignUpRequest>,
) -> Result<Response, ApiError> {
    browser.permits_change(app.http(), false)?;
    if app.routes().sign_up == SignUpPolicy::Closed {
        return Err(ApiError::sign_up_closed());
    }
    let login = Login::parse(&request.login).map_err(|error| ApiError::invalid_login(&error))?;
    let password = Password::typed(request.password.expose()).map_err(|error| ApiError::password_refused(&error))?;
    let draw = app.draw();
    // Finding out which logins are taken costs what guessing passwords costs.
    let permit = app.throttle().take(&login.key(), origin.address, draw.now).map_err(ApiError::rate_limited)?;
    let sign_up = SignUp {
        login: login.clone(),
        email: None,
        name: None,
        roles: Roles::default(),
        password: Some(password),
        actor: Origin::from(origin).actor(),
    };
    match sign_up.run(app.store(), app.hashing(), app.storage_key(), app.policies(), &draw).await? {
        SignedUp::Created(id) => {
            permit.give_back();
            tracing::info!(account = %id, "account created");
            let created = Created { id: id.to_string(), login: login.as_str().to_owned() };
            Ok((StatusCode::CREATED, axum::Json(created)).into_response())
        }
        SignedUp::LoginTaken => Err(ApiError::login_taken()),
        SignedUp::PasswordRefused(refused) => Err(ApiError::password_refused(&refused)),
    }
}

pub(crate) mod docs {
    use super::Created;
    use crate::error::Kind;
    use crate::openapi::{Answer, Operation, Tag, examples};
    use axum::http::StatusCode;
    use serde_json::json;

    pub(crate) fn sign_up(operation: &mut Operation) {
        let created = Created { id: examples::ACCOUNT.to_owned(), login: examples::LOGIN.to_owned() };
        operation
            .is(
                "signUp",
                Tag::Accounts,
                "Sign up",
                "Makes an account without roles. Refused unless the operator set `accounts.sign_up` to `open`. An attempt \
                 that makes no account counts against the same limits as a failed sign-in.",
            )
            .body_example(json!({ "login": examples::LOGIN, "password": examples::PASSWORD }))
            .answers(Answer::json(StatusCode::CREATED, "The account was made.", &created))
            .fails(&[Kind::SignUpClosed, Kind::InvalidLogin, Kind::PasswordRefused, Kind::LoginTaken, Kind::RateLimited])
            .asks_storage();
    }
}
