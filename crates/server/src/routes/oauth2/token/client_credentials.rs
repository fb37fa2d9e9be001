//! `grant_type=client_credentials` (RFC 6749 §4.4): no refresh token, since the client can ask again (§4.4.3).

use super::form::TokenForm;
use super::response::{TokenResponse, next_nonce, token_type};
use crate::app::App;
use crate::error::ApiError;
use countersign_core::client::Client;
use countersign_core::ops::{ClientCredentials, MachineToken, Origin};

pub(super) async fn issue(
    app: &App,
    origin: Origin,
    client: Client,
    form: TokenForm,
    jkt: Option<String>,
) -> Result<TokenResponse, ApiError> {
    let credentials =
        ClientCredentials { client, resource: form.resource, scope: form.scope.unwrap_or_default(), jkt, origin };
    match credentials.run(app.store(), app.policies(), &app.draw()).await? {
        MachineToken::Issued(claims) => {
            let token = app.sign_access(&claims).await?;
            tracing::info!(session = %claims.session, client = %claims.client, "token issued to a machine");
            Ok(TokenResponse {
                access_token: token.access_token,
                token_type: token_type(&claims),
                nonce: next_nonce(app, &claims),
                expires_in: token.expires_in,
                refresh_token: None,
                id_token: None,
                scope: claims.scope.to_string(),
            })
        }
        MachineToken::InvalidTarget => Err(ApiError::invalid_target()),
        MachineToken::InvalidClient => Err(ApiError::invalid_client()),
        MachineToken::Contended => Err(ApiError::unavailable()),
    }
}
