//! A server to test: a real listener, a real database in a folder of its own, a clock that is moved by hand.

use super::client::{Request, Response, send_raw};
use super::failing::{FailingStore, When};
use super::keys::SharedKeys;
use countersign_core::key_ring::MasterKey;
use countersign_core::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use countersign_core::token::ClaimMapping;
use countersign_core::{Source as _, Span, Time};
use countersign_jose::Algorithm;
use countersign_server::outbound::OutboundPolicy;
use countersign_server::telemetry::MetricsAccess;
use countersign_server::{
    AddressRange, DocumentPolicy, FaultPoint, FeedPolicy, HashingPolicy, ManualSource, RegistrationPolicy, Server,
    SignUpPolicy, StoppedRequest, ThrottlePolicy,
};
use countersign_store_sqlite::{Options, SqliteStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The issuer of every test.
pub(crate) const ISSUER: &str = "http://localhost:8420";
/// When every test begins.
const BEGIN: Time = Time::from_millis(1_800_000_000_000);
pub(crate) const SECOND: Span = Span::from_seconds(1);
/// `sessions.grace`, as it is by default.
pub(crate) const GRACE: Span = Span::from_seconds(10);

const DATABASE: &str = "countersign.db";

/// The operator's key of every test.
pub(crate) const MASTER_KEY: [u8; MasterKey::BYTES] = *b"0123456789 only for these tests!";

/// The same, ready to use.
pub(crate) fn master_key() -> MasterKey {
    MasterKey::from_bytes(MASTER_KEY)
}

/// How a server is set up, where a test wants it otherwise than by default.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) token: TokenPolicy,
    pub(crate) session: SessionPolicy,
    pub(crate) key: KeyPolicy,
    pub(crate) sign_up: SignUpPolicy,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) behind_proxy: Vec<AddressRange>,
    pub(crate) hashing: HashingPolicy,
    pub(crate) throttle: ThrottlePolicy,
    pub(crate) outbound: OutboundPolicy,
    pub(crate) feed: FeedPolicy,
    pub(crate) registration: RegistrationPolicy,
    pub(crate) documents: DocumentPolicy,
    pub(crate) metrics: MetricsAccess,
    /// Kept open through restarts, so that nobody else takes the port; none: another one at each start.
    pub(crate) listener: Option<Arc<std::net::TcpListener>>,
}

/// A server that runs.
pub(crate) struct TestApp {
    setup: Setup,
    folder: TempDir,
    address: SocketAddr,
    source: Arc<ManualSource>,
    sqlite: Arc<SqliteStore>,
    store: Arc<FailingStore>,
    server: Server,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    jobs: JoinHandle<()>,
}

/// A server that was stopped, and what it left on disk.
pub(crate) struct Stopped {
    setup: Setup,
    folder: TempDir,
    now: Time,
}

/// A copy of a database file.
pub(crate) struct DatabaseCopy(pub(crate) Vec<u8>);

impl Default for Setup {
    fn default() -> Self {
        Self {
            token: TokenPolicy {
                issuer: ISSUER.to_owned(),
                algorithm: Algorithm::Es256,
                access_lifetime: Span::from_seconds(600),
                claims: ClaimMapping::default(),
            },
            session: SessionPolicy::default(),
            key: KeyPolicy::default(),
            sign_up: SignUpPolicy::Open,
            trusted_origins: Vec::new(),
            cors_origins: Vec::new(),
            behind_proxy: Vec::new(),
            hashing: HashingPolicy::default(),
            throttle: ThrottlePolicy::default(),
            outbound: OutboundPolicy::default(),
            feed: FeedPolicy::default(),
            registration: RegistrationPolicy::Open,
            documents: DocumentPolicy::On,
            metrics: MetricsAccess::Loopback,
            listener: None,
        }
    }
}

/// Custom claims, each as `name=attribute:name`.
pub(crate) fn mapping(claims: &[&str]) -> ClaimMapping {
    let claims: Result<Vec<_>, _> = claims.iter().map(|text| ClaimMapping::definition(text)).collect();
    ClaimMapping::of(claims.expect("claims")).expect("a mapping")
}

