//! The throw-away world of a tour: an issuer with its database in a temporary folder, a resource server, real HTTP
//! between them on loopback, and one clock for both that stands still until the tour moves it.

use super::orders::{AUDIENCE, CLIENT, Orders};
use super::step::{Checked, Event};
use crate::config::{Config, Environment, Flags, load};
use crate::failure::Failure;
use crate::policies;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::client::{ClientId, ClientKind, ClientProfile, ClientSecret};
use countersign_core::key_ring::MasterKey;
use countersign_core::ops::{ClientRegistered, RegisterClient};
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::scope::{FEED_READ, ScopeSet};
use countersign_core::store::Store;
use countersign_core::{Draw, Source};
use countersign_jose::base64url;
use countersign_server::{ManualSource, Server, SystemSource, serve};
use countersign_store_sqlite::{Options, SqliteStore};
use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

/// What anybody may have of the orders service, and what needs a role.
const SCOPES: [&str; 2] = ["orders:read", "orders:refund=support"];

/// What the tour sets; everything else is as `serve` has it where nothing is configured.
const SETTINGS: [(&str, &str); 1] = [("COUNTERSIGN_ACCOUNTS__SIGN_UP", "open")];

/// Both servers end when this is dropped, and the folder with them.
pub(super) struct World {
    issuer: String,
    orders_url: String,
    orders: Orders,
    learnt: Vec<Event>,
    clock: Arc<ManualSource>,
    requests: Requests,
    config: Config,
    // Ended before their folder goes.
    _serving: JoinSet<()>,
    _folder: TempDir,
}

/// What a verifier asks ahead of any token: keys, revocations, and its own token for these.
const BACKGROUND: [&str; 3] = ["/.well-known/", "/revocations/", "/oauth2/token"];

/// How many requests the issuer got beside those.
type Requests = Arc<AtomicU64>;

impl World {
    /// Starts both servers; the resource server has learnt the issuer's keys.
    pub(super) async fn start() -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(not_started)?;
        let config = load(&Flags::default(), &Environment::from_iter(SETTINGS), folder.path())?;
        let clock = Arc::new(ManualSource::at(SystemSource::new().now()));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&Options::at(folder.path().join("tour.db")))?);
        let secret = register_orders(&*store, &*clock).await?;

        let (listener, issuer) = listen().await?;
        let server = start_issuer(&config, issuer.clone(), store, clock.clone()).await?;
        let requests = Requests::default();
        let counted = from_fn_with_state(requests.clone(), count);
        let mut serving = JoinSet::new();
        serving.spawn(server.jobs());
        serving.spawn(serve(listener, server.router().layer(counted), pending()));

        let (orders, learnt) = Orders::start(&issuer, &secret, clock.clone()).await.map_err(not_started)?;
        let (listener, orders_url) = listen().await?;
        serving.spawn(serve(listener, orders.router(), pending()));
        let (_serving, _folder) = (serving, folder);
        Ok(Self { issuer, orders_url, orders, learnt, clock, requests, config, _serving, _folder })
    }

    /// The URL of a path at the issuer; of none: the issuer.
    pub(super) fn issuer(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The URL of a path at the orders service.
    pub(super) fn orders(&self, path: &str) -> String {
        format!("{}{path}", self.orders_url)
    }

    pub(super) fn is_issuer(&self, url: &str) -> bool {
        url.strip_prefix(&self.issuer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(super) fn clock(&self) -> &ManualSource {
        &self.clock
    }

    /// After so many seconds nobody takes an access token any more, however generous with clocks.
    pub(super) const fn beyond_access_lifetime(&self) -> u64 {
        self.config.tokens.access_lifetime.as_secs() + self.config.tokens.leeway.as_secs() + 1
    }

    /// After so many seconds a spent refresh token is no second tab's any more.
    pub(super) const fn beyond_grace(&self) -> u64 {
        self.config.sessions.grace.as_secs() + 1
    }

    /// What the orders service asked the issuer when it started.
    pub(super) fn take_learnt(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.learnt)
    }

    /// How the orders service checked the last token that it took.
    pub(super) fn checked(&self) -> Vec<Checked> {
        self.orders.checked()
    }

    /// Waits until the orders service knows of every revocation.
    pub(super) async fn orders_current(&self) -> bool {
        self.orders.wait_until_current().await
    }

    /// How many requests the issuer has got, beside those that a verifier makes ahead of any token.
    pub(super) fn issuer_requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// A password that nobody has used before.
    pub(super) fn password(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 16]);
        self.clock.fill(&mut *bytes);
        Zeroizing::new(base64url::encode(&*bytes))
    }
}

async fn start_issuer(
    config: &Config,
    issuer: String,
    store: Arc<dyn Store>,
    clock: Arc<ManualSource>,
) -> Result<Server, Failure> {
    let mut master = Zeroizing::new([0; 32]);
    clock.fill(&mut *master);
    let builder = Server::builder(store, MasterKey::from_bytes(*master), issuer).source(clock);
    policies::of_server(config, builder)?.build().await.map_err(not_started)
}

/// As `countersign resource add` and `countersign client add` do; gives the client's secret.
async fn register_orders(store: &dyn Store, source: &dyn Source) -> Result<ClientSecret, Failure> {
    let uri = ResourceUri::parse(AUDIENCE).map_err(not_started)?;
    let orders = Resource::new(uri, SCOPES, None, source.now()).map_err(not_started)?;
    let audit = AuditEvent::new(source.now(), "resource.added", Actor::named("tour")).told(AUDIENCE);
    store.add_resource(orders, audit).await?;
    let register = RegisterClient {
        id: ClientId::parse(CLIENT).map_err(not_started)?,
        kind: ClientKind::Machine,
        profile: ClientProfile {
            name: None,
            scopes: ScopeSet::parse(FEED_READ).map_err(not_started)?,
            ..ClientProfile::default()
        },
        authentication: None,
        keys: None,
    };
    match register.run(Actor::named("tour"), store, &Draw::from(source)).await?.map_err(not_started)? {
        ClientRegistered::Registered(_, Some(secret)) => Ok(secret),
        other => Err(Failure::failed(format!("the tour's client was not registered: {other:?}"))),
    }
}

/// A free port on loopback, and the URL of whoever listens there.
async fn listen() -> Result<(TcpListener, String), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(not_started)?;
    let address = listener.local_addr().map_err(not_started)?;
    Ok((listener, format!("http://{address}")))
}

async fn count(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let ahead = BACKGROUND.iter().any(|path| request.uri().path().starts_with(path));
    requests.fetch_add(u64::from(!ahead), Ordering::Relaxed);
    next.run(request).await
}

fn not_started(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::failed(error).about("the servers of the tour can't be started")
}
