//! `countersign audit`

use super::{Context, account};
use crate::bootstrap::Deployment;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::times;
use clap::{Args, Subcommand, ValueEnum};
use countersign_core::audit::{AuditEvent, AuditFilter, AuditOrder};
use countersign_core::client::ClientId;
use countersign_core::store::{Cursor, CursorStanding, Page as StorePage};
use countersign_core::{AccountId, Span, Time};
use serde::Serialize;
use std::collections::HashMap;

const LISTED: u16 = 50;

/// Look through what happened: who did what, when, from where
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign audit list --what alarm. --since 7d
  countersign audit list --account ana --limit 200
  countersign audit export --since 2026-07-01T00:00:00Z > july.jsonl

The server forgets events after `telemetry.audit_kept`."
)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// List events, the newest first
    List(ListArgs),
    /// Write all events, one JSON document a line; with --json one document
    Export(ExportArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign audit list --session vEPaCGZ1TZ2tzW2fvQOFWA
  countersign audit list --what session. --since 1h --json | jq -r '.items[].detail'")]
struct ListArgs {
    #[command(flatten)]
    which: WhichEvents,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = LISTED, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Go on after a list: its `next`
    #[arg(long, value_name = "NEXT", allow_hyphen_values = true)]
    after: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign audit export > all.jsonl
  countersign audit export --order newest --what alarm. | head -1")]
struct ExportArgs {
    #[command(flatten)]
    which: WhichEvents,
    /// Which come first
    #[arg(long, value_enum, default_value_t = Order::Oldest)]
    order: Order,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    /// The oldest first
    Oldest,
    /// The newest first
    Newest,
}

#[derive(Debug, Args)]
struct WhichEvents {
    /// Only those of this account
    #[arg(long, value_name = "LOGIN", allow_hyphen_values = true)]
    account: Option<String>,
    /// Only those of this session
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    session: Option<String>,
    /// Only those at this client
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client: Option<String>,
    /// Only those whose name begins so, as in alarm.
    #[arg(long, value_name = "PREFIX")]
    what: Option<String>,
    /// Only those at this time or later; a duration counts back from now
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only those before this time; a duration counts back from now
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

#[derive(Serialize)]
struct EventList {
    items: Vec<EventView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An event; it holds no secret.
#[derive(Serialize)]
struct EventView {
    at: String,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    /// As the account is called now; none if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    actor: ActorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize)]
struct ActorView {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

/// Turns events into what is shown of them; each login is looked up once.
struct Views<'a> {
    deployment: &'a Deployment,
    logins: HashMap<AccountId, Option<String>>,
}

impl AuditArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let deployment = Deployment::open(context)?;
        match self.command {
            AuditCommand::List(args) => {
                let filter = args.which.filter(&deployment, context.now, AuditOrder::NewestFirst).await?;
                out.answer(&list(&deployment, filter, args.limit, args.after).await?)
            }
            AuditCommand::Export(args) => {
                let order = match args.order {
                    Order::Oldest => AuditOrder::OldestFirst,
                    Order::Newest => AuditOrder::NewestFirst,
                };
                let mut filter = args.which.filter(&deployment, context.now, order).await?;
                // What is told while it runs is not in it: else it might never end.
                filter.until = Some(filter.until.unwrap_or(context.now + Span::from_millis(1)));
                export(&deployment, &filter, out).await
            }
        }
    }
}

impl WhichEvents {
    async fn filter(self, deployment: &Deployment, now: Time, order: AuditOrder) -> Result<AuditFilter, Failure> {
        let account = match &self.account {
            Some(login) => Some(account_id(deployment, login).await?),
            None => None,
        };
        let session = self.session.as_deref().map(str::parse).transpose().map_err(Failure::usage)?;
        let client = self.client.as_deref().map(ClientId::parse).transpose().map_err(Failure::usage)?;
        let time = |flag: &str, text: Option<String>| text.map(|text| moment(flag, &text, now)).transpose();
        let (since, until) = (time("--since", self.since)?, time("--until", self.until)?);
        Ok(AuditFilter { account, session, client, what: self.what, since, until, order })
    }
}

/// The account of this login; by its id also one that is gone.
async fn account_id(deployment: &Deployment, login: &str) -> Result<AccountId, Failure> {
    match (account::find(deployment, login).await, login.parse()) {
        (Ok(account), _) => Ok(account.id),
        (Err(_), Ok(id)) => Ok(id),
        (Err(failure), Err(_)) => Err(failure),
    }
}

/// A time, or how long ago it was.
fn moment(flag: &str, text: &str, now: Time) -> Result<Time, Failure> {
    let ago = times::duration(text).map(|ago| now - Span::from(ago));
    ago.or_else(|_| times::time(text)).map_err(|_| {
        Failure::usage(format!("`{flag} {text}` is no time"))
            .hint("a time as in \"2026-01-31T12:00:00Z\", or how long ago as in \"7d\"")
    })
}

async fn list(
    deployment: &Deployment,
    filter: AuditFilter,
    limit: u16,
    after: Option<String>,
) -> Result<EventList, Failure> {
    let (mut views, mut items, mut after) = (Views::of(deployment), Vec::new(), after.map(Cursor));
    loop {
        let left = limit - u16::try_from(items.len()).unwrap_or(limit).min(limit);
        let events = deployment.store.audit(filter.clone(), StorePage::new(left, after)).await?;
        if events.cursor == CursorStanding::Unknown {
            return Err(Failure::usage("`--after` is not what a list gave as `next`"));
        }
        for event in events.items {
            items.push(views.view(event).await?);
        }
        after = events.next;
        if after.is_none() || items.len() >= usize::from(limit) {
            return Ok(EventList { items, next: after.map(|next| next.0) });
        }
    }
}

async fn export(deployment: &Deployment, filter: &AuditFilter, out: &mut Output) -> Result<(), Failure> {
    let (mut views, mut page, mut first) = (Views::of(deployment), StorePage::first(), true);
    let one_document = out.is_json();
    if one_document {
        out.raw(b"{\"items\":[")?;
    }
    loop {
        let events = deployment.store.audit(filter.clone(), page).await?;
        let mut text = Vec::new();
        for event in events.items {
            if one_document && !first {
                text.push(b',');
            }
            serde_json::to_writer(&mut text, &views.view(event).await?).map_err(Failure::failed)?;
            if !one_document {
                text.push(b'\n');
            }
            first = false;
        }
        out.raw(&text)?;
        match events.next {
            Some(next) => page = StorePage::new(u16::MAX, Some(next)),
            None => break,
        }
    }
    if one_document { out.raw(b"]}\n") } else { Ok(()) }
}

impl<'a> Views<'a> {
    fn of(deployment: &'a Deployment) -> Self {
        Self { deployment, logins: HashMap::new() }
    }

    async fn view(&mut self, event: AuditEvent) -> Result<EventView, Failure> {
        let login = match event.account {
            Some(account) => self.login(account).await?,
            None => None,
        };
        Ok(EventView {
            at: times::rfc3339_millis(event.at),
            what: event.what,
            account_id: event.account.map(|id| id.to_string()),
            login,
            session_id: event.session.map(|id| id.to_string()),
            client_id: event.client.map(|id| id.to_string()),
            actor: ActorView {
                account_id: event.actor.account.map(|id| id.to_string()),
                address: event.actor.address.map(|address| address.to_string()),
                request: event.actor.request,
            },
            detail: event.detail,
        })
    }

    async fn login(&mut self, id: AccountId) -> Result<Option<String>, Failure> {
        if let Some(login) = self.logins.get(&id) {
            return Ok(login.clone());
        }
        let account = self.deployment.store.account(id).await?;
        let login = account.map(|account| account.login.to_string());
        self.logins.insert(id, login.clone());
        Ok(login)
    }
}

impl EventView {
    fn cells(&self) -> [String; 5] {
        let whose = self.login.as_ref().or(self.account_id.as_ref()).or(self.client_id.as_ref());
        let by = [&self.actor.address, &self.actor.request, &self.actor.account_id];
        let by: Vec<&str> = by.into_iter().flatten().map(String::as_str).collect();
        [
            self.at.clone(),
            self.what.clone(),
            whose.cloned().unwrap_or_default(),
            by.join(" "),
            self.detail.clone().unwrap_or_default(),
        ]
    }
}

impl Answer for EventList {
    fn show(&self, page: &mut Page) {
        if self.items.is_empty() {
            return page.line("No event.");
        }
        let rows: Vec<_> = self.items.iter().map(EventView::cells).collect();
        page.table(["AT", "WHAT", "OF", "BY", "DETAIL"], &rows);
        if let Some(next) = &self.next {
            page.aside(&format!("There are older ones: --after {next}"));
        }
    }
}
