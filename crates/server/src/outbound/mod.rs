//! The one client for requests that this server makes of others: what it fetches is named by strangers (a client's
//! metadata document, its keys, its logout URL), so it reaches nothing that only this machine or its network should.
//!
//! `https` alone, at public addresses alone, but for what the operator allows by host and port. A name is looked up once,
//! every address that it has must be public, and the connection goes to one of these: a name that changes its mind
//! (DNS rebinding) changes nothing. No redirect is followed, no proxy of the environment used, no cookie kept; size,
//! time and the number at once are bounded.

mod address;
mod connection;
mod error;
mod host_port;
mod resolve;
mod roots;

pub use error::OutboundError;
pub use host_port::{HostPort, NotAHostPort};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use roots::{ExtraRoots, RootsProblem};

use crate::limits::{OUTBOUND_AT_ONCE_MAX, OUTBOUND_DEADLINE, OUTBOUND_HEADER_BYTES_MAX, OUTBOUND_HEADER_FIELDS_MAX};
use axum::body::Bytes;
use axum::http::header::{ACCEPT, CONTENT_TYPE, ETAG, HOST, HeaderName, IF_NONE_MATCH, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use connection::Connection;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use url::Url;

/// What the client may reach, and how.
#[derive(Debug, Clone)]
pub struct OutboundPolicy {
    /// What may be reached although its address is not public, or by plain `http`.
    pub allow: Vec<HostPort>,
    /// Certificate authorities beside those of the system.
    pub roots: ExtraRoots,
    /// How long a whole request may take, from the look-up of the name to the last byte.
    pub deadline: Duration,
    /// How names are looked up.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            roots: ExtraRoots::default(),
            deadline: OUTBOUND_DEADLINE,
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// The client. Cheap to clone; the bounds are those of all clones together.
#[derive(Debug, Clone)]
pub struct Outbound(Arc<Shared>);

struct Shared {
    policy: OutboundPolicy,
    places: Arc<Semaphore>,
    /// Read at first use: a server that fetches nothing needs no certificate authorities.
    tls: OnceCell<TlsConnector>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Fetched {
    /// Its status: successful, `304`, or an error; a redirect is an [`OutboundError`].
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// A URL that may be asked, as far as its text tells.
struct Target {
    host: HostPort,
    /// The host and the port, where it is not the scheme's own.
    authority: String,
    path_and_query: String,
    tls: bool,
    is_allowed: bool,
}

impl Outbound {
    /// A client under this policy.
    #[must_use]
    pub fn new(policy: OutboundPolicy) -> Self {
        let places = Arc::new(Semaphore::new(OUTBOUND_AT_ONCE_MAX));
        Self(Arc::new(Shared { policy, places, tls: OnceCell::new() }))
    }

    /// Fetches `url`; its body may have `bytes_max` bytes.
    ///
    /// # Errors
    /// [`OutboundError`] tells which rule refused, or what failed. A status that is no success is no error.
    pub async fn get(&self, url: &str, accept: &'static str, bytes_max: usize) -> Result<Fetched, OutboundError> {
        self.get_unless(url, accept, bytes_max, None).await
    }

    /// As [`get`](Self::get); answers `304` without a body where what is there still has this entity tag
    /// (RFC 9110 §13.1.2).
    ///
    /// # Errors
    /// Those of [`get`](Self::get).
    pub async fn get_unless(
        &self,
        url: &str,
        accept: &'static str,
        bytes_max: usize,
        etag: Option<&HeaderValue>,
    ) -> Result<Fetched, OutboundError> {
        let etag = etag.map(|etag| (IF_NONE_MATCH, etag.clone()));
        let headers = [(ACCEPT, HeaderValue::from_static(accept))].into_iter().chain(etag).collect();
        self.ask(url, Method::GET, headers, String::new(), bytes_max).await
    }

    /// Posts a form (`application/x-www-form-urlencoded`) to `url`; the answer's body may have `bytes_max` bytes.
    ///
    /// # Errors
    /// Those of [`get`](Self::get).
    pub async fn post_form(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        bytes_max: usize,
    ) -> Result<Fetched, OutboundError> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))];
        self.ask(url, Method::POST, headers, body, bytes_max).await
    }

    async fn ask(
        &self,
        url: &str,
        method: Method,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: String,
        bytes_max: usize,
    ) -> Result<Fetched, OutboundError> {
        let target = self.0.target(url)?;
        let until = Instant::now() + self.0.policy.deadline;
        // Waiting for a place counts too: whoever asks waits for this at the longest.
        let place = timeout_at(until, Arc::clone(&self.0.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(OutboundError::Busy) };
        let request = target.request(method, headers, body)?;
        let whole = self.0.exchange(target, place, request, bytes_max);
        timeout_at(until, whole).await.unwrap_or(Err(OutboundError::Timeout))
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Shared {
    /// What the text of a URL tells: the rules that need no look-up.
    fn target(&self, text: &str) -> Result<Target, OutboundError> {
        let url = Url::parse(text).map_err(|_| OutboundError::Url)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(OutboundError::Url);
        }
        let host = HostPort::of(&url).ok_or(OutboundError::Url)?;
        let is_allowed = self.policy.allow.contains(&host);
        let tls = match url.scheme() {
            "https" => true,
            "http" if is_allowed => false,
            "http" => return Err(OutboundError::NotHttps { host }),
            _ => return Err(OutboundError::Url),
        };
        let authority = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let path_and_query = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        Ok(Target { host, authority, path_and_query, tls, is_allowed })
    }

    /// One connection for one request: none is kept, so none outlives what was known when it was opened.
    async fn exchange(
        &self,
        target: Target,
        place: OwnedSemaphorePermit,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Fetched, OutboundError> {
        let (addresses, place) = resolve::look_up(&self.policy.resolver, &target.host, place).await?;
        if !target.is_allowed {
            address::all_public(&target.host, &addresses)?;
        }
        let tls = if target.tls { Some(self.tls().await?) } else { None };
        let stream = Connection::open(&target.host, &addresses, tls).await?;
        let mut http = http1::Builder::new();
        http.max_buf_size(OUTBOUND_HEADER_BYTES_MAX).max_headers(OUTBOUND_HEADER_FIELDS_MAX);
        let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await?;
        // Aborted when this is dropped, so nothing of a request outlives its deadline.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        if head.status.is_redirection() && head.status != StatusCode::NOT_MODIFIED {
            return Err(OutboundError::Redirect { status: head.status });
        }
        let body = Limited::new(body, bytes_max).collect().await.map_err(|error| {
            match error.downcast::<LengthLimitError>() {
                Ok(_) => OutboundError::TooLarge { bytes_max },
                Err(error) => OutboundError::Http { source: error },
            }
        })?;
        drop(place);
        Ok(Fetched { status: head.status, headers: head.headers, body: body.to_bytes().to_vec() })
    }

    async fn tls(&self) -> Result<&TlsConnector, OutboundError> {
        self.tls.get_or_try_init(|| roots::connector(&self.policy.roots)).await
    }
}

impl Target {
    fn request(
        &self,
        method: Method,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: String,
    ) -> Result<Request<Full<Bytes>>, OutboundError> {
        let uri = self.path_and_query.parse().map_err(|_| OutboundError::Url)?;
        let host = HeaderValue::from_str(&self.authority).map_err(|_| OutboundError::Url)?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let own = [
            (HOST, host),
            (USER_AGENT, HeaderValue::from_static(concat!("countersign/", env!("CARGO_PKG_VERSION")))),
            (axum::http::header::CONNECTION, HeaderValue::from_static("close")),
        ];
        request.headers_mut().extend(own.into_iter().chain(headers));
        Ok(request)
    }
}

impl Fetched {
    /// The media type, without parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The entity tag.
    #[must_use]
    pub fn etag(&self) -> Option<&HeaderValue> {
        self.headers.get(ETAG)
    }
}
