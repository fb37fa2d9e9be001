//! The verifier: what handlers, layer and extractor ask.

use std::{sync::Arc, time::Duration};

use countersign_jose::{DpopProof, HttpUri, ProofExpectations, ProofNonces, UnverifiedToken};
use http::HeaderValue;
use serde::de::DeserializeOwned;

use crate::{
    background::{Context, Tasks},
    builder::{Builder, WantsAudience},
    clock::Now,
    error::{BuildError, VerifyError},
    keys::Asked,
    limits::PROOF_AGE_SECONDS_MAX,
    metrics::Metrics,
    policy::Policy,
    proofs::Proofs,
    require::Needs,
    resource::ResourceMetadata,
    staleness::{Freshness, StalePolicy},
    state::State,
    terms::{ProofTerms, Terms},
    token::{Entry, VerifiedToken},
};

/// Verifies tokens of one issuer for one audience, from memory. Cheap to clone; the background that keeps it current
/// ends with the last clone.
///
/// ```no_run
/// use countersign_verifier::{StalePolicy, Verifier};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = Verifier::builder("https://issuer.example")
///     .audience("https://api.example")
///     .client("orders-api", std::env::var("CLIENT_SECRET")?)
///     .stale(StalePolicy::Accept)
///     .build()
///     .await?;
/// let token = verifier.verify::<serde_json::Value>("eyJhbGciOi…")?;
/// println!("{:?}", token.subject());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
    policy: Arc<Policy>,
}

pub(crate) struct Inner {
    pub(crate) state: Arc<State>,
    pub(crate) context: Arc<Context>,
    pub(crate) stale: StalePolicy,
    pub(crate) proofs: Proofs,
    pub(crate) nonces: Option<ProofNonces>,
    /// Scheme, host and port under which clients call: what `htu` of a proof begins with.
    pub(crate) public_url: Option<String>,
    pub(crate) _tasks: Tasks,
}

/// A proof of possession and the request that it came with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) proof: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a HttpUri,
    /// Another part of this very request has taken the proof already.
    pub(crate) is_taken: bool,
}

impl Verifier {
    /// Begins with the issuer, byte for byte as tokens name it in `iss`.
    pub fn builder(issuer: impl Into<String>) -> Builder<WantsAudience> {
        Builder::new(issuer.into())
    }

    pub(crate) fn new(inner: Inner, policy: Policy) -> Self {
        Self { inner: Arc::new(inner), policy: Arc::new(policy) }
    }

    /// The same issuer, keys and revocations for another audience, with a cache of its own, and not described to clients.
    #[must_use]
    pub fn for_audience(&self, audience: &str) -> Self {
        self.with_terms(audience, Terms { metadata: None, proofs: self.policy.terms.proofs })
    }

    /// As [`for_audience`](Self::for_audience), and described to clients as [`Builder::metadata`] does.
    ///
    /// # Errors
    /// [`BuildError::ResourceMetadata`] for an audience that is no URL of a server.
    pub fn for_resource(&self, audience: &str, metadata: &ResourceMetadata) -> Result<Self, BuildError> {
        let terms = Terms::new(audience, self.issuer(), Some(metadata), self.policy.terms.proofs)?;
        Ok(self.with_terms(audience, terms))
    }

    fn with_terms(&self, audience: &str, terms: Terms) -> Self {
        let policy = Policy::new(self.issuer(), audience, self.policy.rules.clone(), terms);
        Self { inner: self.inner.clone(), policy: Arc::new(policy) }
    }

