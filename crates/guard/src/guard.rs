//! The guard: one question for each request, answered from memory.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;
use axum::{body::Body, response::Response};
use countersign_verifier::{Freshness, Issuers, Needs, PublicUri, Registered, Verifier};
use http::{
    HeaderMap, HeaderValue, Request, StatusCode, Uri,
    header::{AUTHORIZATION, CACHE_CONTROL},
    request::Parts,
};

use crate::{
    credentials::{AccessCookie, authorization},
    identity,
    metrics::{Allowed, Counters},
    original::{Original, Proxy, Scheme},
    refused::Refused,
    rules::{Demand, Rules},
};

/// How a guard is set up, rules apart.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Whose headers tell of the original request.
    pub proxy: Proxy,
    /// How clients reach the proxy, where it does not say so.
    pub scheme: Scheme,
    /// The cookie that may hold the access token, if one may.
    pub cookie: Option<AccessCookie>,
    /// Origins whose pages may change things with the cookie, beside the site's own and the issuers'.
    pub trusted_origins: Vec<String>,
}

impl Settings {
    /// Behind that proxy, over `https`, tokens in `Authorization` alone.
    #[must_use]
    pub const fn new(proxy: Proxy) -> Self {
        Self { proxy, scheme: Scheme::Https, cookie: None, trusted_origins: Vec::new() }
    }
}

/// Judges requests for a proxy. Cheap to clone.
#[derive(Clone)]
pub struct Guard {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    settings: Settings,
    pub(crate) verifiers: Vec<Verifier>,
    issuers: Issuers,
    rules: ArcSwap<Rules>,
    pub(crate) counters: Counters,
    /// That the proxy says too little was told: it does so with each request.
    told_missing: AtomicBool,
}

impl Guard {
    /// A guard for the tokens of these verifiers, one for each issuer.
    pub fn new(mut settings: Settings, verifiers: impl IntoIterator<Item = Verifier>, rules: Rules) -> Self {
        let verifiers: Vec<Verifier> = verifiers.into_iter().collect();
        settings.trusted_origins.extend(verifiers.iter().filter_map(|verifier| origin(verifier.issuer())));
        let issuers = verifiers.iter().cloned().collect();
        let rules = ArcSwap::from_pointee(rules);
        let (counters, told_missing) = (Counters::default(), AtomicBool::new(false));
        Self { inner: Arc::new(Inner { settings, verifiers, issuers, rules, counters, told_missing }) }
    }

    /// Other rules from the next request on.
    pub fn set_rules(&self, rules: Rules) {
        self.inner.rules.store(Arc::new(rules));
        self.inner.counters.rules_taken();
    }

    /// New rules could not be read: those of before stay, and the metrics say so.
    pub fn rules_refused(&self) {
        self.inner.counters.rules_refused();
    }

    /// Why requests cannot be judged yet, an issuer a line; empty if they can.
    #[must_use]
    pub fn unready(&self) -> Vec<String> {
        self.inner.verifiers.iter().filter_map(missing).collect()
    }

    pub(crate) fn rules(&self) -> arc_swap::Guard<Arc<Rules>> {
        self.inner.rules.load()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// The answer for the proxy: 200, 401, 403 or 503.
    pub(crate) async fn verify(&self, parts: &Parts) -> Response {
        let counters = &self.inner.counters;
        match self.judge(parts).await {
            Ok((allowed, identity)) => {
                counters.count_allowed(allowed);
                let mut response = Response::new(Body::empty());
                *response.headers_mut() = identity;
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(refused) => {
                let (status, code) = (refused.status(), refused.code());
                counters.count_refused(status, code);
                if matches!(refused, Refused::Missing(_)) && !self.inner.told_missing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(detail = %refused, "not told what clients ask for: all of it is refused");
                }
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    tracing::debug!(code, "not judged");
                } else {
                    tracing::debug!(code, detail = %refused, "refused");
                }
                refused.into_response()
            }
        }
    }

    async fn judge(&self, parts: &Parts) -> Result<(Allowed, HeaderMap), Refused> {
        let Settings { proxy, scheme, cookie, trusted_origins } = &self.inner.settings;
        let original = proxy.original(parts, *scheme)?;
        // Cloned: rules may change while the verifier waits.
        let demand = self.rules().demand(original.host.as_str(), &original.method, &original.path).clone();
        let needs = match demand {
            Demand::Public => return Ok((Allowed::Public, identity::of_nobody())),
            Demand::Token(needs) => needs,
        };
        let shown = authorization(&parts.headers, cookie.as_ref(), &original, trusted_origins)?;
        let asked = asked(&original, &parts.headers, shown)?;
        let token = self.authenticate(&asked, &needs).await?;
        Ok((Allowed::Token, identity::of(&token)?))
    }

    async fn authenticate(
        &self,
        asked: &Parts,
        needs: &Needs,
    ) -> Result<countersign_verifier::VerifiedToken<Registered>, Refused> {
        match &*self.inner.verifiers {
            // Its refusals say more: which schemes it takes.
            [only] => Ok(only.authenticate(asked, needs).await?),
            _ => Ok(self.inner.issuers.authenticate(asked, needs).await?),
        }
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Inner { settings, verifiers, .. } = &*self.inner;
        f.debug_struct("Guard").field("settings", settings).field("verifiers", verifiers).finish_non_exhaustive()
    }
}

/// The original request as a verifier judges one: a proof of possession names its method and URL.
fn asked(original: &Original, headers: &HeaderMap, authorization: Option<HeaderValue>) -> Result<Parts, Refused> {
    let url = format!("{}://{}{}", original.scheme.as_str(), original.authority, original.raw_path);
    let url: Uri = url.parse().map_err(|_| Refused::Unreadable("the URI has characters that none may have"))?;
    let (mut asked, ()) = Request::new(()).into_parts();
    asked.method = original.method.clone();
    asked.uri = url.clone();
    asked.extensions.insert(PublicUri(url));
    asked.headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    for proof in headers.get_all("dpop") {
        asked.headers.append("dpop", proof.clone());
    }
    Ok(asked)
}

/// Of an issuer, as browsers write it: issuers are URLs in their one form.
fn origin(issuer: &str) -> Option<String> {
    let url: Uri = issuer.parse().ok()?;
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}

fn missing(verifier: &Verifier) -> Option<String> {
    let issuer = verifier.issuer();
    if !verifier.ready() {
        return Some(format!("the keys of {issuer} are not known yet"));
    }
    let has_feed = verifier.freshness() != Freshness::NoFeed;
    let lacks_set = has_feed && verifier.metrics().staleness_ms.is_none();
    lacks_set.then(|| format!("no set of what {issuer} revoked is loaded yet"))
}
