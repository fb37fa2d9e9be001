//! Our server over HTTP, in this process.

use crate::opener::Opener;
use crate::sessions::{ISSUER, MASTER, found};
use countersign_core::Span;
use countersign_core::key_ring::MasterKey;
use countersign_core::policy::SessionPolicy;
use countersign_core::store::Store;
use countersign_server::{Bucket, FeedPolicy, HashingPolicy, Server, SignUpPolicy, ThrottlePolicy, serve};
use countersign_store_sqlite::{Options, SqliteStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

/// A server that commits every refresh, and what opens sessions in it.
pub struct Bench {
    /// Where it listens.
    pub address: SocketAddr,
    opener: Opener,
}

impl Bench {
    /// Starts a server on a database in `folder`.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with_feed(folder, FeedPolicy::default()).await
    }

    /// The same with another feed.
    pub async fn start_with_feed(folder: &Path, feed: FeedPolicy) -> Self {
        Self::start_with(folder, feed, HashingPolicy::default()).await
    }

    /// The same with another hashing pool.
    pub async fn start_with_hashing(folder: &Path, hashing: HashingPolicy) -> Self {
        Self::start_with(folder, FeedPolicy::default(), hashing).await
    }

    async fn start_with(folder: &Path, feed: FeedPolicy, hashing: HashingPolicy) -> Self {
        let store = SqliteStore::open(&Options::at(folder.join("countersign.db"))).expect("a new database");
        let store: Arc<dyn Store> = Arc::new(store);
        let opener = found(Arc::clone(&store)).await;
        // Every sign-in of a bench comes from one address, hundreds of them at once.
        let unlimited = Bucket { burst: 1_000_000, every: Span::from_millis(1) };
        let server = Server::builder(store, MasterKey::from_bytes(MASTER), ISSUER)
            // No row 11: every refresh is a commit.
            .sessions(SessionPolicy { grace: Span::ZERO, ..SessionPolicy::default() })
            .feed(feed)
            .hashing(hashing)
            .throttle(ThrottlePolicy { account: unlimited, address: unlimited, network: unlimited })
            .sign_up(SignUpPolicy::Open);
        let server = server.build().await.expect("it starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(server.jobs());
        tokio::spawn(serve(listener, server.router(), std::future::pending()));
        Self { address, opener }
    }

    /// What it keeps everything in.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.opener.store
    }

    /// Opens a session, and gives its first refresh token.
    pub async fn session(&self, client: usize) -> String {
        self.opener.session(client).await
    }
}
