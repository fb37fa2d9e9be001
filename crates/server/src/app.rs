//! What every request shares: the store, the policies, the keys, the pools. Cheap to clone.

use crate::documents::{ClientDocuments, DocumentPolicy};
use crate::error::ApiError;
use crate::feed::{FeedPolicy, Hub};
use crate::hashing::HashingPool;
use crate::http::HttpPolicy;
use crate::outbound::Outbound;
use crate::replays::Replays;
use crate::telemetry::MetricsAccess;
use crate::telemetry::metrics::Metrics;
use crate::throttling::Throttle;
use countersign_core::audit::Actor;
use countersign_core::key_ring::{KeyRingError, MasterKey, OpenKeyRing, RingPolicy, StorageKey};
use countersign_core::ops::{Issue, IssuedRefresh, Policies, RotateKeys};
use countersign_core::store::Store;
use countersign_core::token::{AccessClaims, IdClaims};
use countersign_core::{Draw, Source, Span, Time};
use countersign_jose::Leeway;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// What every request shares.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpPolicy {
    /// Nobody: an administrator makes accounts.
    Closed,
    /// Everybody.
    Open,
}

/// Which clients may register themselves (RFC 7591).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationPolicy {
    /// All.
    Open,
    /// Those that bring a token of an administrator, or of a machine with the scope `clients:register`.
    Token,
    /// None.
    Off,
}

/// What the routes go by, beside the policies of the rules.
#[derive(Debug, Clone)]
pub(crate) struct RoutePolicy {
    /// Who may sign up.
    pub(crate) sign_up: SignUpPolicy,
    /// How far the clocks of two servers may be apart.
    pub(crate) leeway: Leeway,
    /// How long the key set may be cached.
    pub(crate) jwks_max_age: Span,
    /// How the revocation feed is served.
    pub(crate) feed: FeedPolicy,
    /// Which clients may register themselves.
    pub(crate) registration: RegistrationPolicy,
    /// Whether documents at their ids describe clients.
    pub(crate) documents: DocumentPolicy,
    /// Who may read `/metrics`.
    pub(crate) metrics: MetricsAccess,
}

// Anybody may ask whether the server is ready, and each probe is a commit.
const PROBE_EVERY: Span = Span::from_seconds(1);

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) policies: Policies,
    pub(crate) routes: RoutePolicy,
    pub(crate) http: HttpPolicy,
    pub(crate) hashing: HashingPool,
    pub(crate) throttle: Throttle,
    pub(crate) assertions: Replays,
    pub(crate) proofs: Replays,
    pub(crate) outbound: Outbound,
    pub(crate) documents: ClientDocuments,
    pub(crate) master: MasterKey,
    pub(crate) storage_key: StorageKey,
    pub(crate) ring: RwLock<Arc<OpenKeyRing>>,
    pub(crate) feed: Hub,
    pub(crate) metrics: Metrics,
    #[cfg(feature = "fault-injection")]
    pub(crate) faults: crate::fault::Faults,
    pub(crate) probed: tokio::sync::Mutex<Option<(Time, Result<(), String>)>>,
}

/// An access token made.
pub(crate) struct AccessToken {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
}

/// A pair of tokens made.
pub(crate) struct TokenPair {
    pub(crate) access_token: String,
    /// `None` where the presented one goes on.
    pub(crate) refresh_token: Option<Zeroizing<String>>,
    pub(crate) expires_in: u64,
}

impl App {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    pub(crate) fn source(&self) -> &dyn Source {
        &*self.0.source
    }

    /// This request's share of time and randomness.
    pub(crate) fn draw(&self) -> Draw {
        Draw::from(self.source())
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.0.policies
    }

    pub(crate) fn routes(&self) -> &RoutePolicy {
        &self.0.routes
    }

    pub(crate) fn http(&self) -> &HttpPolicy {
        &self.0.http
    }

