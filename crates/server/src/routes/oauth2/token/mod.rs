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