impl Setup {
    pub(crate) fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.token.algorithm = algorithm;
        self
    }

    pub(crate) fn grace(mut self, grace: Span) -> Self {
        self.session.grace = grace;
        self
    }

    /// With these custom claims, each as `name=attribute:name`.
    pub(crate) fn claims(mut self, claims: &[&str]) -> Self {
        self.token.claims = mapping(claims);
        self
    }

    pub(crate) fn sign_up(self, sign_up: SignUpPolicy) -> Self {
        Self { sign_up, ..self }
    }

    /// Under an issuer at which it is found: for verifiers that know nothing but the issuer's URL.
    pub(crate) fn reachable(mut self) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        self.token.issuer = format!("http://localhost:{}", listener.local_addr().expect("its address").port());
        self.listener = Some(Arc::new(listener));
        self
    }

    async fn listen(&self) -> tokio::net::TcpListener {
        match &self.listener {
            Some(listener) => {
                let listener = listener.try_clone().expect("the same socket");
                tokio::net::TcpListener::from_std(listener).expect("a listener of the runtime")
            }
            None => tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port"),
        }
    }

    pub(crate) async fn start(self) -> TestApp {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Stopped { setup: self, folder, now: BEGIN }.start().await
    }
}

impl Stopped {
    pub(crate) async fn start(self) -> TestApp {
        let Self { setup, folder, now } = self;
        let source = Arc::new(ManualSource::at(now));
        let sqlite = Arc::new(SqliteStore::open(&Options::at(folder.path().join(DATABASE))).expect("a database"));
        let store = Arc::new(FailingStore::new(sqlite.clone()));
        let server = Server::builder(store.clone(), master_key(), setup.token.issuer.clone())
            .source(Arc::new(SharedKeys::over(source.clone())))
            .algorithm(setup.token.algorithm)
            .access_lifetime(setup.token.access_lifetime)
            .claims(setup.token.claims.clone())
            .sessions(setup.session)
            .keys(setup.key)
            .sign_up(setup.sign_up)
            .feed(setup.feed)
            .registration(setup.registration)
            .client_documents(setup.documents)
            .metrics(setup.metrics)
            .trusted_origins(setup.trusted_origins.clone())
            .cors_origins(setup.cors_origins.clone())
            .behind_proxy(setup.behind_proxy.clone())
            .hashing(setup.hashing)
            .throttle(setup.throttle)
            .outbound(setup.outbound.clone());
        let server = server.build().await.expect("a server");
        let listener = setup.listen().await;
        let address = listener.local_addr().expect("its address");
        let (stop, stopped) = oneshot::channel();
        let router = server.router();
        let serving = tokio::spawn(async move {
            countersign_server::serve(listener, router, async {
                stopped.await.ok();
            })
            .await;
        });
        let jobs = tokio::spawn(server.jobs());
        TestApp { setup, folder, address, source, sqlite, store, server, stop, serving, jobs }
    }

    /// What is set up otherwise at the next start.
    pub(crate) fn setup_mut(&mut self) -> &mut Setup {
        &mut self.setup
    }

    /// What the database holds, whole: nobody has it open.
    pub(crate) fn copy_database(&self) -> DatabaseCopy {
        let database = self.database();
        assert!(!beside(&database, "-wal").exists(), "a closed database has no log");
        DatabaseCopy(std::fs::read(database).expect("the database"))
    }

    /// Puts an older copy in place of the database.
    pub(crate) fn put_back(&self, copy: &DatabaseCopy) {
        std::fs::write(self.database(), &copy.0).expect("the database");
    }

    fn database(&self) -> std::path::PathBuf {
        self.folder.path().join(DATABASE)
    }
}

impl TestApp {
    /// A server as it is by default, but that anybody may sign up.
    pub(crate) async fn start() -> Self {
        Setup::default().start().await
    }

    pub(crate) async fn stop(self) -> Stopped {
        let now = self.source.now();
        self.stop.send(()).ok();
        self.server.close_feed();
        self.serving.await.expect("it serves to the end");
        self.jobs.abort();
        self.jobs.await.ok();
        self.sqlite.close().await;
        Stopped { setup: self.setup, folder: self.folder, now }
    }

    pub(crate) fn clock(&self) -> &ManualSource {
        &self.source
    }

    pub(crate) fn store(&self) -> &FailingStore {
        &self.store
    }

    /// Lets the next call of this method of the store fail.
    pub(crate) fn fail_next(&self, method: &'static str, when: When) {
        self.store.fail(method, when);
    }

    /// Stops the next request that comes to `point`.
    pub(crate) fn stop_at(&self, point: FaultPoint) -> StoppedRequest {
        self.server.stop_at(point)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The database's file, for another process beside this one.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.folder.path().join(DATABASE)
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    pub(crate) async fn send_raw(&self, bytes: impl AsRef<[u8]>) -> Option<Response> {
        send_raw(self.address, bytes.as_ref()).await
    }
}

fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
