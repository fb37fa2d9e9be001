//! What stands between the wire and the routes: who asks, from where, in what form, and how the answer leaves.

pub(crate) mod administrator;
pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod client_authentication;
pub(crate) mod cookie;
mod cors;
pub(crate) mod dpop;
mod edge;
pub(crate) mod feed_reader;
pub(crate) mod form;
mod forwarded;
pub(crate) mod issuer_path;
pub(crate) mod json;
mod local;
pub(crate) mod path;
pub(crate) mod prefer;
pub(crate) mod query;
mod same_origin;

pub(crate) use edge::{RequestOrigin, layers};
pub use forwarded::AddressRange;
pub(crate) use forwarded::PeerAddress;
pub(crate) use local::LocalRequest;
pub(crate) use same_origin::BrowserContext;

/// How the server speaks to browsers and proxies.
#[derive(Debug, Clone)]
pub(crate) struct HttpPolicy {
    /// The issuer's origin: what is not cross-site.
    origin: String,
    /// Whether the issuer is `https`.
    secure: bool,
    /// Further origins whose pages may change state by cookies.
    pub(crate) trusted_origins: Vec<String>,
    /// Origins whose scripts may call the API without cookies.
    pub(crate) cors_origins: Vec<String>,
    /// Proxies whose word about the client's address is taken.
    pub(crate) behind_proxy: Vec<AddressRange>,
}

impl HttpPolicy {
    /// A server under this issuer, trusting nobody else.
    pub(crate) fn new(issuer: &str) -> Self {
        let url = url::Url::parse(issuer).ok();
        Self {
            origin: url.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default(),
            secure: url.is_some_and(|url| url.scheme() == "https"),
            trusted_origins: Vec::new(),
            cors_origins: Vec::new(),
            behind_proxy: Vec::new(),
        }
    }

    /// The issuer's origin.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether the issuer is `https`: then cookies are `Secure`.
    pub(crate) const fn is_secure(&self) -> bool {
        self.secure
    }
}
