//! From a request to a token: the core on `http` types, for any framework.

use countersign_jose::HttpUri;
use http::{
    Extensions, HeaderMap, HeaderName, Uri,
    header::{AUTHORIZATION, HeaderValue},
    request::Parts,
};
use serde::de::DeserializeOwned;

use crate::{
    challenge::{Refusal, Scheme},
    error::VerifyError,
    require::Needs,
    token::VerifiedToken,
    verifier::{Presented, Verifier},
};

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The URI that the client called, where something in between has changed the path: a router that nests another, or a
/// proxy that takes a prefix away. Put it into the request's extensions; proofs of possession are compared with its path.
///
/// ```
/// use countersign_verifier::PublicUri;
///
/// let mut request = http::Request::get("/orders").body(())?;
/// request.extensions_mut().insert(PublicUri("/api/orders".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PublicUri(pub Uri);

/// The proof of this request was taken: layer and extractor may both look at one request.
#[derive(Debug, Clone)]
struct ProofTaken(HeaderValue);

/// What `Authorization` and `DPoP` hold.
enum Credentials<'a> {
    Bearer(&'a str),
    Dpop { token: &'a str, proof: &'a HeaderValue },
}

impl Verifier {
    /// Authenticates a request: `Authorization` (RFC 6750 §2.1; a token in the body or the query is not read), with
    /// `DPoP` where the token is bound to a key (RFC 9449 §7.1), then what the route needs.
    ///
    /// Mostly it answers at once, from memory. It may wait for a key set that is being fetched because the token's `kid`
    /// is unknown (1 s at most, and only while such a fetch runs), and for the issuer's word under
    /// [`StalePolicy::Introspect`](crate::StalePolicy::Introspect).
    ///
    /// ```
    /// use countersign_verifier::{Needs, Refusal, Registered, VerifiedToken, Verifier};
    ///
    /// async fn handle(verifier: &Verifier, request: http::Request<()>) -> http::Response<String> {
    ///     let (parts, _) = request.into_parts();
    ///     let needs = Needs::any_token().scope("orders:read");
    ///     match verifier.authenticate::<Registered>(&parts, &needs).await {
    ///         Ok(token) => http::Response::new(format!("hello {}", token.subject().unwrap_or("?"))),
    ///         Err(refusal) => refusal.into_response(),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Refusal`], which makes the answer.
    pub async fn authenticate<C>(&self, parts: &Parts, needs: &Needs) -> Result<VerifiedToken<C>, Refusal>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        match credentials(&parts.headers)? {
            Credentials::Bearer(token) => {
                let checked = self.check(token, None, needs).await;
                checked.map_err(|error| Refusal::token(error, Scheme::Bearer, needs))
            }
            Credentials::Dpop { token, proof } => {
                let refusal = |error| Refusal::token(error, Scheme::Dpop, needs);
                let uri = self.called_uri(parts).ok_or_else(|| refusal(VerifyError::WrongBinding))?;
                let text = proof.to_str().map_err(|_| Refusal::InvalidRequest(BAD_PROOF))?;
                let is_taken = parts.extensions.get::<ProofTaken>().is_some_and(|taken| taken.0 == *proof);
                let presented = Presented { proof: text, method: parts.method.as_str(), uri: &uri, is_taken };
                self.check(token, Some(presented), needs).await.map_err(refusal)
            }
        }
    }

    /// What the client called, in the form that proofs are compared in. None: no public URL is known.
    fn called_uri(&self, parts: &Parts) -> Option<HttpUri> {
        let path = parts.extensions.get::<PublicUri>().map_or(&parts.uri, |public| &public.0).path();
        HttpUri::parse(&format!("{}{path}", self.public_url()?))
    }
}

/// Remembers in the request that its proof was taken.
pub(crate) fn mark_proof_taken(headers: &HeaderMap, extensions: &mut Extensions) {
    if let Some(proof) = headers.get(DPOP) {
        extensions.insert(ProofTaken(proof.clone()));
    }
}

/// The token, however it was presented.
pub(crate) fn presented_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    match credentials(headers)? {
        Credentials::Bearer(token) | Credentials::Dpop { token, .. } => Ok(token),
    }
}

const BAD_AUTHORIZATION: &str = "the Authorization header must hold one scheme and one token";
const BAD_PROOF: &str = "a DPoP token must come with exactly one DPoP header";

fn credentials(headers: &HeaderMap) -> Result<Credentials<'_>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(Refusal::NoToken) };
    if values.next().is_some() {
        return Err(Refusal::InvalidRequest("more than one Authorization header"));
    }
    let value = value.to_str().map_err(|_| Refusal::InvalidRequest(BAD_AUTHORIZATION))?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let token = token.trim_start_matches(' ');
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    if !is_bearer && !scheme.eq_ignore_ascii_case("dpop") {
        // Credentials of another kind are for somebody else.
        return Err(Refusal::NoToken);
    }
    if token.is_empty() || token.contains([' ', ',', '\t']) {
        return Err(Refusal::InvalidRequest(BAD_AUTHORIZATION));
    }
    if is_bearer {
        return Ok(Credentials::Bearer(token));
    }
    let mut proofs = headers.get_all(DPOP).iter();
    match (proofs.next(), proofs.next()) {
        (Some(proof), None) => Ok(Credentials::Dpop { token, proof }),
        _ => Err(Refusal::InvalidRequest(BAD_PROOF)),
    }
}
