//! `countersign client list|show`

use super::refused_until;
use crate::bootstrap::Deployment;
use crate::cli::session::SessionView;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::times::{length, rfc3339};
use countersign_core::client::{Client, RedirectUri};
use countersign_core::store::{Page as StorePage, SessionFilter};
use countersign_core::{Span, Time};
use serde::Serialize;
use std::collections::BTreeSet;

/// All clients.
#[derive(Serialize)]
pub(super) struct ClientList {
    items: Vec<ClientView>,
}

/// A client, without anything secret.
#[derive(Serialize)]
struct ClientView {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    token_endpoint_auth_method: &'static str,
    scopes: Vec<String>,
    resources: Vec<String>,
    redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap_seconds: Option<u64>,
    post_logout_redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout_session_required: Option<bool>,
    require_pushed_authorization_requests: bool,
    status: &'static str,
    created_at: String,
    #[serde(skip)]
    created: Time,
}

/// A client, its live sessions, and until when its tokens are refused.
#[derive(Serialize)]
pub(super) struct ClientDetail {
    #[serde(flatten)]
    client: ClientView,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_until: Option<String>,
    sessions: Vec<SessionView>,
    #[serde(skip)]
    refused: Option<Time>,
}

impl ClientList {
    pub(super) async fn read(deployment: &Deployment) -> Result<Self, Failure> {
        let (mut items, mut page) = (Vec::new(), StorePage::first());
        loop {
            let clients = deployment.store.clients(page).await?;
            items.extend(clients.items.into_iter().map(ClientView::of));
            match clients.next {
                Some(next) => page = StorePage::new(u16::MAX, Some(next)),
                None => return Ok(Self { items }),
            }
        }
    }
}

impl ClientDetail {
    pub(super) async fn read(deployment: &Deployment, client: Client) -> Result<Self, Failure> {
        let live_at = Some(deployment.source.now());
        let filter = SessionFilter { client: Some(client.id.clone()), live_at, ..SessionFilter::default() };
        let sessions = SessionView::read(deployment, &filter).await?;
        let refused = refused_until(deployment, &client.id).await?;
        Ok(Self { client: ClientView::of(client), refused_until: refused.map(rfc3339), sessions, refused })
    }
}

impl ClientView {
    fn of(client: Client) -> Self {
        let texts = |uris: &BTreeSet<RedirectUri>| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        let told = client.logout.backchannel.as_ref();
        Self {
            client_id: client.id.to_string(),
            kind: client.kind.code(),
            origin: client.origin.is_its_own_word().then(|| client.origin.code()),
            token_endpoint_auth_method: client.authentication.method().code(),
            scopes: client.scopes.iter().map(str::to_owned).collect(),
            resources: client.resources.iter().map(|uri| uri.as_str().to_owned()).collect(),
            redirect_uris: texts(&client.redirect_uris),
            post_logout_redirect_uris: texts(&client.logout.post_logout_redirect_uris),
            backchannel_logout_uri: told.map(|told| told.uri.as_str().to_owned()),
            backchannel_logout_session_required: told.map(|told| told.session_required),
            overlap_seconds: Some(client.overlap.as_seconds()).filter(|seconds| *seconds > 0),
            require_pushed_authorization_requests: client.requires_pushed_requests,
            status: client.status.code(),
            created_at: rfc3339(client.created_at),
            created: client.created_at,
            name: client.name,
        }
    }

    fn show(&self, page: &mut Page) {
        page.title(&self.client_id);
        self.name.iter().for_each(|name| page.field("name", name));
        page.field("kind", self.kind);
        self.origin.iter().for_each(|origin| page.field("word of", origin));
        page.field("status", self.status);
        page.field("method", self.token_endpoint_auth_method);
        let scopes = if self.scopes.is_empty() { "none".to_owned() } else { self.scopes.join(" ") };
        page.field("scopes", &scopes);
        self.resources.iter().for_each(|uri| page.field("resource", uri));
        self.redirect_uris.iter().for_each(|uri| page.field("redirect", uri));
        self.overlap_seconds.iter().for_each(|seconds| page.field("overlap", &length(Span::from_seconds(*seconds))));
        self.post_logout_redirect_uris.iter().for_each(|uri| page.field("signed out", uri));
        self.backchannel_logout_uri.iter().for_each(|uri| page.field("told at", uri));
        if self.require_pushed_authorization_requests {
            page.field("requests", "only if they were pushed");
        }
        page.time("registered", self.created);
    }
}

impl Answer for ClientList {
    fn show(&self, page: &mut Page) {
        if self.items.is_empty() {
            page.line("No client yet but the built-in one.");
            return page.hint("countersign client add billing --kind machine --scope feed:read");
        }
        let row = |client: &ClientView| {
            let scopes = client.scopes.join(" ");
            let (kind, status) = (client.kind.to_owned(), client.status.to_owned());
            [client.client_id.clone(), kind, scopes, status, page.words(client.created)]
        };
        let rows: Vec<_> = self.items.iter().map(row).collect();
        page.table(["ID", "KIND", "SCOPES", "STATUS", "REGISTERED"], &rows);
    }
}

impl Answer for ClientDetail {
    fn show(&self, page: &mut Page) {
        self.client.show(page);
        if let Some(until) = self.refused {
            page.time("refused", until);
            page.aside("Until then every verifier refuses its tokens.");
        }
        page.gap();
        if self.sessions.is_empty() {
            return page.line("No live session.");
        }
        page.title("Live sessions");
        SessionView::table(&self.sessions, page);
    }
}
