//! From a request to a token: the core on `http` types, for any framework.

use countersign_jose::HttpUri;
use http::{
    Extensions, HeaderMap, HeaderName, Uri,
    header::{AUTHORIZATION, HeaderValue},
    request::Parts,
};
use serde::de::DeserializeOwned;

use crate::{
    challenge::{Refusal, Scheme, Why},
    error::VerifyError,
    require::Needs,
    token::VerifiedToken,
    verifier::{Presented, Verifier},
};

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The URI that the client called, where something in between has changed the path: a router that nests another, or a
/// proxy that takes a prefix away. Put it into the request's extensions; proofs of possession are compared with its path.
/// An absolute one, for servers with several names, is compared as a whole: take its host from what may be believed.
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
        let (scheme, authenticated) = match credentials(&parts.headers) {
            Err((scheme, why)) => (scheme, Err(why)),
            Ok(Credentials::Bearer(token)) => {
                (Scheme::Bearer, self.check(token, None, needs).await.map_err(Why::Token))
            }
            Ok(Credentials::Dpop { token, proof }) => {
                (Scheme::Dpop, self.authenticate_with_proof(token, proof, parts, needs).await)
            }
        };
        authenticated
            .map_err(|why| Refusal::new(why, scheme, needs, self.terms().clone()).with_nonce(self.proof_nonce()))
    }

    async fn authenticate_with_proof<C>(
        &self,
        token: &str,
        proof: &HeaderValue,
        parts: &Parts,
        needs: &Needs,
    ) -> Result<VerifiedToken<C>, Why>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let uri = self.called_uri(parts).ok_or(VerifyError::WrongBinding)?;
        let text = proof.to_str().map_err(|_| Why::InvalidRequest(BAD_PROOF))?;
        let is_taken = parts.extensions.get::<ProofTaken>().is_some_and(|taken| taken.0 == *proof);
        let presented = Presented { proof: text, method: parts.method.as_str(), uri: &uri, is_taken };
        Ok(self.check(token, Some(presented), needs).await?)
    }

    /// What the client called, in the form that proofs are compared in. None: no public URL is known.
    fn called_uri(&self, parts: &Parts) -> Option<HttpUri> {
        let public = parts.extensions.get::<PublicUri>().map(|public| &public.0);
        let path = public.unwrap_or(&parts.uri).path();
        let origin = match public.and_then(|public| Some((public.scheme_str()?, public.authority()?))) {
            Some((scheme, authority)) => format!("{scheme}://{authority}"),
            None => self.public_url()?.to_owned(),
        };
        HttpUri::parse(&format!("{origin}{path}"))
    }
}

/// Remembers in the request that its proof was taken.
pub(crate) fn mark_proof_taken(headers: &HeaderMap, extensions: &mut Extensions) {
    if let Some(proof) = headers.get(DPOP) {
        extensions.insert(ProofTaken(proof.clone()));
    }
}

/// The token, and how it was presented.
pub(crate) fn presented_token(headers: &HeaderMap) -> Result<(Scheme, &str), (Scheme, Why)> {
    Ok(match credentials(headers)? {
        Credentials::Bearer(token) => (Scheme::Bearer, token),
        Credentials::Dpop { token, .. } => (Scheme::Dpop, token),
    })
}

const BAD_AUTHORIZATION: &str = "the Authorization header must hold one scheme and one token";
const BAD_PROOF: &str = "a DPoP token must come with exactly one DPoP header";

/// What is shown, or why it cannot be read, as credentials of which scheme.
fn credentials(headers: &HeaderMap) -> Result<Credentials<'_>, (Scheme, Why)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err((Scheme::Bearer, Why::NoToken)) };
    if values.next().is_some() {
        return Err((Scheme::Bearer, Why::InvalidRequest("more than one Authorization header")));
    }
    let value = value.to_str().map_err(|_| (Scheme::Bearer, Why::InvalidRequest(BAD_AUTHORIZATION)))?;
    let (name, token) = value.split_once(' ').unwrap_or((value, ""));
    let scheme = match name {
        name if name.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
        name if name.eq_ignore_ascii_case("dpop") => Scheme::Dpop,
        // Credentials of another kind are for somebody else.
        _ => return Err((Scheme::Bearer, Why::NoToken)),
    };
    let token = token.trim_start_matches(' ');
    if token.is_empty() || token.contains([' ', ',', '\t']) {
        return Err((scheme, Why::InvalidRequest(BAD_AUTHORIZATION)));
    }
    if scheme == Scheme::Bearer {
        return Ok(Credentials::Bearer(token));
    }
    let mut proofs = headers.get_all(DPOP).iter();
    match (proofs.next(), proofs.next()) {
        (Some(proof), None) => Ok(Credentials::Dpop { token, proof }),
        _ => Err((scheme, Why::InvalidRequest(BAD_PROOF))),
    }
}
