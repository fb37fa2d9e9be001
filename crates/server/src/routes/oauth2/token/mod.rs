//! `POST /oauth2/token` (RFC 6749 §3.2): one file a grant.

mod client_credentials;
mod form;
mod response;

use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::client_authentication::AuthenticatedClient;
use crate::http::form::Form;
use axum::extract::State;
use form::{GrantType, TokenForm};
use response::TokenResponse;

/// The client is authenticated before the form is read: nobody else learns which grants there are.
pub(crate) async fn token(
    State(app): State<App>,
    origin: RequestOrigin,
    AuthenticatedClient(client): AuthenticatedClient,
    form: Form,
) -> Result<TokenResponse, ApiError> {
    let form = TokenForm::read(&form, &client)?;
    match form.grant_type {
        GrantType::ClientCredentials => client_credentials::issue(&app, origin.into(), client, form).await,
    }
}

pub(crate) mod docs {
    use super::form::TokenParameters;
    use super::response::TokenResponse;
    use crate::error::Kind;
    use crate::http::form::{FORM, Form};
    use crate::openapi::{Answer, Operation, Tag, examples};
    use axum::http::StatusCode;
    use countersign_core::scope::FEED_READ;
    use serde_json::json;
    use utoipa::openapi::Required;

    pub(crate) fn token(operation: &mut Operation) {
        let response = TokenResponse {
            access_token: examples::ACCESS_TOKEN.to_owned(),
            token_type: "Bearer",
            expires_in: 600,
            scope: FEED_READ.to_owned(),
        };
        operation
            .is(
                "token",
                Tag::OAuth,
                "Ask for an access token",
                "The client credentials grant (RFC 6749 §4.4). There is no refresh token: a client can ask again. Failed \
                 authentications count against a limit of the address.",
            )
            .body::<TokenParameters>(FORM, Required::True, &Form::limits())
            .body_example(json!({ "grant_type": "client_credentials", "scope": FEED_READ }))
            .answers(Answer::json(StatusCode::OK, "The access token.", &response))
            .fails(&[Kind::UnsupportedGrantType, Kind::InvalidScope, Kind::InvalidTarget]);
    }
}
