//! What runs behind the requests, and what its parts share.

use std::sync::Arc;

use countersign_jose::KeySet;
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::AbortHandle,
};

use crate::{
    access::Access,
    discovery::{Issuer, Metadata},
    feed::{Feed, FeedKeys, Place, Relay, Report, Reporter, watch_freshness},
    folder::{File, Saver},
    keys::Refresh,
    limits::INTROSPECTIONS_MAX,
    net::Net,
    state::{FeedKind, State},
    timing::Timing,
};

/// What the tasks share. Requests only read `state`.
pub(crate) struct Context {
    pub(crate) state: Arc<State>,
    pub(crate) issuer: Issuer,
    pub(crate) net: Net,
    /// Where the feed is read, if not at the issuer.
    relay: Option<Relay>,
    pub(crate) timing: Timing,
    pub(crate) access: Access,
    pub(crate) introspections: Semaphore,
    metadata: watch::Sender<Option<Arc<Metadata>>>,
    /// The feed's own keys.
    pub(crate) feed_keys: watch::Sender<Option<Arc<KeySet>>>,
    /// An object was signed with a key that is not among them.
    pub(crate) feed_keys_wanted: Notify,
    /// What the issuer is to be told.
    pub(crate) report: watch::Sender<Report>,
    progress: watch::Sender<u64>,
    saver: Option<Saver>,
}

impl Context {
    pub(crate) fn new(
        state: Arc<State>,
        issuer: Issuer,
        net: Net,
        timing: Timing,
        access: Access,
        saver: Option<Saver>,
    ) -> Self {
        Self {
            state,
            issuer,
            net,
            relay: None,
            timing,
            access,
            introspections: Semaphore::new(INTROSPECTIONS_MAX),
            metadata: watch::Sender::new(None),
            feed_keys: watch::Sender::new(None),
            feed_keys_wanted: Notify::new(),
            report: watch::Sender::new(Report::default()),
            progress: watch::Sender::new(0),
            saver,
        }
    }

    /// The same, with the feed read from a relay.
    pub(crate) fn reading_from(self, relay: Option<Relay>) -> Self {
        Self { relay, ..self }
    }

    pub(crate) const fn relay(&self) -> Option<&Relay> {
        self.relay.as_ref()
    }

    /// Where the feed is read; none if the issuer has no feed.
    pub(crate) fn feed_place(&self, metadata: &Metadata) -> Option<Place<'_>> {
        let urls = metadata.feed.as_ref()?;
        Some(match &self.relay {
            Some(relay) => relay.place(urls),
            None => Place { net: &self.net, urls: urls.clone() },
        })
    }

    /// The metadata as last fetched or read back.
    pub(crate) fn metadata(&self) -> Option<Arc<Metadata>> {
        self.metadata.borrow().clone()
    }

    pub(crate) fn take_metadata(&self, metadata: Arc<Metadata>) {
        let kind = if metadata.feed.is_some() { FeedKind::Countersign } else { FeedKind::None };
        self.state.set_feed_kind(kind);
        self.metadata.send_replace(Some(metadata));
        self.progressed();
    }

    /// Waits for metadata that names a feed: for ever, if the issuer has none.
    pub(crate) async fn metadata_with_feed(&self) -> Arc<Metadata> {
        let mut metadata = self.metadata.subscribe();
        loop {
            let found = metadata.borrow_and_update().clone().filter(|metadata| metadata.feed.is_some());
            match found {
                Some(metadata) => return metadata,
                // The sender lives as long as `self`.
                None => _ = metadata.changed().await,
            }
        }
    }

    /// Something is known that was not known before.
    pub(crate) fn progressed(&self) {
        self.progress.send_modify(|count| *count += 1);
    }

    pub(crate) fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }

    pub(crate) fn save_metadata(&self, text: &[u8]) {
        self.save(File::Metadata, text);
    }

    pub(crate) fn save_keys(&self, text: &[u8]) {
        self.save(File::Keys, text);
        self.progressed();
    }

    pub(crate) fn save_feed_keys(&self, text: &[u8]) {
        self.save(File::FeedKeys, text);
    }

    pub(crate) const fn saver(&self) -> Option<&Saver> {
        self.saver.as_ref()
    }

    fn save(&self, file: File, text: &[u8]) {
        if let Some(saver) = &self.saver {
            saver.replace(file, text.to_vec());
        }
    }
}

/// The tasks of one verifier. They end when this is dropped.
pub(crate) struct Tasks(Vec<AbortHandle>);

impl Tasks {
    /// Must be called within a runtime.
    pub(crate) fn start(context: &Arc<Context>, feed: Feed) -> Self {
        let refresh = tokio::spawn(Refresh::new(context.clone()).run());
        let feed_keys = tokio::spawn(FeedKeys::new(context.clone()).run());
        let feed = tokio::spawn(feed.run());
        let reporter = tokio::spawn(Reporter::new(context.clone()).run());
        let watch = tokio::spawn(watch_freshness(context.clone()));
        Self([refresh, feed_keys, feed, reporter, watch].iter().map(tokio::task::JoinHandle::abort_handle).collect())
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}
