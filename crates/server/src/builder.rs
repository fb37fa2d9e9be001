//! Starting a server: founds the deployment, opens the keys, gives a router and the jobs beside it.

use crate::app::{App, RegistrationPolicy, RoutePolicy, Shared, SignUpPolicy, ring_policy};
use crate::documents::{ClientDocuments, DocumentPolicy};
use crate::feed::{FeedPolicy, Hub};
use crate::hashing::{HashingPolicy, HashingPool};
use crate::http::{AddressRange, HttpPolicy};
use crate::jobs;
use crate::limits::{ASSERTIONS_REMEMBERED, AUDIT_KEPT, PROOFS_REMEMBERED};
use crate::outbound::{Outbound, OutboundPolicy};
use crate::replays::Replays;
use crate::source::SystemSource;
use crate::telemetry::MetricsAccess;
use crate::telemetry::metrics::Metrics;
use crate::throttling::{Throttle, ThrottlePolicy};
use countersign_core::account::PasswordPolicy;
use countersign_core::audit::Actor;
use countersign_core::key_ring::{KeyRingError, MasterKey, OpenKeyRing};
use countersign_core::ops::{Found, Foundation, OnIssuerChange, Policies, RotateKeys, RotationError};
use countersign_core::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use countersign_core::store::{Store, StoreError};
use countersign_core::token::ClaimMapping;
use countersign_core::{Draw, Source, Span};
use countersign_jose::{Algorithm, Leeway};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, RwLock};

/// A server in the making. Whatever is not set is as the command line has it by default; nobody may sign up, for one.
#[must_use = "nothing is made before `build`"]
pub struct ServerBuilder {
    store: Arc<dyn Store>,
    master: MasterKey,
    source: Arc<dyn Source>,
    policies: Policies,
    routes: RoutePolicy,
    http: HttpPolicy,
    hashing: HashingPolicy,
    throttle: ThrottlePolicy,
    outbound: OutboundPolicy,
    on_issuer_change: OnIssuerChange,
    audit_kept: Span,
}

// `tokens.leeway`, `tokens.access_lifetime` and `keys.jwks_max_age`, as they are by default.
const LEEWAY: Leeway = match Leeway::seconds(10) {
    Ok(leeway) => leeway,
    Err(_) => Leeway::ZERO,
};
const ACCESS_LIFETIME: Span = Span::from_seconds(600);
const JWKS_MAX_AGE: Span = Span::from_seconds(600);

impl ServerBuilder {
    fn new(store: Arc<dyn Store>, master: MasterKey, issuer: String) -> Self {
        Self {
            store,
            master,
            source: Arc::new(SystemSource::new()),
            http: HttpPolicy::new(&issuer),
            policies: Policies {
                token: TokenPolicy {
                    issuer,
                    algorithm: Algorithm::Es256,
                    access_lifetime: ACCESS_LIFETIME,
                    claims: ClaimMapping::default(),
                },
                session: SessionPolicy::default(),
                key: KeyPolicy::default(),
                password: PasswordPolicy::with_blocklist(""),
            },
            routes: RoutePolicy {
                sign_up: SignUpPolicy::Closed,
                leeway: LEEWAY,
                jwks_max_age: JWKS_MAX_AGE,
                feed: FeedPolicy::default(),
                registration: RegistrationPolicy::Open,
                documents: DocumentPolicy::On,
                metrics: MetricsAccess::Loopback,
            },
            hashing: HashingPolicy::default(),
            throttle: ThrottlePolicy::default(),
            outbound: OutboundPolicy::default(),
            on_issuer_change: OnIssuerChange::Refuse,
            audit_kept: AUDIT_KEPT,
        }
    }

    /// Where time and randomness come from.
    pub fn source(self, source: Arc<dyn Source>) -> Self {
        Self { source, ..self }
    }

