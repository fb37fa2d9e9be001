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
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// RFC 7662 §2.2. What is not active says nothing else, not even why.
#[derive(Serialize, ToSchema)]
pub(crate) struct Introspection {
    active: bool,
    /// What the token says: `token_type`, `iss`, `sub`, `aud`, `client_id`, `scope`, `iat`, `exp`, `sid` and more.
    #[serde(flatten)]
    #[schema(additional_properties)]
    told: Map<String, Value>,
}

fn inactive() -> Introspection {
    Introspection { active: false, told: Map::new() }
}

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
    let active = |told| Introspection { active: true, told };
    Ok(Json(found.and_then(|found| found.as_object().cloned()).map_or_else(inactive, active)))
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
    let mut told = json!({
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
    });
    // RFC 9449 §6.2: whoever serves the resource must see which key has to be shown.
    if let (Some(bound), Some(told)) = (&claims.cnf, told.as_object_mut()) {
        told.insert("cnf".to_owned(), json!({ "jkt": bound.jkt }));
    }
    Ok(Some(told))
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

/// The form of a request about a token.
#[derive(ToSchema)]
#[schema(as = TokenQuestion)]
#[expect(dead_code, reason = "only its schema matters: the form is read by names")]
pub(super) struct TokenQuestion {
    /// An access token or a refresh token; what is neither is not active.
    #[schema(min_length = 1)]
    token: String,
    /// Not needed: the two kinds look different.
    #[schema(required = false)]
    token_type_hint: Option<String>,
}

pub(crate) mod docs {
    use super::{TokenQuestion, inactive};
    use crate::error::Kind;
    use crate::http::form::{FORM, Form};
    use crate::openapi::{Answer, Operation, Tag, examples};
    use axum::http::StatusCode;
    use serde_json::json;
    use utoipa::openapi::Required;

    pub(crate) fn introspect(operation: &mut Operation) {
        operation
            .is(
                "introspect",
                Tag::OAuth,
                "Ask whether a token is good",
                "RFC 7662. To the resource server that an access token is for, to the client that it was issued to, and to \
                 whoever may read all revocations; a refresh token to its own client. To everybody else it is not active. \
                 Public clients can't ask.",
            )
            .body::<TokenQuestion>(FORM, Required::True, &Form::limits())
            .body_example(json!({ "token": examples::ACCESS_TOKEN }))
            .answers(Answer::json(StatusCode::OK, "`active`, and where it is, what the token says.", &inactive()))
            .fails(&[Kind::UnauthorizedClient]);
    }
}
