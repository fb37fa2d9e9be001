//! `POST /oauth2/introspect` (RFC 7662): whether a token is good, for who may know.

use crate::app::App;
use crate::error::ApiError;
use crate::http::bearer::verify_whatever_for;
use crate::http::client_authentication::ClientRequest;
use axum::Json;
use axum::extract::State;
use countersign_core::client::{Client, ClientAuthentication};
use countersign_core::ops::standing;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::FEED_READ;
use countersign_core::token::REFRESH_TOKEN_PREFIX;
use countersign_core::{SessionId, TokenId};
use serde::Serialize;
use serde_json::{Value, json};

/// RFC 7662 §2.2. What is not active says nothing else, not even why.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Introspection {
    Active(Value),
    Inactive { active: bool },
}

const INACTIVE: Introspection = Introspection::Inactive { active: false };

/// Any token that may not be shown to the client is as inactive as one that does not exist (RFC 7662 §2.2).
pub(crate) async fn introspect(
    State(app): State<App>,
    ClientRequest { client, form, .. }: ClientRequest,
) -> Result<Json<Introspection>, ApiError> {
    if client.authentication == ClientAuthentication::Public {
        // RFC 7662 §2.1: or anybody could find out which tokens are good.
        return Err(ApiError::unauthorized_client());
    }
    let token = form.get("token").ok_or_else(|| ApiError::invalid_request("`token` is missing"))?;
    let found = if token.starts_with(REFRESH_TOKEN_PREFIX) {
        refresh_token(&app, &client, token).await?
    } else {
        access_token(&app, &client, token).await?
    };
    Ok(Json(found.map_or(INACTIVE, Introspection::Active)))
}

/// Of the resource server that it is for, of the client that it was issued to, and of whoever reads all revocations.
async fn access_token(app: &App, client: &Client, token: &str) -> Result<Option<Value>, ApiError> {
    let Some((token, audience)) = verify_whatever_for(app, token) else { return Ok(None) };
    let claims = token.claims();
    let serves = ResourceUri::parse(&audience).is_ok_and(|audience| client.resources.contains(&audience));
    if !serves && claims.client_id != client.id.as_str() && !client.scopes.contains(FEED_READ) {
        return Ok(None);
    }
    let ids = claims.sid.parse::<SessionId>().ok().zip(claims.jti.parse::<TokenId>().ok());
    let Some((session, jti)) = ids else { return Ok(None) };
    if standing(session, jti, app.store(), app.source().now()).await?.is_none() {
        return Ok(None);
    }
    Ok(Some(json!({
        "active": true,
        "token_type": if claims.cnf.is_some() { "DPoP" } else { "Bearer" },
        "iss": app.issuer(),
        "sub": claims.sub,
        "aud": audience,
        "client_id": claims.client_id,
        "scope": claims.scope,
        "iat": claims.iat,
        "exp": token.expires_at().as_seconds(),
        "jti": claims.jti,
        "sid": claims.sid,
    })))
}

/// Of the client that it was issued to: the current one of a session that is live.
async fn refresh_token(app: &App, client: &Client, token: &str) -> Result<Option<Value>, ApiError> {
    let Ok(opened) = app.ring().mac_keys.open(token) else { return Ok(None) };
    let state = app.store().session(opened.session).await?;
    let now = app.source().now();
    let Some(session) = state.map(|state| state.session).filter(|session| session.is_live(now)) else {
        return Ok(None);
    };
    let own = session.client == client.id;
    let current = opened.secret.hash() == session.secret_hash && opened.generation == session.generation;
    Ok((own && current).then(|| {
        json!({
            "active": true,
            "token_type": "refresh_token",
            "iss": app.issuer(),
            "sub": session.account.map(|account| account.to_string()),
            "aud": session.audience.as_str(),
            "client_id": session.client.as_str(),
            "scope": session.scope.to_string(),
            "iat": session.created_at.timestamp().as_seconds(),
            "exp": session.idle_expires_at.timestamp().as_seconds(),
            "sid": session.id,
        })
    }))
}
