//! Protected resource metadata (RFC 9728): where a client that only knows this resource server's URL learns who issues
//! tokens for it.

use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL,
        CONTENT_TYPE,
    },
};
use serde::Serialize;
use url::Url;

use crate::{
    challenge::proof_algorithms, error::BuildError, limits::RESOURCE_METADATA_AGE_SECONDS, net, terms::ProofTerms,
    verifier::Verifier,
};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// What a resource server tells about itself (RFC 9728 §2), beside what its verifier knows: the resource is the audience,
/// the authorization server the issuer.
///
/// ```
/// use countersign_verifier::{ResourceMetadata, Verifier};
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let verifier = Verifier::builder("https://issuer.example")
///     .audience("https://api.example/orders")
///     .metadata(ResourceMetadata::new().name("Orders").scope("orders:read").scope("orders:write"))
///     .build()
///     .await?;
/// let url = "https://api.example/.well-known/oauth-protected-resource/orders";
/// assert_eq!(verifier.metadata_url(), Some(url));
/// # Ok::<(), countersign_verifier::BuildError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default, Serialize)]
pub struct ResourceMetadata {
    #[serde(skip)]
    other_issuers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_tos_uri: Option<String>,
}

impl ResourceMetadata {
    /// Only what the verifier knows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more of `authorization_servers`, for [`Issuers`](crate::Issuers): the URL of an issuer that another verifier is
    /// for.
    #[must_use]
    pub fn other_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.other_issuers.push(issuer.into());
        self
    }

    /// One of `scopes_supported`. Clients that are not told otherwise ask for all of them: name those that a client needs
    /// to begin with, and let challenges ask for more.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes_supported.push(scope.into());
        self
    }

    /// `resource_name`, for people.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.resource_name = Some(name.into());
        self
    }

    /// `resource_documentation`: the URL of a page for developers.
    #[must_use]
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.resource_documentation = Some(url.into());
        self
    }

    /// `resource_policy_uri`: the URL of a page about what clients may do with the data.
    #[must_use]
    pub fn policy(mut self, url: impl Into<String>) -> Self {
        self.resource_policy_uri = Some(url.into());
        self
    }

    /// `resource_tos_uri`: the URL of the terms of service.
    #[must_use]
    pub fn terms_of_service(mut self, url: impl Into<String>) -> Self {
        self.resource_tos_uri = Some(url.into());
        self
    }
}

impl Verifier {
    /// Where the metadata is, as its challenges name it; none where [`Builder::metadata`](crate::Builder::metadata) was not
    /// called.
    #[must_use]
    pub fn metadata_url(&self) -> Option<&str> {
        self.terms().metadata.as_ref().map(|published| published.url())
    }

    /// The answer to a request for the metadata, cacheable, and readable for scripts of every site; none if the request
    /// is for something else. It needs no token, so ask before [`authenticate`](Self::authenticate).
    ///
    /// ```
    /// # fn serve(verifier: &countersign_verifier::Verifier, request: http::Request<()>) {
    /// let answer: Option<http::Response<String>> = verifier.metadata_response(request.method(), request.uri().path());
    /// # }
    /// ```
    #[must_use]
    pub fn metadata_response<B: From<String>>(&self, method: &Method, path: &str) -> Option<Response<B>> {
        let published = self.terms().metadata.as_ref().filter(|published| published.path() == path)?;
        Some(published.answer(method))
    }

    /// The metadata as routes for axum, to be merged at the root of the server: a well-known path is under no other.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use countersign_verifier::{Bearer, Verifier};
    ///
    /// async fn orders(Bearer(token): Bearer) -> String {
    ///     format!("orders of {}", token.subject().unwrap_or("nobody"))
    /// }
    ///
    /// fn router(verifier: Verifier) -> Router {
    ///     Router::new().route("/orders", get(orders)).merge(verifier.metadata_routes()).with_state(verifier)
    /// }
    /// ```
    #[cfg(feature = "axum")]
    pub fn metadata_routes<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        let Some(published) = &self.terms().metadata else { return axum::Router::new() };
        let path = published.path().to_owned();
        let published = published.clone();
        let answer = move |method: Method| std::future::ready(published.answer::<axum::body::Body>(&method));
        // A URL may have a segment that begins with `:` or `*`.
        axum::Router::new().without_v07_checks().route(&path, axum::routing::any(answer))
    }
}

/// The document as it is sent (RFC 9728 §2).
#[derive(Serialize)]
struct Document<'a> {
    resource: &'a str,
    authorization_servers: Vec<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dpop_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    dpop_bound_access_tokens_required: bool,
    #[serde(flatten)]
    described: &'a ResourceMetadata,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A document and where it is.
#[derive(Debug)]
pub(crate) struct Published {
    url: String,
    path: String,
    json: String,
}

impl Published {
    pub(crate) fn new(
        audience: &str,
        issuer: &str,
        described: &ResourceMetadata,
        proofs: ProofTerms,
    ) -> Result<Self, BuildError> {
        let refused = BuildError::ResourceMetadata;
        let resource = Url::parse(audience).map_err(|_| refused("the audience is no absolute URL"))?;
        match resource.scheme() {
            "https" => {}
            "http" if net::is_loopback(&resource) => {}
            _ => return Err(refused("the audience must be https; plain http is for the loopback only")),
        }
        // RFC 9728 §1.2. A query is no part of a route, so two resources could not be told apart by it.
        if resource.query().is_some() || resource.fragment().is_some() {
            return Err(refused("the audience must have neither query nor fragment"));
        }
        let document = Document {
            resource: audience,
            authorization_servers: std::iter::once(issuer)
                .chain(described.other_issuers.iter().map(|other| &**other))
                .collect(),
            bearer_methods_supported: ["header"],
            dpop_signing_alg_values_supported: match proofs {
                ProofTerms::None => Vec::new(),
                ProofTerms::Taken | ProofTerms::Required => proof_algorithms(),
            },
            dpop_bound_access_tokens_required: proofs == ProofTerms::Required,
            described,
        };
        let json = serde_json::to_string(&document).map_err(|_| refused("it does not serialize"))?;
        // §3.1: between host and path, of which a slash alone does not count.
        let path = format!("{WELL_KNOWN}{}", Some(resource.path()).filter(|path| *path != "/").unwrap_or_default());
        Ok(Self { url: format!("{}{path}", resource.origin().ascii_serialization()), path, json })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Everybody may read it, scripts of other sites too: MCP clients run in browsers as well.
    pub(crate) fn answer<B: From<String>>(&self, method: &Method) -> Response<B> {
        let (status, body) = match *method {
            Method::GET => (StatusCode::OK, self.json.clone()),
            Method::HEAD => (StatusCode::OK, String::new()),
            Method::OPTIONS => (StatusCode::NO_CONTENT, String::new()),
            _ => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        };
        let mut response = Response::new(B::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        match status {
            StatusCode::OK => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                let age = format!("public, max-age={RESOURCE_METADATA_AGE_SECONDS}");
                headers.extend(HeaderValue::from_str(&age).ok().map(|age| (CACHE_CONTROL, age)));
            }
            StatusCode::NO_CONTENT => {
                headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
            }
            _ => {
                headers.insert(ALLOW, METHODS);
            }
        }
        response
    }
}
