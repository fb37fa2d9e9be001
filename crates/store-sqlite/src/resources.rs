//! Resource servers.

use crate::SqliteStore;
use crate::audit::tell;
use crate::error::Fault;
use crate::pages::{begin, nothing, paged, rows_wanted, text_key};
use crate::rows::{Columns, all, change, first, millis, span_millis};
use countersign_core::Span;
use countersign_core::account::{Role, Roles};
use countersign_core::audit::AuditEvent;
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::scope::Scope;
use countersign_core::store::{AddedResource, Page, Paged, RemoveResource, ResourceStore, StoreFuture, Swap};
use countersign_core::token::{ClaimMapping, ClaimName, ClaimSource};
use rusqlite::Connection;
use std::collections::BTreeMap;

impl ResourceStore for SqliteStore {
    fn add_resource(&self, resource: Resource, audit: AuditEvent) -> StoreFuture<'_, AddedResource> {
        self.writer.run("adding a resource", move |commit| {
            let added = change(
                commit,
                "INSERT INTO resource (uri, scopes, lifetime, claims, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (uri) DO NOTHING",
                (
                    resource.uri.as_str(),
                    written(&resource.scopes),
                    resource.lifetime.map(span_millis),
                    resource.claims.as_ref().map(written_claims),
                    millis(resource.created_at),
                ),
            )?;
            if added == 0 {
                return Ok(AddedResource::UriTaken);
            }
            tell(commit, &audit)?;
            Ok(AddedResource::Added)
        })
    }

    fn resource(&self, uri: &ResourceUri) -> StoreFuture<'_, Option<Resource>> {
        let uri = uri.clone();
        self.readers.run("reading a resource", move |read| resource_of(read, &uri))
    }

    fn resources(&self, page: Page) -> StoreFuture<'_, Paged<Resource>> {
        self.readers.run("listing resources", move |read| {
            let Some(after) = begin(&page, String::new(), text_key) else {
                return Ok(nothing());
            };
            let statement =
                "SELECT uri, scopes, lifetime, claims, created_at FROM resource WHERE uri > ?1 ORDER BY uri LIMIT ?2";
            let found = all(read, statement, (after, rows_wanted(&page)), resource)?;
            Ok(paged(found, &page, |last| last.uri.as_str().into()))
        })
    }

    fn longest_lifetime(&self) -> StoreFuture<'_, Option<Span>> {
        self.readers.run("reading the longest lifetime", |read| {
            let longest = first(read, "SELECT max(lifetime) FROM resource", (), |row| row.some(Columns::span))?;
            Ok(longest.flatten())
        })
    }

    fn remove_resource(&self, remove: RemoveResource) -> StoreFuture<'_, Swap> {
        self.writer.run("removing a resource", move |commit| {
            if change(commit, "DELETE FROM resource WHERE uri = ?1", (remove.uri.as_str(),))? == 0 {
                return Ok(Swap::Lost);
            }
            tell(commit, &remove.audit)?;
            Ok(Swap::Won)
        })
    }
}

/// How many columns [`resource`] takes: all of its table, in order.
pub(crate) const COLUMNS: usize = 5;

/// What is registered under a URI.
pub(crate) fn resource_of(read: &Connection, uri: &ResourceUri) -> Result<Option<Resource>, Fault> {
    let statement = "SELECT uri, scopes, lifetime, claims, created_at FROM resource WHERE uri = ?1";
    first(read, statement, (uri.as_str(),), resource)
}

pub(crate) fn resource(row: &mut Columns<'_, '_>) -> Result<Resource, Fault> {
    Ok(Resource {
        uri: row.text(ResourceUri::parse)?,
        scopes: row.text(|text| scopes(text).ok_or(()))?,
        lifetime: row.some(Columns::span)?,
        claims: row.some(|row| row.text(|text| claims(text).ok_or(())))?,
        created_at: row.time()?,
    })
}

/// `{"orders:admin":["admin","ops"],"orders:read":[]}`
fn written(scopes: &BTreeMap<Scope, Roles>) -> String {
    let scopes = scopes.iter().map(|(scope, roles)| (scope.as_str().to_owned(), roles.iter().collect()));
    serde_json::Value::Object(scopes.collect()).to_string()
}

/// `{"tenant":"attribute:tenant"}`
fn written_claims(claims: &ClaimMapping) -> String {
    let claims = claims.iter().map(|(name, source)| (name.to_owned(), source.to_string().into()));
    serde_json::Value::Object(claims.collect()).to_string()
}

fn claims(text: &str) -> Option<ClaimMapping> {
    let read: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let claim =
        |(name, source): (String, String)| Some((ClaimName::parse(&name).ok()?, ClaimSource::parse(&source).ok()?));
    ClaimMapping::of(read.into_iter().map(claim).collect::<Option<Vec<_>>>()?).ok()
}

fn scopes(text: &str) -> Option<BTreeMap<Scope, Roles>> {
    let read: BTreeMap<String, Vec<String>> = serde_json::from_str(text).ok()?;
    let definition = |(scope, roles): (String, Vec<String>)| {
        let roles = roles.iter().map(|role| Role::parse(role)).collect::<Result<Vec<_>, _>>().ok()?;
        Some((Scope::parse(&scope).ok()?, Roles::of(roles).ok()?))
    };
    read.into_iter().map(definition).collect()
}
