//! `grant_type=refresh_token` (RFC 6749 §6): the same rule as the first-party API, for authenticated clients.

use super::form::TokenForm;
use super::response::TokenResponse;
use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use crate::http::form::Form;
use crate::refreshing::{Presented, refresh as judge};
use countersign_core::client::Client;
use countersign_core::session::Proof;
use countersign_core::token::OnceToldClaims;

pub(super) async fn refresh(
    app: &App,
    origin: RequestOrigin,
    client: Client,
    form: &Form,
    token: TokenForm,
    proof: Proof,
) -> Result<TokenResponse, ApiError> {
    let text = form.get("refresh_token").ok_or_else(|| ApiError::invalid_request("`refresh_token` is missing"))?;
    let presented = Presented {
        token: text,
        client: client.id,
        proof,
        retry: form.get("retry"),
        scope: token.scope,
        resource: token.resource,
        origin,
    };
    let issue = judge(app, presented).await?;
    TokenResponse::of(app, &issue, Some(text), OnceToldClaims::default()).await
}
