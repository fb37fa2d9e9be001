//! Starting a server: founds the deployment, opens the keys, gives a router and the jobs beside it.

use crate::app::{App, RoutePolicy, Shared, SignUpPolicy, ring_policy};
use crate::feed::{FeedPolicy, Hub};
use crate::hashing::{HashingPolicy, HashingPool};
use crate::http::HttpPolicy;
use crate::jobs;
use crate::limits::AUDIT_KEPT;
use crate::replays::Replays;
use crate::source::SystemSource;
use crate::throttling::{Throttle, ThrottlePolicy};
use countersign_core::account::PasswordPolicy;
use countersign_core::audit::Actor;
use countersign_core::key_ring::{KeyRingError, MasterKey, OpenKeyRing};
use countersign_core::ops::{Found, Foundation, OnIssuerChange, Policies, RotateKeys, RotationError};
use countersign_core::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use countersign_core::store::{Store, StoreError};
use countersign_core::{Draw, Source, Span};
use countersign_jose::{Algorithm, Leeway};
use std::future::Future;
use std::sync::{Arc, RwLock};

/// What a server is made of.
pub struct ServerParts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where time and randomness come from.
    pub source: Arc<dyn Source>,
    /// What opens the storage key.
    pub master: MasterKey,
    /// What the rules go by.
    pub policies: Policies,
    /// What the routes go by.
    pub routes: RoutePolicy,
    /// How it speaks to browsers and proxies.
    pub http: HttpPolicy,
    /// How passwords are hashed.
    pub hashing: HashingPolicy,
    /// How many sign-ins may fail.
    pub throttle: ThrottlePolicy,
    /// What to do if storage knows another issuer.
    pub on_issuer_change: OnIssuerChange,
}

// `tokens.leeway`, `tokens.access_lifetime` and `keys.jwks_max_age`, as they are by default.
const LEEWAY: Leeway = match Leeway::seconds(10) {
    Ok(leeway) => leeway,
    Err(_) => Leeway::ZERO,
};
const ACCESS_LIFETIME: Span = Span::from_seconds(600);
const JWKS_MAX_AGE: Span = Span::from_seconds(600);

impl ServerParts {
    /// A server that keeps everything in `store`, sealed under `master`, and that clients know as `issuer`: an `https`
    /// URL, or `http` on loopback, without a trailing slash. All else is as the command line has it by default;
    /// nobody may sign up, for one. Every field can be changed before the start.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, master: MasterKey, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self {
            store,
            source: Arc::new(SystemSource::new()),
            master,
            http: HttpPolicy::new(&issuer),
            policies: Policies {
                token: TokenPolicy { issuer, algorithm: Algorithm::Es256, access_lifetime: ACCESS_LIFETIME },
                session: SessionPolicy::default(),
                key: KeyPolicy::default(),
                password: PasswordPolicy::with_blocklist(""),
            },
            routes: RoutePolicy {
                sign_up: SignUpPolicy::Closed,
                leeway: LEEWAY,
                jwks_max_age: JWKS_MAX_AGE,
                feed: FeedPolicy::default(),
            },
            hashing: HashingPolicy::default(),
            throttle: ThrottlePolicy::default(),
            on_issuer_change: OnIssuerChange::Refuse,
        }
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
    /// Founds the deployment if it is new, makes or opens its keys.
    ///
    /// # Errors
    /// [`StartError`]; what storage holds is then as it was.
    pub async fn start(parts: ServerParts) -> Result<Self, StartError> {
        let issuer = parts.policies.token.issuer.clone();
        let (store, source) = (&*parts.store, &*parts.source);
        // The master key first: with a wrong one nothing may be written.
        let ring = store.key_ring().await?;
        if ring.storage_key.is_some() {
            ring.storage_key(&parts.master)?;
        }
        let found = Found { issuer: issuer.clone(), on_change: parts.on_issuer_change };
        let foundation = found.run(store, &Draw::from(source)).await?;
        if let Foundation::Refused { stored, live } = foundation {
            return Err(StartError::IssuerChanged { configured: issuer, stored, live });
        }
        let care = RotateKeys {
            store,
            source,
            master: &parts.master,
            policy: ring_policy(&parts.policies),
            actor: Actor::named("start"),
        };
        let ring = care.keep().await?;
        let storage_key = ring.storage_key(&parts.master)?;
        let opened = OpenKeyRing::open(&ring, &storage_key, &issuer)?;
        let feed = Hub::load(store, source.now()).await?;
        let app = App::new(Shared {
            hashing: HashingPool::start(parts.hashing).map_err(StartError::Hashing)?,
            throttle: Throttle::new(parts.throttle),
            replays: Replays::default(),
            ring: RwLock::new(Arc::new(opened)),
            store: parts.store,
            source: parts.source,
            policies: parts.policies,
            routes: parts.routes,
            http: parts.http,
            master: parts.master,
            storage_key,
            feed,
            #[cfg(feature = "fault-injection")]
            faults: crate::fault::Faults::default(),
            probed: tokio::sync::Mutex::new(None),
        });
        Ok(Self { app, foundation, audit_kept: AUDIT_KEPT })
    }

    /// Whether the deployment is new, or took another issuer.
    #[must_use]
    pub const fn foundation(&self) -> &Foundation {
        &self.foundation
    }

    /// The same, with another time for which its jobs keep the audit log (400 days).
    #[must_use]
    pub fn keeping_audit_for(self, audit_kept: Span) -> Self {
        Self { audit_kept, ..self }
    }

    /// Its routes, ready to be served or nested.
    pub fn router(&self) -> axum::Router {
        crate::router::router(self.app.clone())
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
