//! Our server over HTTP, in this process.

use crate::opener::{Opener, policies};
use crate::sessions::{ISSUER, MASTER, found};
use countersign_core::Span;
use countersign_core::key_ring::MasterKey;
use countersign_core::ops::OnIssuerChange;
use countersign_core::store::Store;
use countersign_jose::Leeway;
use countersign_server::telemetry::MetricsAccess;
use countersign_server::{
    FeedPolicy, HashingPolicy, HttpPolicy, RoutePolicy, Server, ServerParts, SignUpPolicy, SystemSource,
    ThrottlePolicy, serve,
};
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
        let store = SqliteStore::open(&Options::at(folder.join("countersign.db"))).expect("a new database");
        let store: Arc<dyn Store> = Arc::new(store);
        let opener = found(Arc::clone(&store)).await;
        let mut policies = policies(ISSUER);
        // No row 11: every refresh is a commit.
        policies.session.grace = Span::ZERO;
        let parts = ServerParts {
            store,
            source: Arc::new(SystemSource::new()),
            master: MasterKey::from_bytes(MASTER),
            policies,
            routes: RoutePolicy {
                sign_up: SignUpPolicy::Closed,
                leeway: Leeway::seconds(10).expect("within a minute"),
                jwks_max_age: Span::from_seconds(600),
                feed,
                metrics: MetricsAccess::Loopback,
            },
            http: HttpPolicy::new(ISSUER),
            hashing: HashingPolicy::default(),
            throttle: ThrottlePolicy::default(),
            on_issuer_change: OnIssuerChange::Refuse,
        };
        let server = Server::start(parts).await.expect("it starts");
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