    /// What new signing keys are of.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.policies.token.algorithm = algorithm;
        self
    }

    /// From `iat` to `exp` of access tokens, where the resource has no lifetime of its own; at most an hour.
    pub fn access_lifetime(mut self, lifetime: Span) -> Self {
        self.policies.token.access_lifetime = lifetime;
        self
    }

    /// The custom claims of accounts' tokens, where the resource has none of its own.
    pub fn claims(mut self, claims: ClaimMapping) -> Self {
        self.policies.token.claims = claims;
        self
    }

    /// How sessions live.
    pub fn sessions(mut self, policy: SessionPolicy) -> Self {
        self.policies.session = policy;
        self
    }

    /// How keys rotate.
    pub fn keys(mut self, policy: KeyPolicy) -> Self {
        self.policies.key = policy;
        self
    }

    /// Which passwords are taken.
    pub fn passwords(mut self, policy: PasswordPolicy) -> Self {
        self.policies.password = policy;
        self
    }

    /// Who may sign up.
    pub fn sign_up(mut self, policy: SignUpPolicy) -> Self {
        self.routes.sign_up = policy;
        self
    }

    /// How far the clocks of two servers may be apart.
    pub fn leeway(mut self, leeway: Leeway) -> Self {
        self.routes.leeway = leeway;
        self
    }

    /// How long the key set may be cached.
    pub fn jwks_max_age(mut self, max_age: Span) -> Self {
        self.routes.jwks_max_age = max_age;
        self
    }

    /// How the revocation feed is served.
    pub fn feed(mut self, policy: FeedPolicy) -> Self {
        self.routes.feed = policy;
        self
    }

    /// Further origins whose pages may change state by cookies.
    pub fn trusted_origins(mut self, origins: Vec<String>) -> Self {
        self.http.trusted_origins = origins;
        self
    }

    /// Origins whose scripts may call the API without cookies.
    pub fn cors_origins(mut self, origins: Vec<String>) -> Self {
        self.http.cors_origins = origins;
        self
    }

    /// Proxies whose word about the client's address is taken.
    pub fn behind_proxy(mut self, proxies: Vec<AddressRange>) -> Self {
        self.http.behind_proxy = proxies;
        self
    }

    /// Which clients may register themselves.
    pub fn registration(mut self, policy: RegistrationPolicy) -> Self {
        self.routes.registration = policy;
        self
    }

    /// Whether clients may be described by a document at their id.
    pub fn client_documents(mut self, policy: DocumentPolicy) -> Self {
        self.routes.documents = policy;
        self
    }

    /// Who may read `/metrics`.
    pub fn metrics(mut self, access: MetricsAccess) -> Self {
        self.routes.metrics = access;
        self
    }

    /// How passwords are hashed.
    pub fn hashing(self, hashing: HashingPolicy) -> Self {
        Self { hashing, ..self }
    }

    /// How many sign-ins may fail.
    pub fn throttle(self, throttle: ThrottlePolicy) -> Self {
        Self { throttle, ..self }
    }

    /// What may be asked of others, and how.
    pub fn outbound(self, outbound: OutboundPolicy) -> Self {
        Self { outbound, ..self }
    }

    /// What to do if storage knows another issuer.
    pub fn on_issuer_change(self, on_issuer_change: OnIssuerChange) -> Self {
        Self { on_issuer_change, ..self }
    }

    /// For how long the audit log is kept.
    pub fn audit_kept(self, audit_kept: Span) -> Self {
        Self { audit_kept, ..self }
    }

    /// Founds the deployment if it is new, makes or opens its keys.
    ///
    /// # Errors
    /// [`StartError`]; what storage holds is then as it was.
    pub async fn build(self) -> Result<Server, StartError> {
        let issuer = self.policies.token.issuer.clone();
        let (store, source) = (&*self.store, &*self.source);
        // The master key first: with a wrong one nothing may be written.
        let ring = store.key_ring().await?;
        if ring.storage_key.is_some() {
            ring.storage_key(&self.master)?;
        }
        let found = Found { issuer: issuer.clone(), on_change: self.on_issuer_change };
        let foundation = found.run(store, &Draw::from(source)).await?;
        if let Foundation::Refused { stored, live } = foundation {
            return Err(StartError::IssuerChanged { configured: issuer, stored, live });
        }
        let care = RotateKeys {
            store,
            source,
            master: &self.master,
            policy: ring_policy(&self.policies),
            actor: Actor::named("start"),
        };
        let ring = care.keep().await?;
        let storage_key = ring.storage_key(&self.master)?;
        let opened = OpenKeyRing::open(&ring, &storage_key, &issuer)?;
        let feed = Hub::load(store, source.now()).await?;
        let metrics = Metrics::new(source.now());
        metrics.keys.take(&ring);
        let app = App::new(Shared {
            hashing: HashingPool::start(self.hashing).map_err(StartError::Hashing)?,
            throttle: Throttle::new(self.throttle),
            assertions: Replays::remembering(ASSERTIONS_REMEMBERED),
            proofs: Replays::remembering(PROOFS_REMEMBERED),
            outbound: Outbound::new(self.outbound),
            documents: ClientDocuments::default(),
            ring: RwLock::new(Arc::new(opened)),
            store: self.store,
            source: self.source,
            policies: self.policies,
            routes: self.routes,
            http: self.http,
            master: self.master,
            storage_key,
            feed,
            metrics,
            #[cfg(feature = "fault-injection")]
            faults: crate::fault::Faults::default(),
            probed: tokio::sync::Mutex::new(None),
        });
        Ok(Server { app, foundation, audit_kept: self.audit_kept })
    }
}

