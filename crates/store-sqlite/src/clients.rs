//! Clients other than the built-in one.

use crate::SqliteStore;
use crate::audit::tell;
use crate::ending::Ending;
use crate::error::Fault;
use crate::grants::forget_consents;
use crate::pages::{begin, nothing, paged, rows_wanted, text_key};
use crate::pushed_requests::forget_pushed_requests;
use crate::revocations::append;
use crate::rows::{Columns, all, change, first, millis, span_millis};
use crate::self_described;
use countersign_core::Time;
use countersign_core::audit::AuditEvent;
use countersign_core::client::{
    AuthenticationMethod, BackchannelLogout, Client, ClientAuthentication, ClientId, ClientLogout, ClientStatus,
    InvalidRedirectUri, LogoutUri, RedirectUri, RotationPolicy,
};
use countersign_core::resource::{InvalidResource, ResourceUri};
use countersign_core::revocation::RevocationSubject;
use countersign_core::scope::ScopeSet;
use countersign_core::session::SecretHash;
use countersign_core::store::{
    ChangeClientStatus, ClientChanged, ClientEnding, ClientStore, EndedSessions, Page, Paged, RegisterItself,
    Registered, RemoveClient, ReplaceClientSecret, StatusChange, StoreFuture, Swap, UseClient,
};
use countersign_jose::{JwkSet, Timestamp};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// The columns that [`client`] takes.
macro_rules! client_columns {
    () => {
        "c.id, c.name, c.kind, c.authentication, c.secret_hash, c.jwks, c.scopes, c.resources, c.rotation, c.overlap, c.status,
         c.created_at, c.redirect_uris, c.origin, c.post_logout_redirect_uris, c.backchannel_logout_uri,
         c.backchannel_logout_session_required, c.requires_pushed_requests"
    };
}
pub(crate) use client_columns;

impl ClientStore for SqliteStore {
    fn register_client(&self, client: Client, audit: AuditEvent) -> StoreFuture<'_, Registered> {
        self.writer.run("registering a client", move |commit| {
            if client.id.as_str() == ClientId::FIRST_PARTY || insert(commit, &client)? == 0 {
                return Ok(Registered::IdTaken);
            }
            tell(commit, &audit)?;
            Ok(Registered::Registered)
        })
    }

    fn register_itself(&self, register: RegisterItself) -> StoreFuture<'_, Registered> {
        self.writer.run("registering a client", move |commit| self_described::register(commit, &register))
    }

    fn use_client(&self, used: UseClient) -> StoreFuture<'_, Swap> {
        Box::pin(async move {
            let asked = used.clone();
            if self.readers.run("reading a client", move |read| self_described::is_in_use(read, &asked)).await? {
                return Ok(Swap::Won);
            }
            self.writer.run("using a client", move |commit| self_described::write_use(commit, &used)).await
        })
    }

    fn client(&self, id: &ClientId) -> StoreFuture<'_, Option<Client>> {
        let id = id.clone();
        self.readers.run("reading a client", move |read| {
            let statement = concat!("SELECT ", client_columns!(), " FROM client c WHERE c.id = ?1");
            first(read, statement, (id.as_str(),), client)
        })
    }

    fn clients(&self, page: Page) -> StoreFuture<'_, Paged<Client>> {
        self.readers.run("listing clients", move |read| {
            let Some(after) = begin(&page, String::new(), text_key) else {
                return Ok(nothing());
            };
            let statement =
                concat!("SELECT ", client_columns!(), " FROM client c WHERE c.id > ?1 ORDER BY c.id LIMIT ?2");
            let found = all(read, statement, (after, rows_wanted(&page)), client)?;
            Ok(paged(found, &page, |last| last.id.as_str().into()))
        })
    }

    fn client_refused_until(&self, id: &ClientId) -> StoreFuture<'_, Option<Timestamp>> {
        let client = RevocationSubject::Client(id.clone());
        self.readers.run("reading a client's revocation", move |read| {
            let statement = "SELECT max(until) FROM revocation WHERE subject = ?1 AND kind = ?2";
            let params = (client.id(), client.kind().as_str());
            let until = first(read, statement, params, |row| row.some(Columns::unsigned))?;
            Ok(until.flatten().map(Timestamp::from_seconds))
        })
    }

    fn replace_client_secret(&self, replace: ReplaceClientSecret) -> StoreFuture<'_, Swap> {
        self.writer.run("replacing a client's secret", move |commit| {
            let statement = "UPDATE client SET secret_hash = ?3 WHERE id = ?1 AND secret_hash = ?2";
            let params = (replace.client.as_str(), replace.from.as_bytes(), replace.to.as_bytes());
            if change(commit, statement, params)? == 0 {
                return Ok(Swap::Lost);
            }
            tell(commit, &replace.audit)?;
            Ok(Swap::Won)
        })
    }

    fn change_client_status(&self, wanted: ChangeClientStatus) -> StoreFuture<'_, ClientChanged> {
        self.writer.run("changing a client's status", move |commit| {
            let (from, to, ending) = match &wanted.to {
                StatusChange::Enable => (ClientStatus::Disabled, ClientStatus::Active, None),
                StatusChange::Disable(ending) => (ClientStatus::Active, ClientStatus::Disabled, Some(ending)),
            };
            let statement = "UPDATE client SET status = ?3 WHERE id = ?1 AND status = ?2";
            if change(commit, statement, (wanted.client.as_str(), from.code(), to.code()))? == 0 {
                return Ok(ClientChanged::Lost);
            }
            tell(commit, &wanted.audit)?;
            let ended = ending.map(|ending| end(commit, &wanted.client, ending, wanted.now)).transpose()?;
            Ok(ClientChanged::Changed(ended.unwrap_or_default()))
        })
    }

    fn remove_client(&self, remove: RemoveClient) -> StoreFuture<'_, ClientChanged> {
        self.writer.run("removing a client", move |commit| {
            let id = remove.client.as_str();
            if first(commit, "SELECT 1 FROM client WHERE id = ?1", (id,), |_| Ok(()))?.is_none() {
                return Ok(ClientChanged::Lost);
            }
            // Before the client is gone: it is told of its sessions' end.
            let ended = end(commit, &remove.client, &remove.ending, remove.now)?;
            change(commit, "DELETE FROM client WHERE id = ?1", (id,))?;
            forget_consents(commit, &remove.client)?;
            forget_pushed_requests(commit, &remove.client)?;
            tell(commit, &remove.audit)?;
            Ok(ClientChanged::Changed(ended))
        })
    }
}

