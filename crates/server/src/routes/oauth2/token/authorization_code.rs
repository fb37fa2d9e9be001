//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5).

use super::form::TokenForm;
use super::response::TokenResponse;
use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::form::Form;
use countersign_core::client::Client;
use countersign_core::grant::AuthorizationCode;
use countersign_core::ops::{ExchangeCode, Exchanged};

pub(super) async fn exchange(
    app: &App,
    origin: RequestOrigin,
    client: Client,
    form: &Form,
    token: TokenForm,
    jkt: Option<String>,
) -> Result<TokenResponse, ApiError> {
    let code = form.get("code").ok_or_else(|| ApiError::invalid_request("`code` is missing"))?;
    if token.scope.is_some() {
        // It would be ignored (RFC 6749 §4.1.3 has none), and who sends it believes that it is not.
        return Err(ApiError::invalid_request("`scope` belongs in the authorization request"));
    }
    let exchange = ExchangeCode {
        client,
        code: AuthorizationCode::presented(code.to_owned()),
        redirect_uri: form.get("redirect_uri").map(str::to_owned),
        verifier: form.get("code_verifier").map(str::to_owned),
        resource: token.resource,
        jkt,
        origin: origin.into(),
    };
    let client = &exchange.client.id;
    match exchange.run(app.store(), app.policies(), &app.draw()).await? {
        Exchanged::Issued(issue, once) => {
            tracing::info!(session = %issue.claims.session, %client, "code exchanged");
            TokenResponse::of(app, &issue, None, once).await
        }
        Exchanged::Refused(why) => {
            tracing::info!(%client, %why, "code refused");
            Err(ApiError::code_refused())
        }
        Exchanged::InvalidTarget => Err(ApiError::invalid_target()),
    }
}
