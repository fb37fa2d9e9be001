//! `POST /oauth2/revoke` (RFC 7009): a client gives back a token of its own. Every verifier hears of it.

use crate::app::App;
use crate::error::ApiError;
use crate::http::bearer::verify_whatever_for;
use crate::http::client_authentication::ClientRequest;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_core::TokenId;
use countersign_core::audit::AuditEvent;
use countersign_core::client::Client;
use countersign_core::ops::{Origin, Revocable, Revoke};
use countersign_core::session::{End, EndReason};
use countersign_core::store::{EndSessions, Which};
use countersign_core::token::REFRESH_TOKEN_PREFIX;

/// 200 for what is no token, or is over, too: the client has reached what it wanted (RFC 7009 §2.2). A refresh token
/// ends its session, with all its access tokens; an access token is refused alone (§2.1).
pub(crate) async fn revoke(
    State(app): State<App>,
    ClientRequest { client, form, origin, .. }: ClientRequest,
) -> Result<StatusCode, ApiError> {
    let token = form.get("token").ok_or_else(|| ApiError::invalid_request("`token` is missing"))?;
    // `token_type_hint` says nothing that the token does not: the two kinds look different.
    if token.starts_with(REFRESH_TOKEN_PREFIX) {
        refresh_token(&app, &client, token, &origin.into()).await?;
    } else {
        access_token(&app, &client, token, &origin.into()).await?;
    }
    Ok(StatusCode::OK)
}

/// Whatever its generation, if MAC and secret hold.
async fn refresh_token(app: &App, client: &Client, token: &str, origin: &Origin) -> Result<(), ApiError> {
    let Ok(opened) = app.ring().mac_keys.open(token) else { return Ok(()) };
    let Some(state) = app.store().session(opened.session).await? else { return Ok(()) };
    let session = state.session;
    if opened.secret.hash() != session.secret_hash {
        return Ok(());
    }
    if session.client != client.id {
        return Err(ApiError::unauthorized_client());
    }
    let now = app.source().now();
    let by = format!("request {} from {}", origin.request, origin.address);
    let audit = AuditEvent::new(now, "session.revoked", origin.actor()).of_session(session.id);
    let audit = AuditEvent { account: session.account, ..audit.at_client(client.id.clone()) };
    let end = End::by(EndReason::TokenRevoked, by);
    let ended = EndSessions { which: Which::One(session.id), end, audit: Some(audit), now };
    let ended = app.store().end_sessions(ended).await?;
    tracing::info!(session = %session.id, client = %client.id, ended = ended.sessions, "refresh token revoked");
    Ok(())
}

async fn access_token(app: &App, client: &Client, token: &str, origin: &Origin) -> Result<(), ApiError> {
    let Some((token, _)) = verify_whatever_for(app, token) else { return Ok(()) };
    let claims = token.claims();
    if claims.client_id != client.id.as_str() {
        return Err(ApiError::unauthorized_client());
    }
    let Ok(jti) = claims.jti.parse::<TokenId>() else { return Ok(()) };
    let revoke = Revoke { what: Revocable::Token(jti), reason: None, actor: origin.actor() };
    revoke.run(app.store(), app.policies(), &app.draw()).await?;
    tracing::info!(session = claims.sid, client = %client.id, "access token revoked");
    Ok(())
}
