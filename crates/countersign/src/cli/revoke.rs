//! `countersign revoke`

use super::token::{Presented, PresentedRefresh};
use super::{Context, account, session};
use crate::bootstrap::{Deployment, actor};
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::secrets;
use clap::Args;
use countersign_core::TokenId;
use countersign_core::audit::AuditEvent;
use countersign_core::client::ClientId;
use countersign_core::limits::ACCESS_LIFETIME_MAX;
use countersign_core::ops::KeyRingChanged;
use countersign_core::revocation::{Revocation, RevocationSubject};
use countersign_core::session::{End, EndReason};
use countersign_core::store::{EndSessions, EndedSessions, Which};
use countersign_jose::{KeyId, Timestamp, UnverifiedToken};
use serde::Serialize;

/// Take back what was issued: end sessions, refuse a token or a key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign revoke --session vEPaCGZ1TZ2tzW2fvQOFWA
  countersign revoke --account ana                          sign ana out everywhere
  countersign revoke --token - < leaked-token.txt
  countersign revoke --key 2026-07                          refuse all tokens under a signing key

Access tokens that were issued are refused by every verifier that follows the revocations, until they expire.")]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// End a session, by its id (`sid`)
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    session: Option<String>,
    /// Refuse one access token, by its id (`jti`) or whole; of a refresh token, end its session; - reads standard input
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    token: Option<String>,
    /// End all sessions of an account, by its login
    #[arg(long, value_name = "LOGIN", allow_hyphen_values = true)]
    account: Option<String>,
    /// End all sessions at a client
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client: Option<String>,
    /// Refuse all tokens under a signing key, for ever; another key signs at once
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    key: Option<String>,
}

/// What was taken back.
#[derive(Serialize)]
struct Revoked {
    kind: &'static str,
    id: String,
    sessions_ended: u64,
    revocations: u64,
}

impl RevokeArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        // Read before anything is opened: it may be long in coming.
        let token = self.what.token.as_deref().map(|token| secrets::argument_or_stdin(Some(token), "token"));
        let token = token.transpose()?;
        let deployment = Deployment::open(context)?;
        let what = self.what;
        let revoked = if let Some(id) = what.session {
            let session = session::find(&deployment, &id).await?.id;
            end(&deployment, Which::One(session), "session", id).await?
        } else if let Some(token) = token {
            revoke_token(&deployment, &token).await?
        } else if let Some(login) = what.account {
            let account = account::find(&deployment, &login).await?;
            end(&deployment, Which::OfAccount(account.id), "account", account.id.to_string()).await?
        } else if let Some(id) = what.client {
            revoke_client(&deployment, id).await?
        } else {
            revoke_key(&deployment, what.key.unwrap_or_default()).await?
        };
        out.answer(&revoked)
    }
}

async fn end(deployment: &Deployment, which: Which, kind: &'static str, id: String) -> Result<Revoked, Failure> {
    let now = deployment.source.now();
    let mut audit = AuditEvent::new(now, "session.revoked", actor()).told(format!("{kind} {id}"));
    match &which {
        Which::One(session) => audit = audit.of_session(*session),
        Which::OfAccount(account) => audit = audit.of_account(*account),
        Which::AtClient(client) => audit = audit.at_client(client.clone()),
        _ => {}
    }
    let end = End::by(EndReason::Administrator, "command line");
    let EndedSessions { sessions, published } =
        deployment.store.end_sessions(EndSessions { which, end, audit: Some(audit), now }).await?;
    Ok(Revoked { kind, id, sessions_ended: sessions, revocations: published })
}

async fn revoke_token(deployment: &Deployment, text: &str) -> Result<Revoked, Failure> {
    match Presented::read(text)? {
        Presented::Refresh(PresentedRefresh { session, .. }) => {
            session::find(deployment, &session.to_string()).await?;
            end(deployment, Which::One(session), "session", session.to_string()).await
        }
        Presented::Access(token) => {
            let (id, expires_at) = named(&token)?;
            refuse(deployment, id, expires_at).await
        }
        Presented::Id(id) => {
            // Nobody remembers when it expires; no token lives longer than this.
            refuse(deployment, id, (deployment.source.now() + ACCESS_LIFETIME_MAX).timestamp()).await
        }
    }
}