    /// Verifies a bearer token. Everything it needs is in memory: it waits for nothing and nobody.
    ///
    /// A token with an unknown `kid` is refused, and the background is told: it fetches the key set, at most once in 30
    /// s. While revocations are known too late, the verifier's [`StalePolicy`] decides; under
    /// [`Introspect`](StalePolicy::Introspect), which this cannot do, the token is refused with [`VerifyError::Stale`].
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed. [`VerifyError::Bound`] for a token that must come with a proof.
    pub fn verify<C>(&self, token: &str) -> Result<VerifiedToken<C>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let now = self.now();
        let entry = self.judge(token, now).and_then(|entry| self.without_proof(entry));
        self.counted(entry.and_then(|entry| self.settle(entry, now)))
    }

    /// Verifies a token that is bound to a key, with the proof that came with it (RFC 9449 §7.1). A proof counts once.
    ///
    /// # Errors
    /// [`VerifyError`] says which check failed.
    pub fn verify_with_proof<C>(
        &self,
        token: &str,
        proof: &str,
        method: &str,
        uri: &HttpUri,
    ) -> Result<VerifiedToken<C>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let now = self.now();
        let verified = self.judge(token, now).and_then(|entry| self.settle(entry, now)).and_then(|verified| {
            self.check_proof(&verified, token, Presented { proof, method, uri, is_taken: false }, now)?;
            Ok(verified)
        });
        self.counted(verified)
    }

    /// Whether tokens can be verified: keys are known, fetched or read back from the folder.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.state().is_ready()
    }

    /// How much is known of revocations now.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.state().freshness(self.now())
    }

    /// Waits until tokens can be verified and, where the issuer has a feed, revocations are known. True if so in time.
    pub async fn wait_until_current(&self, most: Duration) -> bool {
        let mut changes = self.inner.context.progress();
        let current = async {
            while !(self.ready() && self.freshness() != Freshness::Stale) {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(most, current).await.unwrap_or(false)
    }

    /// What has been counted, and how it stands.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let (state, now, cache) = (self.state(), self.now(), self.policy.cache.counts());
        Metrics {
            cache_hits: cache.hits,
            cache_misses: cache.misses,
            cache_entries: cache.entries,
            cache_bytes: cache.bytes,
            staleness_ms: state.staleness_ms(now),
            is_fresh: state.freshness(now).is_fresh(),
            clock_skew_ms: state.time.skew_ms(),
            revoked: state.revoked.len() as u64,
            key_set_generation: state.keys.generation(),
            ..state.metrics.read()
        }
    }

    /// The whole of what a request with a token needs, which may wait: for a key that is being fetched, and for the
    /// issuer's word under [`StalePolicy::Introspect`].
    pub(crate) async fn check<C>(
        &self,
        token: &str,
        presented: Option<Presented<'_>>,
        needs: &Needs,
    ) -> Result<VerifiedToken<C>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let checked = self.check_uncounted(token, presented, needs).await;
        self.counted(checked)
    }

    async fn check_uncounted<C>(
        &self,
        token: &str,
        presented: Option<Presented<'_>>,
        needs: &Needs,
    ) -> Result<VerifiedToken<C>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let entry = match self.judge(token, self.now()) {
            Err(error) if error.is_key_not_found() && self.key_is_on_its_way(token).await => {
                self.judge(token, self.now())?
            }
            judged => judged?,
        };
        // A bound token without its proof is refused before anything is asked about it.
        let entry = if presented.is_none() { self.without_proof(entry)? } else { entry };
        let now = self.now();
        let policy = needs.stale_policy().unwrap_or(self.inner.stale);
        let freshness = match (self.state().freshness(now), policy) {
            (freshness, _) if freshness.is_fresh() => freshness,
            (freshness, StalePolicy::Accept) => freshness,
            (_, StalePolicy::Refuse) => return Err(VerifyError::Stale),
            (_, StalePolicy::Introspect) => self.inner.context.introspect(token).await?,
        };
        let verified = VerifiedToken::new(entry, freshness);
        if let Some(presented) = presented {
            self.check_proof(&verified, token, presented, now)?;
        }
        needs.check(&verified)?;
        Ok(verified)
    }

    /// The token's key is unknown: waits for a fetch, if one is on its way. True if one ended in time.
    async fn key_is_on_its_way(&self, token: &str) -> bool {
        let keys = &self.state().keys;
        let mut fetches = keys.fetches();
        if self.ask_for_key(token) == Asked::Refused {
            return false;
        }
        let ended = async {
            // One that had begun before the question may end first.
            while keys.unknown.is_fetching() && fetches.changed().await.is_ok() {}
        };
        tokio::time::timeout(self.inner.context.timing.unknown_key_wait, ended).await.is_ok()
    }

    fn ask_for_key(&self, token: &str) -> Asked {
        // It was parsed a moment ago.
        let Ok(token) = UnverifiedToken::parse(token) else { return Asked::Refused };
        let state = self.state();
        match token.header().key_id() {
            // A refused key would not be taken from the answer either.
            Some(kid) if !state.revoked.refuses_key(kid) && state.keys.ring().keys.get(kid).is_none() => {
                state.keys.unknown.ask(kid, self.now().monotonic_ms)
            }
            _ => Asked::Refused,
        }
    }

    fn judge<C>(&self, token: &str, now: Now) -> Result<Arc<Entry<C>>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let judged = self.policy.judge(self.state(), token, now);
        if judged.as_ref().is_err_and(VerifyError::is_key_not_found) {
            self.ask_for_key(token);
        }
        judged
    }

    fn without_proof<C>(&self, entry: Arc<Entry<C>>) -> Result<Arc<Entry<C>>, VerifyError> {
        let needs_proof = entry.common.jkt.is_some() || self.terms().proofs == ProofTerms::Required;
        if needs_proof { Err(VerifyError::Bound) } else { Ok(entry) }
    }

    /// Fresh, or what the policy says; without asking anybody.
    fn settle<C>(&self, entry: Arc<Entry<C>>, now: Now) -> Result<VerifiedToken<C>, VerifyError> {
        let freshness = self.state().freshness(now);
        if freshness.is_fresh() || self.inner.stale == StalePolicy::Accept {
            return Ok(VerifiedToken::new(entry, freshness));
        }
        Err(VerifyError::Stale)
    }

    fn check_proof<C>(
        &self,
        verified: &VerifiedToken<C>,
        token: &str,
        presented: Presented<'_>,
        now: Now,
    ) -> Result<(), VerifyError> {
        let bound_to = verified.bound_to().ok_or(VerifyError::WrongBinding)?;
        let expect = ProofExpectations {
            method: presented.method,
            uri: presented.uri,
            access_token: Some(token),
            age_seconds_max: PROOF_AGE_SECONDS_MAX,
            leeway: self.policy.rules.leeway,
        };
        let proof = DpopProof::verify(presented.proof, &expect, now.timestamp())?;
        if proof.key().to_string() != bound_to {
            return Err(VerifyError::WrongBinding);
        }
        if presented.is_taken {
            return Ok(());
        }
        // Before it is taken: the next proof may have the same `jti`.
        if let Some(nonces) = &self.inner.nonces
            && !proof.nonce().is_some_and(|nonce| nonces.is_fresh(nonce, now.timestamp()))
        {
            return Err(VerifyError::UseNonce);
        }
        self.inner.proofs.take(&proof, now)
    }

    fn counted<T>(&self, result: Result<T, VerifyError>) -> Result<T, VerifyError> {
        if let Err(error) = &result {
            self.state().metrics.count_refusal(error.code());
        }
        result
    }

    /// Whether that token held here before, in whatever type. It says nothing about now.
    pub(crate) fn has_cached(&self, token: &str) -> bool {
        self.policy.cache.has(token)
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.inner.public_url.as_deref()
    }

    pub(crate) fn terms(&self) -> &Arc<Terms> {
        &self.policy.terms
    }

    /// The nonce for a client's next proof, as the header `DPoP-Nonce` has it; none where no nonces are asked for. It is
    /// the same for a minute and taken for one more.
    ///
    /// Refusals hold it, and so do all answers to bound tokens that come through a
    /// [`VerifierLayer`](crate::VerifierLayer). Where an answer is made otherwise, put it into the header yourself, with
    /// `Cache-Control: no-store`; without it clients make one more request when their nonce has aged.
    #[must_use]
    pub fn proof_nonce(&self) -> Option<HeaderValue> {
        let nonce = self.inner.nonces.as_ref()?.at(self.now().timestamp());
        HeaderValue::from_str(&nonce).ok()
    }

    /// The issuer whose tokens it verifies.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state().issuer
    }

    pub(crate) fn context(&self) -> &Context {
        &self.inner.context
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.inner.state
    }

    fn now(&self) -> Now {
        self.state().time.now()
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("issuer", &self.issuer()).field("ready", &self.ready()).finish_non_exhaustive()
    }
}