impl fmt::Debug for ServerBuilder {
    /// What it was set to; the store and the master key are nobody's business, and blocked passwords are many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Policies { token, session, key, password: _ } = &self.policies;
        f.debug_struct("ServerBuilder")
            .field("token", token)
            .field("session", session)
            .field("key", key)
            .field("routes", &self.routes)
            .field("http", &self.http)
            .field("hashing", &self.hashing)
            .field("throttle", &self.throttle)
            .field("outbound", &self.outbound)
            .field("on_issuer_change", &self.on_issuer_change)
            .field("audit_kept", &self.audit_kept)
            .finish_non_exhaustive()
    }
}

/// A server that is ready to answer.
pub struct Server {
    app: App,
    foundation: Foundation,
    audit_kept: Span,
}

/// A server that can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys can't be opened.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The keys can't be made or moved.
    #[error(transparent)]
    Rotation(RotationError),
    /// Storage knows another issuer.
    #[error("the issuer is {configured}, but this data was founded under {stored} and has {live} live sessions")]
    IssuerChanged {
        /// As configured.
        configured: String,
        /// As storage knows it.
        stored: String,
        /// How many sessions are live under it.
        live: u64,
    },
    /// The hashing pool could not start.
    #[error("the hashing pool could not start")]
    Hashing(#[source] std::io::Error),
}

impl From<RotationError> for StartError {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Store(store) => Self::Store(store),
            RotationError::Ring(ring) => Self::Ring(ring),
            other => Self::Rotation(other),
        }
    }
}

impl Server {
    /// A server that keeps everything in `store`, sealed under `master`, and that clients know as `issuer`: an `https`
    /// URL, or `http` on loopback, without a trailing slash.
    ///
    /// ```
    /// use countersign_core::{Span, key_ring::MasterKey, store::Store};
    /// use countersign_server::{Server, SignUpPolicy, StartError, serve};
    /// use std::sync::Arc;
    /// use tokio::net::TcpListener;
    ///
    /// async fn run(store: Arc<dyn Store>, master: MasterKey, listener: TcpListener) -> Result<(), StartError> {
    ///     let server = Server::builder(store, master, "https://auth.example.com")
    ///         .sign_up(SignUpPolicy::Open)
    ///         .access_lifetime(Span::from_seconds(300))
    ///         .build()
    ///         .await?;
    ///     let routes = axum::Router::new().merge(server.router()); // and your own
    ///     tokio::select! {
    ///         () = serve(listener, routes, std::future::pending()) => {}
    ///         () = server.jobs() => {}
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn builder(store: Arc<dyn Store>, master: MasterKey, issuer: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(store, master, issuer.into())
    }

    /// Whether the deployment is new, or took another issuer.
    #[must_use]
    pub const fn foundation(&self) -> &Foundation {
        &self.foundation
    }

    /// Its routes, ready to be served or nested.
    pub fn router(&self) -> axum::Router {
        crate::router::router(self.app.clone())
    }

    /// The client with which it asks others, for an application that embeds it.
    #[must_use]
    pub fn outbound(&self) -> &Outbound {
        self.app.outbound()
    }

    /// Stops the next request that comes to `point`, until the test lets it go on.
    #[cfg(feature = "fault-injection")]
    #[must_use]
    pub fn stop_at(&self, point: crate::FaultPoint) -> crate::StoppedRequest {
        self.app.faults().stop_at(point)
    }

    /// Ends the streams of the revocation feed and takes no new ones: what a stop would otherwise wait for.
    pub fn close_feed(&self) {
        self.app.feed().close();
    }

    /// What runs without a request: key rotation, sweeping, publishing. Ends when dropped.
    pub fn jobs(&self) -> impl Future<Output = ()> + Send + use<> {
        jobs::run(self.app.clone(), self.audit_kept)
    }
}