async fn refuse(deployment: &Deployment, id: TokenId, expires_at: Timestamp) -> Result<Revoked, Failure> {
    let now = deployment.source.now();
    // A token that claims to live longer than any of ours is refused no longer than ours could live.
    let expires_at = expires_at.min((now + ACCESS_LIFETIME_MAX).timestamp());
    let audit = AuditEvent::new(now, "token.revoked", actor()).told(id.to_string());
    deployment.store.publish_revocations(vec![Revocation::of_token(id, expires_at)], audit).await?;
    Ok(Revoked { kind: "token", id: id.to_string(), sessions_ended: 0, revocations: 1 })
}

/// `jti` and `exp`. Unverified: whoever may revoke may name any token.
fn named(token: &UnverifiedToken<'_>) -> Result<(TokenId, Timestamp), Failure> {
    let claims = token.claims_json_unverified().map_err(Failure::failed)?;
    let id = claims.get("jti").and_then(serde_json::Value::as_str).and_then(|id| id.parse().ok());
    let expires_at = claims.get("exp").and_then(serde_json::Value::as_u64).map(Timestamp::from_seconds);
    match (id, expires_at) {
        (Some(id), Some(expires_at)) => Ok((id, expires_at)),
        _ => Err(Failure::failed("the token has no `jti` of ours, or no `exp`: it is none of this issuer")),
    }
}

async fn revoke_client(deployment: &Deployment, id: String) -> Result<Revoked, Failure> {
    let client = ClientId::parse(&id).map_err(Failure::usage)?;
    let built_in = client == ClientId::first_party();
    if !built_in && deployment.store.client(&client).await?.is_none() {
        return Err(Failure::failed(format!("there is no client `{id}`"))
            .hint(format!("the built-in client is `{}`", ClientId::FIRST_PARTY)));
    }
    let mut revoked = end(deployment, Which::AtClient(client.clone()), "client", id).await?;
    // An entry for a whole client also refuses what it is issued next; nobody could sign in at the built-in one.
    if !built_in {
        let now = deployment.source.now();
        let audit = AuditEvent::new(now, "client.revoked", actor()).at_client(client.clone());
        let entry = Revocation::of_client(client, ACCESS_LIFETIME_MAX, now);
        deployment.store.publish_revocations(vec![entry], audit).await?;
        revoked.revocations += 1;
    }
    Ok(revoked)
}

pub(super) async fn revoke_signing_key(deployment: &Deployment, id: &str) -> Result<KeyId, Failure> {
    let key = KeyId::new(id).map_err(Failure::usage)?;
    let ring = deployment.store.key_ring().await?;
    let (master, policies) = (deployment.master(&ring)?.key(), deployment.policies().await?);
    match Box::pin(deployment.key_care(&master, &policies).revoke(&key)).await? {
        KeyRingChanged::Unknown => Err(Failure::failed(format!("there is no signing key `{id}`"))
            .hint("`countersign key list` tells which there are")),
        _ => Ok(key),
    }
}

async fn revoke_key(deployment: &Deployment, id: String) -> Result<Revoked, Failure> {
    let key = revoke_signing_key(deployment, &id).await?;
    let refused = deployment.store.is_revoked(vec![RevocationSubject::Key(key)]).await?;
    Ok(Revoked { kind: "key", id, sessions_ended: 0, revocations: u64::from(refused) })
}

impl Answer for Revoked {
    fn show(&self, page: &mut Page) {
        page.good(&format!("revoked {} {}", self.kind, self.id));
        let told = match self.kind {
            "token" | "key" => None,
            _ if self.sessions_ended == 0 => Some("no session was live".to_owned()),
            _ => Some(format!("{} sessions", self.sessions_ended)),
        };
        told.iter().for_each(|told| page.field("ended", told));
        page.field("entries", &format!("{} for verifiers", self.revocations));
        if self.kind == "token" {
            page.aside("Its session goes on; `countersign revoke --session` ends that.");
        }
    }
}
