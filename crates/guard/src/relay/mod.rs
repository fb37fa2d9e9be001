//! The relay: follows an issuer's feed, or another relay's, and hands on what the issuer signed, byte for byte.
//!
//! It is built on a [`Verifier`]: that fetches metadata and keys from the issuer, verifies every object, and follows. What
//! the verifier took, [`hub`] holds and hands to readers; [`routes`] speak HTTP as the issuer does. A relay adds nothing
//! and vouches for nothing: each reader verifies again, and judges by the signed `as_of` how fresh it is. So a relay that
//! stalls makes its readers stale, and never wrong.

mod hub;
pub mod limits;
mod log;
mod metrics;
mod object;
mod reader;
mod reports;
mod routes;
mod status;
mod stream;
mod upkeep;

use std::{path::PathBuf, sync::Arc};

use axum::Router;
use countersign_verifier::{BuildError, FeedEvent, Timing, Verifier};
use tokio::task::AbortHandle;

use hub::Hub;
use reports::Reports;
use status::Above;

/// What a relay is told.
#[derive(Clone)]
pub struct RelaySettings {
    issuer: String,
    client: Option<(String, String)>,
    upstream: Option<String>,
    data_folder: Option<PathBuf>,
    timing: Timing,
}

/// A relay that follows. The background ends with it.
#[derive(Debug)]
pub struct Relay {
    shared: Shared,
    tasks: Vec<AbortHandle>,
}

/// What routes and background share.
#[derive(Debug, Clone)]
struct Shared {
    hub: Arc<Hub>,
    verifier: Verifier,
    reports: Arc<Reports>,
    above: Arc<Above>,
    /// Whether the feed is, and so whether readers need no token.
    is_public: bool,
}

impl RelaySettings {
    /// A relay of that issuer's feed, read at the issuer itself, without a client: for a feed that is public.
    #[must_use]
    pub fn new(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self { issuer, client: None, upstream: None, data_folder: None, timing: Timing::default() }
    }

    /// The client as which it reads; it needs the scope `feed:read`. Then its readers need such a token, too.
    #[must_use]
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client = Some((id.into(), secret.into()));
        self
    }

    /// Another relay to read from; keys still come from the issuer.
    #[must_use]
    pub fn upstream(mut self, url: impl Into<String>) -> Self {
        self.upstream = Some(url.into());
        self
    }

    /// Keeps what it knows in this folder, and begins with that at the next start: then the issuer may be down.
    #[must_use]
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_folder = Some(folder.into());
        self
    }

    /// How long its background waits for what.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }
}

impl std::fmt::Debug for RelaySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the client's secret.
        f.debug_struct("RelaySettings")
            .field("issuer", &self.issuer)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

impl Relay {
    /// Starts to follow. It does not wait for the issuer, which may be down: see [`is_ready`](Self::is_ready).
    ///
    /// # Errors
    /// [`BuildError`] for what cannot become right by waiting.
    pub async fn start(settings: RelaySettings) -> Result<Self, BuildError> {
        let RelaySettings { issuer, client, upstream, data_folder, timing } = settings;
        let hub = Arc::new(Hub::default());
        let taken = Arc::clone(&hub);
        // Tokens that let somebody read the feed are for the issuer itself.
        let mut builder = Verifier::builder(&issuer).audience(&issuer).timing(timing).observe(move |event| {
            if let FeedEvent::Object { object, applied } = event {
                taken.take(object, *applied == ADVANCED);
            }
        });
        let is_public = client.is_none();
        if let Some((id, secret)) = client {
            builder = builder.client(id, secret);
        }
        if let Some(upstream) = upstream {
            builder = builder.feed_from(upstream);
        }
        if let Some(folder) = data_folder {
            builder = builder.data_folder(folder);
        }
        let verifier = builder.build().await?;
        let shared = Shared { hub, verifier, reports: Arc::default(), above: Arc::default(), is_public };
        let tasks = upkeep::start(&shared);
        Ok(Self { shared, tasks })
    }

    /// `/revocations/…`, `/healthz`, `/readyz` and `/metrics`.
    pub fn router(&self) -> Router {
        routes::router(self.shared.clone())
    }

    /// Whether there is something to hand on, and readers can be told apart from others.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.why_unready().is_empty()
    }

    /// The verifier that it is built on: how fresh it is, and what it has counted.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.shared.verifier
    }

    /// Ends all streams, and begins no new ones: the server is about to stop.
    pub fn close(&self) {
        self.shared.hub.close();
    }
}

/// What the follower says of an object that brought it on.
const ADVANCED: &str = "advanced";

impl Shared {
    /// What is in the way; nothing if it is ready.
    fn why_unready(&self) -> Vec<&'static str> {
        let mut why = Vec::new();
        if !self.hub.standing().has_snapshot {
            why.push("no snapshot of the feed is held yet");
        }
        if !self.is_public && !self.verifier.ready() {
            why.push("the issuer's keys are not known yet");
        }
        why
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}
