//! `countersign session`

use super::{Context, account};
use crate::bootstrap::Deployment;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::times::rfc3339;
use clap::{Args, Subcommand};
use countersign_core::client::ClientId;
use countersign_core::session::{EndReason, Session};
use countersign_core::store::{Page as StorePage, SessionFilter};
use countersign_core::{SessionId, Time};
use serde::Serialize;

/// Look at sessions; `show` says why one ended
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign session list --account ana --live
  countersign session show vEPaCGZ1TZ2tzW2fvQOFWA            \"why was I signed out?\"
  countersign revoke --session vEPaCGZ1TZ2tzW2fvQOFWA        end it"
)]
pub(super) struct SessionArgs {
    #[command(subcommand)]
    command: SessionCommand,
}

#[derive(Debug, Subcommand)]
enum SessionCommand {
    /// List sessions, the newest first
    List(ListArgs),
    /// Show a session, and why it ended
    Show {
        /// The session's id: `sid` of its tokens
        id: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign session list --live
  countersign session list --account ana --json | jq '.items[] | select(.end.reason == \"reused\")'")]
struct ListArgs {
    /// Only those of this account
    #[arg(long, value_name = "LOGIN", allow_hyphen_values = true)]
    account: Option<String>,
    /// Only those at this client
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client: Option<String>,
    /// Only those that can still be refreshed
    #[arg(long)]
    live: bool,
}

/// A session, without anything secret.
#[derive(Serialize)]
pub(super) struct SessionView {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    scope: String,
    audience: String,
    generation: u32,
    live: bool,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<EndView>,
    #[serde(skip)]
    times: Times,
}

/// Why a session ended.
#[derive(Serialize)]
struct EndView {
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    at: String,
    #[serde(skip)]
    sentence: &'static str,
}

/// The same times, to be told in words.
struct Times {
    created: Time,
    last_used: Time,
    expires: Time,
    ended: Option<Time>,
}

#[derive(Serialize)]
struct SessionList {
    items: Vec<SessionView>,
}

/// One session and whose it is.
#[derive(Serialize)]
struct SessionDetail {
    #[serde(flatten)]
    session: SessionView,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<String>,
}

impl SessionArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let deployment = Deployment::open(context)?;
        match self.command {
            SessionCommand::List(args) => out.answer(&args.list(&deployment).await?),
            SessionCommand::Show { id } => {
                let session = find(&deployment, &id).await?;
                let login = match session.account {
                    Some(account) => deployment.store.account(account).await?.map(|account| account.login.to_string()),
                    None => None,
                };
                out.answer(&SessionDetail { session: SessionView::of(session, deployment.source.now()), login })
            }
        }
    }
}

impl ListArgs {
    async fn list(self, deployment: &Deployment) -> Result<SessionList, Failure> {
        let account = match &self.account {
            Some(login) => Some(account::find(deployment, login).await?.id),
            None => None,
        };
        let client = self.client.as_deref().map(ClientId::parse).transpose().map_err(Failure::usage)?;
        let live_at = self.live.then(|| deployment.source.now());
        let filter = SessionFilter { account, client, live_at, ended: None };
        Ok(SessionList { items: SessionView::read(deployment, &filter).await? })
    }
}

/// The session of this id.
pub(super) async fn find(deployment: &Deployment, id: &str) -> Result<Session, Failure> {
    let session: SessionId = id.parse().map_err(|error| {
        Failure::usage(error).about(format!("`{id}` names no session")).hint("the id is `sid` of its tokens")
    })?;
    match deployment.store.session(session).await? {
        Some(state) => Ok(state.session),
        None => Err(Failure::failed(format!("there is no session `{id}`"))
            .hint("ended sessions are forgotten once their whole life is over")
            .hint("countersign session list")),
    }
}

impl SessionView {
    /// All sessions that `filter` lets through, the newest first.
    pub(super) async fn read(deployment: &Deployment, filter: &SessionFilter) -> Result<Vec<Self>, Failure> {
        let now = deployment.source.now();
        let (mut views, mut page) = (Vec::new(), StorePage::first());
        loop {
            let sessions = deployment.store.sessions(filter.clone(), page).await?;
            views.extend(sessions.items.into_iter().map(|session| Self::of(session, now)));
            match sessions.next {
                Some(next) => page = StorePage::new(u16::MAX, Some(next)),
                None => return Ok(views),
            }
        }
    }

