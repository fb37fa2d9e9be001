//! `POST /api/v1/accounts`: sign-up.

use crate::app::{App, SignUpPolicy};
use crate::error::ApiError;
use crate::http::json::Json;
use crate::http::{BrowserContext, RequestOrigin};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use countersign_core::account::{Login, Password, Roles};
use countersign_core::ops::{Origin, SignUp, SignedUp};
use countersign_jose::Secret;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUpRequest {
    login: String,
    password: Secret<String>,
}

#[derive(Serialize)]
struct Created {
    id: String,
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
