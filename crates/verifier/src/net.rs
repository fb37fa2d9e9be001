//! The one HTTP client: bounded in time and size, no redirects, `https` unless the issuer is on the loopback.

use std::time::Duration;

use http::{
    HeaderMap, Method, Request, Response, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT},
};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::Url;

use crate::error::{BuildError, FetchError};

type Body = Full<Bytes>;

/// A client for one issuer.
pub(crate) struct Net {
    client: AnyClient,
    timeout: Duration,
    allows_http: bool,
}

enum AnyClient {
    Plain(Client<HttpConnector, Body>),
    Tls(Client<HttpsConnector<HttpConnector>, Body>),
}

/// A request before it is sent.
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl<'a> Ask<'a> {
    pub(crate) const fn new(url: &'a Url) -> Self {
        Self { url, headers: Vec::new() }
    }

    /// With `Authorization`, marked so that nothing logs it.
    pub(crate) fn authorized(mut self, value: Option<&str>) -> Self {
        if let Some(mut value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            value.set_sensitive(true);
            self.headers.push((AUTHORIZATION, value));
        }
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl Net {
    /// A client that may use plain HTTP only if the issuer does.
    pub(crate) fn new(issuer: &Url, timeout: Duration) -> Result<Self, BuildError> {
        let allows_http = issuer.scheme() == "http";
        let client = if allows_http {
            AnyClient::Plain(Client::builder(TokioExecutor::new()).build(HttpConnector::new()))
        } else {
            let connector = hyper_rustls::HttpsConnectorBuilder::new()
                // Named, so that it does not depend on what else the process has been built with.
                .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())
                .map_err(BuildError::RootCertificates)?
                .https_only()
                .enable_http1()
                .build();
            AnyClient::Tls(Client::builder(TokioExecutor::new()).build(connector))
        };
        Ok(Self { client, timeout, allows_http })
    }

    /// A URL that this client asks: what metadata names is not believed blindly.
    pub(crate) fn url(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let is_allowed = match url.scheme() {
            "https" => true,
            "http" => self.allows_http && is_loopback(&url),
            _ => false,
        };
        (is_allowed && url.has_host()).then_some(url)
    }

    pub(crate) async fn get(&self, ask: Ask<'_>, bytes_max: usize) -> Result<Answer, FetchError> {
        self.whole(ask, Method::GET, Bytes::new(), bytes_max).await
    }

    pub(crate) async fn post(
        &self,
        ask: Ask<'_>,
        content_type: &str,
        body: String,
        bytes_max: usize,
    ) -> Result<Answer, FetchError> {
        self.whole(ask.header(CONTENT_TYPE, content_type), Method::POST, body.into(), bytes_max).await
    }

    /// Sends a request and gives the answer as soon as its head is there, whatever its status.
    pub(crate) async fn open(&self, ask: Ask<'_>) -> Result<Response<Incoming>, FetchError> {
        within(self.timeout, self.send(ask, Method::GET, Bytes::new())).await
    }

    /// Successful answers only; the body of others is not read.
    async fn whole(&self, ask: Ask<'_>, method: Method, body: Bytes, bytes_max: usize) -> Result<Answer, FetchError> {
        let (parts, body) = within(self.timeout, self.send(ask, method, body)).await?.into_parts();
        if !parts.status.is_success() {
            return Err(FetchError::Status(parts.status));
        }
        // A large answer may take its time, as long as it comes.
        let mut body = Limited::new(body, bytes_max);
        let mut bytes = Vec::new();
        while let Some(frame) =
            tokio::time::timeout(self.timeout, body.frame()).await.map_err(|_| FetchError::Timeout)?
        {
            let frame = frame.map_err(|error| match error.downcast::<LengthLimitError>() {
                Ok(_) => FetchError::TooLarge { limit: bytes_max },
                Err(error) => FetchError::Connection(error.to_string()),
            })?;
            if let Some(data) = frame.data_ref() {
                bytes.extend_from_slice(data);
            }
        }
        Ok(Answer { headers: parts.headers, body: bytes.into() })
    }

    async fn send(&self, ask: Ask<'_>, method: Method, body: Bytes) -> Result<Response<Incoming>, FetchError> {
        let uri: Uri = ask.url.as_str().parse().map_err(|_| FetchError::Url("this"))?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers
            .insert(USER_AGENT, HeaderValue::from_static(concat!("countersign-verifier/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in ask.headers {
            headers.insert(name, value);
        }
        let sent = match &self.client {
            AnyClient::Plain(client) => client.request(request).await,
            AnyClient::Tls(client) => client.request(request).await,
        };
        sent.map_err(|error| FetchError::Connection(text_of(&error)))
    }
}

async fn within<T>(timeout: Duration, future: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
    tokio::time::timeout(timeout, future).await.map_err(|_| FetchError::Timeout)?
}

/// The causes in one line: the error of the client alone says nothing.
fn text_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A URL below which we ask for things, or why not.
pub(crate) fn base_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "no absolute URL")?;
    if !url.has_host() || url.query().is_some() || url.fragment().is_some() {
        return Err("it must have a host, and neither query nor fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("it must be https; plain http is for the loopback only"),
    }
}

/// Whether plain HTTP stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether the answer says that credentials are needed or no longer good.
pub(crate) const fn is_unauthorized(error: &FetchError) -> bool {
    matches!(error, FetchError::Status(StatusCode::UNAUTHORIZED))
}