/// Whether the client is registered and may be used.
pub(crate) fn is_active(commit: &Connection, id: &ClientId) -> Result<bool, Fault> {
    let statement = "SELECT 1 FROM client WHERE id = ?1 AND status = 'active'";
    Ok(first(commit, statement, (id.as_str(),), |_| Ok(()))?.is_some())
}

/// Ends the client's sessions within a change, and publishes what refuses all its tokens.
fn end(commit: &Connection, client: &ClientId, ending: &ClientEnding, now: Time) -> Result<EndedSessions, Fault> {
    let ended = Ending { end: &ending.end, spared: None, now }.all_at(commit, client)?;
    append(commit, std::slice::from_ref(&ending.revocation))?;
    Ok(EndedSessions { published: ended.published + 1, ..ended })
}

fn jwks(client: &Client) -> Option<String> {
    match &client.authentication {
        ClientAuthentication::PrivateKeyJwt(keys) => serde_json::to_string(keys).ok(),
        _ => None,
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(" ")
}

/// Writes over a client's row what its document says now.
pub(crate) fn write(commit: &Connection, client: &Client) -> Result<(), Fault> {
    let statement = "UPDATE client SET name = ?2, kind = ?3, authentication = ?4, scopes = ?5, rotation = ?6,
         redirect_uris = ?7, jwks = ?8 WHERE id = ?1";
    let params = params![
        client.id.as_str(),
        client.name,
        client.kind.code(),
        client.authentication.method().code(),
        client.scopes.to_string(),
        rotation_code(client.rotation),
        joined(client.redirect_uris.iter().map(RedirectUri::as_str)),
        jwks(client),
    ];
    change(commit, statement, params).map(|_| ())
}

pub(crate) fn insert(commit: &Connection, client: &Client) -> Result<u64, Fault> {
    let told = client.logout.backchannel.as_ref();
    change(
        commit,
        "INSERT INTO client
             (id, name, kind, authentication, secret_hash, scopes, resources, rotation, overlap, status, created_at,
              redirect_uris, jwks, origin, post_logout_redirect_uris, backchannel_logout_uri,
              backchannel_logout_session_required, requires_pushed_requests)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
         ON CONFLICT (id) DO NOTHING",
        params![
            client.id.as_str(),
            client.name,
            client.kind.code(),
            client.authentication.method().code(),
            client.authentication.secret_hash().as_ref().map(SecretHash::as_bytes),
            client.scopes.to_string(),
            joined(client.resources.iter().map(ResourceUri::as_str)),
            rotation_code(client.rotation),
            span_millis(client.overlap),
            client.status.code(),
            millis(client.created_at),
            joined(client.redirect_uris.iter().map(RedirectUri::as_str)),
            jwks(client),
            client.origin.code(),
            joined(client.logout.post_logout_redirect_uris.iter().map(RedirectUri::as_str)),
            told.map(|told| told.uri.as_str()),
            told.is_some_and(|told| told.session_required),
            client.requires_pushed_requests,
        ],
    )
}

/// How many columns [`client`] takes.
pub(crate) const COLUMNS: usize = 18;

pub(crate) fn client(row: &mut Columns<'_, '_>) -> Result<Client, Fault> {
    Ok(Client {
        id: row.text(ClientId::parse)?,
        name: row.take()?,
        kind: row.parsed()?,
        authentication: authentication(row)?,
        scopes: row.text(ScopeSet::parse)?,
        resources: row.text(resources)?,
        rotation: row.text(|code| match code {
            "on" => Ok(RotationPolicy::On),
            "unless_proven" => Ok(RotationPolicy::UnlessProven),
            _ => Err(()),
        })?,
        overlap: row.span()?,
        status: row.text(|code| match code {
            "active" => Ok(ClientStatus::Active),
            "disabled" => Ok(ClientStatus::Disabled),
            _ => Err(()),
        })?,
        created_at: row.time()?,
        redirect_uris: row.text(redirect_uris)?,
        origin: row.parsed()?,
        logout: logout(row)?,
        requires_pushed_requests: row.take()?,
    })
}

/// The columns `post_logout_redirect_uris`, `backchannel_logout_uri` and `backchannel_logout_session_required`.
fn logout(row: &mut Columns<'_, '_>) -> Result<ClientLogout, Fault> {
    let post_logout_redirect_uris = row.text(redirect_uris)?;
    let (uri, session_required) = (row.some(|row| row.text(LogoutUri::parse))?, row.take()?);
    let backchannel = uri.map(|uri| BackchannelLogout { uri, session_required });
    Ok(ClientLogout { post_logout_redirect_uris, backchannel })
}

fn resources(uris: &str) -> Result<BTreeSet<ResourceUri>, InvalidResource> {
    uris.split(' ').filter(|uri| !uri.is_empty()).map(ResourceUri::parse).collect()
}

fn redirect_uris(uris: &str) -> Result<BTreeSet<RedirectUri>, InvalidRedirectUri> {
    uris.split(' ').filter(|uri| !uri.is_empty()).map(RedirectUri::parse).collect()
}

/// The columns `authentication`, `secret_hash` and `jwks`.
fn authentication(row: &mut Columns<'_, '_>) -> Result<ClientAuthentication, Fault> {
    let method: AuthenticationMethod = row.parsed()?;
    let hash = row.take::<Option<_>>()?.map(SecretHash::from_bytes);
    let keys = row.some(|row| row.text(|jwks| JwkSet::parse(jwks.as_bytes())))?;
    match (method, hash, keys) {
        (AuthenticationMethod::None, None, None) => Ok(ClientAuthentication::Public),
        (AuthenticationMethod::SecretBasic, Some(hash), None) => Ok(ClientAuthentication::SecretBasic(hash)),
        (AuthenticationMethod::SecretPost, Some(hash), None) => Ok(ClientAuthentication::SecretPost(hash)),
        (AuthenticationMethod::PrivateKeyJwt, None, Some(keys)) => Ok(ClientAuthentication::PrivateKeyJwt(keys)),
        _ => Err(Fault::Damaged("column `authentication`: it is not what was written".to_owned())),
    }
}

const fn rotation_code(rotation: RotationPolicy) -> &'static str {
    match rotation {
        RotationPolicy::On => "on",
        RotationPolicy::UnlessProven => "unless_proven",
    }
}
