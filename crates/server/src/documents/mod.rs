//! Clients whose id is the URL of a document that says what they are (OAuth Client ID Metadata Document): fetching it,
//! keeping it for as long as HTTP says, asking once for all who wait.

mod error;
mod fetch;
mod freshness;

use crate::app::App;
use crate::error::ApiError;
use crate::limits::{DOCUMENT_KEPT_MAX, DOCUMENT_KEPT_MIN, DOCUMENTS_KEPT_MAX, FAILED_FETCH_KEPT};
use countersign_core::Time;
use countersign_core::client::{Client, ClientId, DocumentUrl};
use error::DocumentError;
use fetch::{Fetch, Known};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Whether clients may be described by a document at their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentPolicy {
    /// They may.
    On,
    /// They may not: nothing is fetched for them.
    Off,
}

/// The documents that are kept.
#[derive(Default)]
pub(crate) struct ClientDocuments {
    slots: Mutex<HashMap<ClientId, Arc<Slot>>>,
}

/// One document; whoever asks for it while it is fetched waits for that fetch.
type Slot = tokio::sync::Mutex<State>;

#[derive(Default)]
struct State {
    known: Option<Known>,
    failed: Option<(Time, Arc<DocumentError>)>,
}

/// How new a document must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// As HTTP says.
    Cached,
    /// Fetched within the last minute: something is not as it says.
    New,
}

/// What the document at a client's id says, where the id is the URL of one and no operator has a say in it.
pub(crate) async fn described(app: &App, id: &ClientId, address: IpAddr) -> Result<Option<Client>, ApiError> {
    let Some(url) = followed(app, id).await? else { return Ok(None) };
    let client = app.documents().client(app, &url, address, Wanted::Cached).await;
    client.map(Some).map_err(|error| error.told())
}

/// The same where a request must not fail for want of the document: of a client that is known, what was known is enough.
pub(crate) async fn described_if_unknown(
    app: &App,
    id: &ClientId,
    address: IpAddr,
) -> Result<Option<Client>, ApiError> {
    if DocumentUrl::of(id).is_none() || app.store().client(id).await?.is_some() {
        return Ok(None);
    }
    Ok(described(app, id, address).await.unwrap_or_default())
}

/// What the document says, for keys that may have changed since.
pub(crate) async fn described_for_keys(
    app: &App,
    id: &ClientId,
    address: IpAddr,
    wanted: Wanted,
) -> Result<Option<Client>, ApiError> {
    let Some(url) = followed(app, id).await? else { return Ok(None) };
    Ok(app.documents().client(app, &url, address, wanted).await.ok())
}

async fn followed(app: &App, id: &ClientId) -> Result<Option<DocumentUrl>, ApiError> {
    let url = DocumentUrl::of(id).filter(|_| app.routes().documents == DocumentPolicy::On);
    let Some(url) = url else { return Ok(None) };
    let known = app.store().client(id).await?;
    Ok(known.is_none_or(|known| known.follows_its_document()).then_some(url))
}

impl ClientDocuments {
    async fn client(
        &self,
        app: &App,
        url: &DocumentUrl,
        address: IpAddr,
        wanted: Wanted,
    ) -> Result<Client, Arc<DocumentError>> {
        let slot = self.slot(url.client(), app.source().now());
        let mut state = slot.lock().await;
        // Whoever waited is served by what came meanwhile.
        let now = app.source().now();
        if let Some(known) = state.known.as_ref().filter(|known| known.is_good(now) && wanted.allows(known, now)) {
            return Ok(known.client.clone());
        }
        if let Some((_, error)) = state.failed.as_ref().filter(|(at, _)| now.since(*at) < FAILED_FETCH_KEPT) {
            return state.stale(now).ok_or_else(|| Arc::clone(error));
        }
        let fetch = Fetch { app, address, now };
        match fetch.document(url, state.known.as_ref()).await {
            Ok(known) => {
                let client = known.client.clone();
                *state = State { known: Some(known), failed: None };
                Ok(client)
            }
            Err(error) => {
                tracing::info!(client = %url.as_str(), error = &error as &dyn std::error::Error, "client's document refused");
                if !error.is_passing() {
                    state.known = None;
                }
                let error = Arc::new(error);
                // That somebody asked too often says nothing to the next one.
                let keep = !matches!(*error, DocumentError::Throttled(_));
                state.failed = keep.then(|| (now, Arc::clone(&error)));
                state.stale(now).ok_or(error)
            }
        }
    }

    fn slot(&self, id: &ClientId, now: Time) -> Arc<Slot> {
        // Nothing that holds the lock can panic half-way.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(id) {
            return Arc::clone(slot);
        }
        if slots.len() >= DOCUMENTS_KEPT_MAX {
            make_room(&mut slots, now);
        }
        Arc::clone(slots.entry(id.clone()).or_default())
    }
}

impl Wanted {
    fn allows(self, known: &Known, now: Time) -> bool {
        self == Self::Cached || now.since(known.fetched_at) < DOCUMENT_KEPT_MIN
    }
}

impl State {
    /// What was known, for at most a day, if the document's server is not to be had.
    fn stale(&self, now: Time) -> Option<Client> {
        let known = self.known.as_ref().filter(|known| known.freshness.may_be_stale);
        known.filter(|known| now.since(known.fetched_at) < DOCUMENT_KEPT_MAX).map(|known| known.client.clone())
    }
}

/// What is not good any more goes; if that is nothing, the older half. What is being fetched stays.
fn make_room(slots: &mut HashMap<ClientId, Arc<Slot>>, now: Time) {
    let fetched_at = |slot: &Arc<Slot>| match slot.try_lock() {
        Ok(state) => Some(state.known.as_ref().filter(|known| known.is_good(now)).map(|known| known.fetched_at)),
        Err(_) => None,
    };
    slots.retain(|_, slot| fetched_at(slot) != Some(None));
    if slots.len() >= DOCUMENTS_KEPT_MAX {
        let mut times: Vec<Time> = slots.values().filter_map(|slot| fetched_at(slot).flatten()).collect();
        times.sort_unstable();
        let Some(median) = times.get(times.len() / 2).copied() else { return };
        slots.retain(|_, slot| fetched_at(slot).flatten().is_none_or(|at| at > median));
    }
}

#[cfg(test)]
mod tests {
    use super::ClientDocuments;
    use crate::limits::DOCUMENTS_KEPT_MAX;
    use countersign_core::Time;
    use countersign_core::client::ClientId;

    #[test]
    fn memory_is_bounded_whatever_is_asked_for() {
        let documents = ClientDocuments::default();
        for number in 0..3 * DOCUMENTS_KEPT_MAX {
            let id = ClientId::parse(&format!("https://client.example/{number}")).unwrap();
            drop(documents.slot(&id, Time::from_millis(0)));
            assert!(documents.slots.lock().unwrap().len() <= DOCUMENTS_KEPT_MAX);
        }
    }
}
