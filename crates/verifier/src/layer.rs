//! A `tower` layer: requests without a good token do not reach what is behind it.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Request, Response, header::CACHE_CONTROL};
use serde::de::DeserializeOwned;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    challenge::DPOP_NONCE, claims::Registered, request::mark_proof_taken, require::Needs, staleness::StalePolicy,
    verifier::Verifier,
};

/// Puts a [`VerifiedToken<C>`](crate::VerifiedToken) into the extensions of each request, or answers in place of the
/// service behind it. Any body will do that has a default, which is empty. Answers to bound tokens hold the nonce for the
/// next proof, if nonces are asked for.
///
/// ```
/// use countersign_verifier::{StalePolicy, Verifier, VerifierLayer};
///
/// # fn example(verifier: Verifier) {
/// let reading = VerifierLayer::new(verifier.clone()).require_scope("orders:read");
/// let paying = VerifierLayer::new(verifier).require_scope("payments:write").stale(StalePolicy::Refuse);
/// # }
/// ```
pub struct VerifierLayer<C = Registered> {
    verifier: Verifier,
    needs: Arc<Needs>,
    claims: PhantomData<fn() -> C>,
}

impl VerifierLayer {
    /// Any token that holds.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, needs: Arc::default(), claims: PhantomData }
    }
}

impl<C> VerifierLayer<C> {
    /// With the claims as another type.
    #[must_use]
    pub fn claims<D>(self) -> VerifierLayer<D> {
        VerifierLayer { verifier: self.verifier, needs: self.needs, claims: PhantomData }
    }

    /// What is asked for, all at once.
    #[must_use]
    pub fn needs(self, needs: Needs) -> Self {
        Self { needs: Arc::new(needs), ..self }
    }

    /// And this scope.
    #[must_use]
    pub fn require_scope(self, scope: impl Into<String>) -> Self {
        let needs = self.current().scope(scope);
        self.needs(needs)
    }

    /// And this role.
    #[must_use]
    pub fn require_role(self, role: impl Into<String>) -> Self {
        let needs = self.current().role(role);
        self.needs(needs)
    }

    /// What happens here while revocations are known too late.
    #[must_use]
    pub fn stale(self, policy: StalePolicy) -> Self {
        let needs = self.current().stale(policy);
        self.needs(needs)
    }

    fn current(&self) -> Needs {
        Needs::clone(&self.needs)
    }
}

impl<C> Clone for VerifierLayer<C> {
    fn clone(&self) -> Self {
        Self { verifier: self.verifier.clone(), needs: self.needs.clone(), claims: PhantomData }
    }
}

impl<C> std::fmt::Debug for VerifierLayer<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifierLayer").field("verifier", &self.verifier).field("needs", &self.needs).finish()
    }
}

impl<S, C> Layer<S> for VerifierLayer<C> {
    type Service = VerifierService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifierService { inner, layer: self.clone() }
    }
}

/// What [`VerifierLayer`] makes of a service.
pub struct VerifierService<S, C = Registered> {
    inner: S,
    layer: VerifierLayer<C>,
}

impl<S: Clone, C> Clone for VerifierService<S, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: std::fmt::Debug, C> std::fmt::Debug for VerifierService<S, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifierService").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

impl<S, C, B, R> Service<Request<B>> for VerifierService<S, C>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    C: DeserializeOwned + Send + Sync + 'static,
    B: Send + 'static,
    R: Default + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was found ready goes with the request.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let layer = self.layer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match layer.verifier.authenticate::<C>(&parts, &layer.needs).await {
                Ok(token) => {
                    mark_proof_taken(&parts.headers, &mut parts.extensions);
                    let nonce = token.bound_to().and_then(|_| layer.verifier.proof_nonce());
                    parts.extensions.insert(token);
                    let mut response = inner.call(Request::from_parts(parts, body)).await?;
                    if let Some(nonce) = nonce {
                        hand_on(nonce, response.headers_mut());
                    }
                    Ok(response)
                }
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}

/// RFC 9449 §8.2: an answer that a cache repeats would repeat an old nonce with it.
fn hand_on(nonce: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(DPOP_NONCE, nonce);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
