//! `countersign account list|show`

use crate::bootstrap::Deployment;
use crate::cli::session::SessionView;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::times::rfc3339;
use countersign_core::Time;
use countersign_core::account::{Account, AccountStatus};
use countersign_core::store::{Page as StorePage, SessionFilter};
use serde::Serialize;
use std::collections::BTreeMap;

/// All accounts.
#[derive(Serialize)]
pub(super) struct AccountList {
    items: Vec<AccountView>,
}

/// An account, without anything secret.
#[derive(Serialize)]
struct AccountView {
    id: String,
    login: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    roles: Vec<String>,
    attributes: BTreeMap<String, String>,
    status: &'static str,
    has_password: bool,
    created_at: String,
    #[serde(skip)]
    created: Time,
}

/// An account and its live sessions.
#[derive(Serialize)]
pub(super) struct AccountDetail {
    #[serde(flatten)]
    account: AccountView,
    sessions: Vec<SessionView>,
}

impl AccountList {
    pub(super) async fn read(deployment: &Deployment) -> Result<Self, Failure> {
        let (mut items, mut page) = (Vec::new(), StorePage::first());
        loop {
            let accounts = deployment.store.accounts(page).await?;
            items.extend(accounts.items.into_iter().map(AccountView::of));
            match accounts.next {
                Some(next) => page = StorePage::new(u16::MAX, Some(next)),
                None => return Ok(Self { items }),
            }
        }
    }
}

impl Answer for AccountList {
    fn show(&self, page: &mut Page) {
        if self.items.is_empty() {
            page.line("No account yet.");
            return page.hint("countersign account add you@example.com --role admin");
        }
        let row = |account: &AccountView| {
            let roles = account.roles.join(" ");
            [account.login.clone(), roles, account.status.to_owned(), page.words(account.created), account.id.clone()]
        };
        let rows: Vec<_> = self.items.iter().map(row).collect();
        page.table(["LOGIN", "ROLES", "STATUS", "MADE", "ID"], &rows);
    }
}

impl AccountDetail {
    pub(super) async fn read(deployment: &Deployment, account: Account) -> Result<Self, Failure> {
        let now = deployment.source.now();
        let filter = SessionFilter { account: Some(account.id), live_at: Some(now), ..SessionFilter::default() };
        let sessions = SessionView::read(deployment, &filter).await?;
        Ok(Self { account: AccountView::of(account), sessions })
    }
}

impl Answer for AccountDetail {
    fn show(&self, page: &mut Page) {
        self.account.show(page);
        page.gap();
        if self.sessions.is_empty() {
            return page.line("No live session.");
        }
        page.title("Live sessions");
        SessionView::table(&self.sessions, page);
    }
}

impl AccountView {
    fn of(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            login: account.login.to_string(),
            email: account.email,
            name: account.name,
            roles: account.roles.iter().map(str::to_owned).collect(),
            attributes: account.attributes,
            status: match account.status {
                AccountStatus::Active => "active",
                AccountStatus::Disabled => "disabled",
            },
            has_password: account.password_hash.is_some(),
            created_at: rfc3339(account.created_at),
            created: account.created_at,
        }
    }

    fn show(&self, page: &mut Page) {
        page.title(&self.login);
        page.field("id", &self.id);
        page.field("status", self.status);
        let roles = if self.roles.is_empty() { "none".to_owned() } else { self.roles.join(" ") };
        page.field("roles", &roles);
        for (name, value) in [("name", &self.name), ("email", &self.email)] {
            value.iter().for_each(|value| page.field(name, value));
        }
        page.field("password", if self.has_password { "set" } else { "none: can't sign in by password" });
        for (name, value) in &self.attributes {
            page.field("attribute", &format!("{name} = {value}"));
        }
        page.time("made", self.created);
    }
}
