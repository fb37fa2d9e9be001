//! Clients other than the built-in one.

use crate::SqliteStore;
use crate::audit::tell;
use crate::error::Fault;
use crate::rows::{Columns, change, first, millis, span_millis};
use countersign_core::audit::AuditEvent;
use countersign_core::client::{Client, ClientAuthentication, ClientId, ClientStatus, RotationPolicy};
use countersign_core::store::{ClientStore, Registered, StoreFuture};

impl ClientStore for SqliteStore {
    fn register_client(&self, client: Client, audit: AuditEvent) -> StoreFuture<'_, Registered> {
        self.writer.run("registering a client", move |commit| {
            if client.id.as_str() == ClientId::FIRST_PARTY {
                return Ok(Registered::IdTaken);
            }
            let registered = change(
                commit,
                "INSERT INTO client (id, authentication, rotation, overlap, status, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
                (
                    client.id.as_str(),
                    authentication_code(client.authentication),
                    rotation_code(client.rotation),
                    span_millis(client.overlap),
                    status_code(client.status),
                    millis(client.created_at),
                ),
            )?;
            if registered == 0 {
                return Ok(Registered::IdTaken);
            }
            tell(commit, &audit)?;
            Ok(Registered::Registered)
        })
    }

    fn client(&self, id: &ClientId) -> StoreFuture<'_, Option<Client>> {
        let id = id.clone();
        self.readers.run("reading a client", move |read| {
            first(
                read,
                "SELECT id, authentication, rotation, overlap, status, created_at FROM client WHERE id = ?1",
                (id.as_str(),),
                client,
            )
        })
    }
}

/// How many columns [`client`] takes: all of its table, in order.
pub(crate) const COLUMNS: usize = 6;

pub(crate) fn client(row: &mut Columns<'_, '_>) -> Result<Client, Fault> {
    Ok(Client {
        id: row.text(ClientId::parse)?,
        authentication: row.text(|code| match code {
            "public" => Ok(ClientAuthentication::Public),
            "confidential" => Ok(ClientAuthentication::Confidential),
            _ => Err(()),
        })?,
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
    })
}

const fn authentication_code(authentication: ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::Public => "public",
        ClientAuthentication::Confidential => "confidential",
    }
}

const fn rotation_code(rotation: RotationPolicy) -> &'static str {
    match rotation {
        RotationPolicy::On => "on",
        RotationPolicy::UnlessProven => "unless_proven",
    }
}

const fn status_code(status: ClientStatus) -> &'static str {
    match status {
        ClientStatus::Active => "active",
        ClientStatus::Disabled => "disabled",
    }
}
