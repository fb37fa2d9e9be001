//! `POST /oauth2/token` (RFC 6749 §3.2): one file a grant.

mod authorization_code;
mod client_credentials;
mod form;
mod refresh_token;
mod response;

use crate::app::App;
use crate::error::ApiError;
use crate::http::client_authentication::ClientRequest;
use crate::http::dpop;
use axum::extract::State;
use countersign_core::grant::GrantType;
use form::TokenForm;
use response::TokenResponse;

/// The client is authenticated before anything is said about the grant: nobody else learns which there are.
pub(crate) async fn token(
    State(app): State<App>,
    ClientRequest { client, form, origin, headers }: ClientRequest,
) -> Result<TokenResponse, ApiError> {
    let token = TokenForm::read(&form)?;
    if !client.kind.may_use(token.grant) {
        return Err(ApiError::unauthorized_client());
    }
    let proof = dpop::shown(&app, &headers, "POST", "/oauth2/token", None);
    let key = dpop::key_of(&proof).map_err(|error| error.with_nonce(dpop::next_nonce(&app)))?;
    match token.grant {
        GrantType::AuthorizationCode => authorization_code::exchange(&app, origin, client, &form, token, key).await,
        GrantType::RefreshToken => refresh_token::refresh(&app, origin, client, &form, token, proof).await,
        GrantType::ClientCredentials => client_credentials::issue(&app, origin.into(), client, token, key).await,
        _ => Err(ApiError::unsupported_grant_type()),
    }
}
