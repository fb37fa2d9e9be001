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
            refresh_token: None,
            id_token: None,
            scope: FEED_READ.to_owned(),
            nonce: None,
        };
        operation
            .is(
                "token",
                Tag::OAuth,
                "Ask for tokens",
                "By an authorization code (RFC 6749 §4.1.3, with a code verifier), a refresh token (§6) or the client's own \
                 credentials (§4.4). Tokens are bound to the key of which a `DPoP` header holds a proof (RFC 9449). Failed \
                 authentications count against a limit of the address.",
            )
            .body::<TokenParameters>(FORM, Required::True, &Form::limits())
            .body_example(json!({ "grant_type": "client_credentials", "scope": FEED_READ }))
            .answers(Answer::json(StatusCode::OK, "The access token.", &response))
            .fails(&[
                Kind::UnsupportedGrantType,
                Kind::UnauthorizedClient,
                Kind::InvalidGrant,
                Kind::InvalidScope,
                Kind::InvalidTarget,
                Kind::InvalidDpopProof,
                Kind::UseDpopNonce,
            ]);
    }
}