    pub(crate) fn hashing(&self) -> &HashingPool {
        &self.0.hashing
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// Client assertions that came before.
    pub(crate) fn assertions(&self) -> &Replays {
        &self.0.assertions
    }

    /// Proofs of possession that came before.
    pub(crate) fn proofs(&self) -> &Replays {
        &self.0.proofs
    }

    /// Documents of clients.
    pub(crate) fn documents(&self) -> &ClientDocuments {
        &self.0.documents
    }

    /// What asks others.
    pub(crate) fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    #[cfg(feature = "fault-injection")]
    pub(crate) fn faults(&self) -> &crate::fault::Faults {
        &self.0.faults
    }

    /// The revocation feed.
    pub(crate) fn feed(&self) -> &Hub {
        &self.0.feed
    }

    pub(crate) fn feed_policy(&self) -> FeedPolicy {
        self.0.routes.feed
    }

    pub(crate) fn storage_key(&self) -> &StorageKey {
        &self.0.storage_key
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.0.policies.token.issuer
    }

    /// The keys as they stand.
    pub(crate) fn ring(&self) -> Arc<OpenKeyRing> {
        // A panic while the lock was held can't have left half a value: it holds one pointer.
        Arc::clone(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Moves the key ring on if something is due, and takes up what others changed.
    pub(crate) async fn keep_keys(&self) -> Result<(), countersign_core::ops::RotationError> {
        let ring = self.key_care(Actor::named("key rotation")).keep().await?;
        if ring.version != self.ring().version {
            self.take_up(&ring)?;
        }
        Ok(())
    }

    /// Takes up the ring if others changed it: cheap enough to ask often.
    pub(crate) async fn follow_keys(&self) -> Result<(), countersign_core::ops::RotationError> {
        if self.store().ring_version().await? != self.ring().version {
            let ring = self.store().key_ring().await?;
            self.take_up(&ring)?;
        }
        Ok(())
    }

    fn take_up(&self, ring: &countersign_core::key_ring::KeyRing) -> Result<(), KeyRingError> {
        let opened = Arc::new(OpenKeyRing::open(ring, self.storage_key(), self.issuer())?);
        tracing::info!(version = opened.version.0, active = %opened.signer.key().id(), "key ring taken up");
        self.metrics().keys.take(ring);
        *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = opened;
        Ok(())
    }

    /// What moves the key ring on behalf of `actor`; [`follow_keys`](Self::follow_keys) takes up what it did.
    pub(crate) fn key_care(&self, actor: Actor) -> RotateKeys<'_> {
        RotateKeys {
            store: self.store(),
            source: self.source(),
            master: &self.0.master,
            policy: ring_policy(self.policies()),
            actor,
        }
    }

    /// Whether the store takes writes, asked of it at most once a second.
    pub(crate) async fn readiness(&self) -> Result<(), String> {
        let now = self.source().now();
        let mut probed = self.0.probed.lock().await;
        match &*probed {
            Some((at, outcome)) if now.since(*at) < PROBE_EVERY && *at <= now => outcome.clone(),
            _ => {
                let outcome = self.store().probe().await.map_err(|error| error.to_string());
                *probed = Some((now, outcome.clone()));
                outcome
            }
        }
    }

    /// Makes the tokens that an operation issued.
    pub(crate) async fn sign(&self, issue: &Issue) -> Result<TokenPair, ApiError> {
        let AccessToken { access_token, expires_in } = self.sign_access(&issue.claims).await?;
        let refresh_token = match &issue.refresh {
            IssuedRefresh::Same => None,
            IssuedRefresh::Token { session, secret, generation } => {
                let token = self.ring().mac_keys.issue(*session, secret, *generation);
                Some(token.ok_or_else(|| ApiError::internal(KeyRingError::NothingActive))?)
            }
        };
        Ok(TokenPair { access_token, refresh_token, expires_in })
    }

    /// Makes an ID token beside an access token. Where none was ever made, its key is made first.
    pub(crate) async fn sign_id_token(&self, claims: &IdClaims, access_token: &str) -> Result<String, ApiError> {
        if self.ring().id_tokens.is_none() {
            self.keep_keys().await?;
        }
        let ring = self.ring();
        let signer = ring.id_tokens.as_ref().ok_or_else(|| ApiError::internal(KeyRingError::NothingActive))?;
        signer.sign(&claims.of_issuer(self.issuer(), access_token)).map_err(ApiError::internal)
    }

    /// Makes an access token that an operation issued.
    #[cfg_attr(not(feature = "fault-injection"), expect(clippy::unused_async, reason = "tests may stop it here"))]
    pub(crate) async fn sign_access(&self, claims: &AccessClaims) -> Result<AccessToken, ApiError> {
        #[cfg(feature = "fault-injection")]
        self.0.faults.reach(crate::fault::FaultPoint::BeforeSigning).await;
        if let Err(long) = &claims.custom {
            let (subject, audience) = (claims.subject.map(|subject| subject.to_string()), claims.audience.as_str());
            tracing::warn!(subject, audience, error = %long, "token issued without its custom claims");
        }
        let access_token = self.ring().signer.sign(&claims.of_issuer(self.issuer())).map_err(ApiError::internal)?;
        let (exp, iat) = (claims.expires_at.as_seconds(), claims.issued_at.as_seconds());
        Ok(AccessToken { access_token, expires_in: exp.saturating_sub(iat) })
    }
}

/// What the key ring goes by, under these policies.
#[must_use]
pub fn ring_policy(policies: &Policies) -> RingPolicy {
    RingPolicy {
        key: policies.key,
        session: policies.session,
        algorithm: policies.token.algorithm,
        token_lifetime: policies.token.access_lifetime,
        id_tokens: true,
    }
}