    /// The sessions as a table.
    pub(super) fn table(sessions: &[Self], page: &mut Page) {
        let row = |session: &Self| {
            let state = match session.times.ended {
                Some(ended) => {
                    let reason = session.end.as_ref().map_or("", |end| end.reason);
                    format!("ended {}: {reason}", page.words(ended))
                }
                None if session.live => format!("live, expires {}", page.words(session.times.expires)),
                None => format!("expired {}", page.words(session.times.expires)),
            };
            let label = session.label.clone().unwrap_or_default();
            let address = session.address.clone().unwrap_or_default();
            let used = page.words(session.times.last_used);
            [session.id.clone(), session.client_id.clone(), used, state, address, label]
        };
        let rows: Vec<_> = sessions.iter().map(row).collect();
        page.table(["ID", "CLIENT", "LAST USED", "STATE", "ADDRESS", "LABEL"], &rows);
    }

    fn of(session: Session, now: Time) -> Self {
        let expires = session.idle_expires_at.min(session.absolute_expires_at);
        let ended = session.ended.as_ref().map(|ended| ended.at);
        Self {
            live: session.is_live(now),
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.last_used_at()),
            expires_at: rfc3339(expires),
            ended_at: ended.map(rfc3339),
            times: Times { created: session.created_at, last_used: session.last_used_at(), expires, ended },
            id: session.id.to_string(),
            account_id: session.account.map(|account| account.to_string()),
            client_id: session.client.to_string(),
            label: session.label,
            address: session.address.map(|address| address.to_string()),
            scope: session.scope.to_string(),
            audience: session.audience.as_str().to_owned(),
            generation: session.generation.0,
            end: session.ended.map(|ended| EndView {
                reason: ended.end.reason.code(),
                by: ended.end.by,
                at: rfc3339(ended.at),
                sentence: sentence(ended.end.reason),
            }),
        }
    }
}

impl Answer for SessionList {
    fn show(&self, page: &mut Page) {
        if self.items.is_empty() {
            return page.line("No session.");
        }
        SessionView::table(&self.items, page);
    }
}

impl Answer for SessionDetail {
    fn show(&self, page: &mut Page) {
        let session = &self.session;
        page.title(&format!("session {}", session.id));
        match (&session.end, session.times.ended) {
            (Some(end), Some(ended)) => {
                page.bad(&format!("ended {}: {}", page.words(ended), end.sentence));
                page.field("reason", end.reason);
                end.by.iter().for_each(|by| page.field("by", by));
                page.time("ended", ended);
            }
            _ if session.live => page.good("live"),
            _ => page.bad("expired: it was not refreshed in time"),
        }
        let unknown = || session.account_id.clone().unwrap_or_else(|| "none: a machine's".to_owned());
        page.field("account", &self.login.clone().unwrap_or_else(unknown));
        page.field("client", &session.client_id);
        for (name, value) in [("label", &session.label), ("address", &session.address)] {
            value.iter().for_each(|value| page.field(name, value));
        }
        page.field("audience", &session.audience);
        page.field("scope", if session.scope.is_empty() { "none" } else { &session.scope });
        page.field("refreshed", &format!("{} times", session.generation));
        page.time("opened", session.times.created);
        page.time("last used", session.times.last_used);
        page.time("expires", session.times.expires);
    }
}

/// The answer to "why was I signed out?".
fn sentence(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "its owner signed out",
        EndReason::SignedOutElsewhere => "its owner ended it from another session",
        EndReason::PasswordChanged => "the password was changed",
        EndReason::RoleTaken => "a role was taken away",
        EndReason::AccountDisabled => "the account was disabled",
        EndReason::AccountRemoved => "the account was removed",
        EndReason::ClientDisabled => "the client was disabled",
        EndReason::ClientRemoved => "the client was removed",
        EndReason::Reused => "a refresh token came again that had been used: somebody else may hold it",
        EndReason::ForeignClient => "its refresh token came from another client: somebody else holds it",
        EndReason::CodeReused => "the code that made it came again: somebody else may hold it",
        EndReason::TokenRevoked => "its client gave its refresh token back",
        EndReason::IdleExpired => "it was not refreshed for too long",
        EndReason::AbsoluteExpired => "it reached the age at which every session is over",
        EndReason::TooMany => "its account opened more sessions than an account may have",
        EndReason::Administrator => "an administrator ended it",
        EndReason::IssuerChanged => "the server took another issuer",
        EndReason::Restored => "an older copy of the data was restored: it may have ended since that was made",
        EndReason::MacKeyRevoked => "the MAC key of its refresh tokens was revoked",
        _ => "for a reason that this version has no words for",
    }
}
