//! `POST /api/v1/sign-in`: credentials for tokens.

use crate::app::App;
use crate::error::ApiError;
use crate::http::json::Json;
use crate::http::{BrowserContext, RequestOrigin};
use crate::openapi::values;
use crate::routes::api::delivery::Delivery;
use axum::extract::State;
use axum::response::Response;
use countersign_core::account::{Login, Password};
use countersign_core::ops::{NotSignedIn, SignIn, SignedIn};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_jose::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

/// Who signs in, and what the tokens are to be for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInRequest {
    #[schema(value_type = values::Login)]
    login: String,
    #[schema(value_type = values::Password)]
    password: Secret<String>,
    /// How the tokens reach the client.
    #[serde(default)]
    delivery: Delivery,
    /// The resource server that the access token is for; the issuer itself where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<values::ResourceUriText>)]
    audience: Option<String>,
    /// What the access token may be used for; what the account may not have is left out of the grant.
    #[serde(default)]
    #[schema(value_type = Option<values::ScopeList>)]
    scope: Option<String>,
}

pub(crate) async fn sign_in(
    State(app): State<App>,
    origin: RequestOrigin,
    browser: BrowserContext,
    Json(request): Json<SignInRequest>,
) -> Result<Response, ApiError> {
    let signed_in = attempt(&app, origin, &browser, request).await;
    app.metrics().sign_ins.count(&signed_in);
    signed_in
}

/// Only failed sign-ins cost; they are paid for in advance, and the price is given back on success.
async fn attempt(
    app: &App,
    origin: RequestOrigin,
    browser: &BrowserContext,
    request: SignInRequest,
) -> Result<Response, ApiError> {
    browser.permits_change(app.http(), request.delivery == Delivery::Cookie)?;
    let resource = request.audience.as_deref().map(ResourceUri::parse).transpose();
    let resource = resource.map_err(|_| ApiError::invalid_target())?;
    let scope = ScopeSet::parse(request.scope.as_deref().unwrap_or_default());
    let scope = scope.map_err(|error| ApiError::invalid_scope(&error))?;
    let password = Password::typed(request.password.expose()).map_err(|_| ApiError::invalid_credentials())?;
    let draw = app.draw();
    let key = Login::parse(&request.login).map_or_else(|_| request.login.clone(), |login| login.key());
    let permit = app.throttle().take(&key, origin.address, draw.now).map_err(ApiError::rate_limited)?;
    let sign_in =
        SignIn { login: request.login, password, resource, scope, label: browser.label(), origin: origin.into() };
    let signed_in = sign_in.run(app.store(), app.hashing(), app.storage_key(), app.policies(), &draw).await?;
    match signed_in {
        SignedIn::Issued(issue) => {
            permit.give_back();
            tracing::info!(session = %issue.claims.session, "signed in");
            request.delivery.answer(app, &issue, None).await
        }
        SignedIn::Refused(NotSignedIn::WrongCredentials) => Err(ApiError::invalid_credentials()),
        SignedIn::Refused(NotSignedIn::InvalidTarget) => {
            permit.give_back();
            Err(ApiError::invalid_target())
        }
    }
}

pub(crate) mod docs {
    use crate::error::Kind;
    use crate::openapi::{Operation, Tag, examples};
    use crate::routes::api::delivery;
    use serde_json::json;

    pub(crate) fn sign_in(operation: &mut Operation) {
        operation
            .is(
                "signIn",
                Tag::Sessions,
                "Sign in",
                "Trades a login and a password for tokens, and begins a session. Only failed attempts count against the \
                 limits, each against its account, its address and its network. Beyond 100 live sessions of an account \
                 the least recently refreshed ends.",
            )
            .body_example(json!({ "login": examples::LOGIN, "password": examples::PASSWORD, "delivery": "body" }))
            .answers(delivery::tokens("Signed in."))
            .fails(&[Kind::InvalidCredentials, Kind::InvalidScope, Kind::InvalidTarget, Kind::RateLimited])
            .asks_storage();
    }
}
