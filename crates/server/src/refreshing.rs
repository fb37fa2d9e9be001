//! A refresh token that came over HTTP, whichever the route: row 2, which touches no storage, then the rule; and what the
//! log hears of it. The table is in `countersign_core::session::rotation`.

use crate::app::App;
use crate::error::ApiError;
use crate::http::RequestOrigin;
use countersign_core::client::ClientId;
use countersign_core::ops::{Issue, Refresh, Refreshed};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::session::{Presentation, Proof, Refusal, Row, SecretHash};

/// What was presented, as it was sent.
pub(crate) struct Presented<'a> {
    pub(crate) token: &'a str,
    pub(crate) client: ClientId,
    pub(crate) proof: Proof,
    pub(crate) retry: Option<&'a str>,
    pub(crate) scope: Option<ScopeSet>,
    pub(crate) resource: Option<ResourceUri>,
    pub(crate) origin: RequestOrigin,
}

/// What is to be signed for whoever presented a refresh token.
pub(crate) async fn refresh(app: &App, presented: Presented<'_>) -> Result<Box<Issue>, ApiError> {
    let Presented { token, client, proof, retry, scope, resource, origin } = presented;
    let retry = retry.map(retry_hash).transpose()?;
    let opened = match app.ring().mac_keys.open(token) {
        Ok(opened) => opened,
        Err(error) => {
            tracing::info!(row = Row::NotOurs.number(), %error, "refresh refused");
            let now = app.source().now();
            app.throttle().take_forged(origin.address, now).map_err(ApiError::rate_limited)?;
            return Err(ApiError::refused(Refusal::InvalidGrant));
        }
    };
    let session = opened.session;
    let (address, request) = (origin.address, origin.request);
    let presented = Presentation { token: opened, client, proof, retry, scope, resource, address, request };
    let refreshed = (Refresh { presented }).run(app.store(), app.policies(), &app.draw()).await;
    let refreshed = refreshed.inspect_err(|error| {
        tracing::warn!(row = Row::Unavailable.number(), %session, %error, "refresh not answered");
    })?;
    match refreshed {
        Refreshed::Issued(row, issue) => {
            tracing::info!(row = row.number(), %session, "refreshed");
            Ok(issue)
        }
        Refreshed::Refused(row, refusal) => {
            tracing::info!(row = row.number(), %session, code = refusal.code(), "refresh refused");
            Err(ApiError::refused(refusal))
        }
        Refreshed::Contended => {
            tracing::warn!(row = Row::Unavailable.number(), %session, "refresh lost every race");
            Err(ApiError::unavailable())
        }
    }
}

const RETRY_CHARACTERS: usize = 22;

fn retry_hash(retry: &str) -> Result<SecretHash, ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if retry.len() == RETRY_CHARACTERS && retry.bytes().all(allowed) {
        Ok(SecretHash::of(retry.as_bytes()))
    } else {
        Err(ApiError::invalid_request("`retry` must be 22 random characters of base64url"))
    }
}
