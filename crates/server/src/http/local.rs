//! Whether a request was made on this machine by somebody who sits there: for what only its operator shall read.

use crate::http::PeerAddress;
use crate::http::forwarded::ClientAddress;
use crate::openapi::{Input, Operation};
use axum::extract::FromRequestParts;
use axum::http::header::{FORWARDED, HOST, VIA};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::convert::Infallible;
use std::net::IpAddr;

/// Whether a request came from this machine itself, and not through a proxy on it.
///
/// A proxy beside the server connects from loopback too. So a request that carries what proxies write counts as theirs,
/// whatever it says; and so does one for a host that is not this machine's name for itself, which a page in a local
/// browser could make as well (DNS rebinding).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalRequest(pub(crate) bool);

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const X_FORWARDED: &str = "x-forwarded-";

impl<S: Sync> FromRequestParts<S> for LocalRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<PeerAddress>().map(|PeerAddress(peer)| peer.ip());
        let client = parts.extensions.get::<ClientAddress>().map(|ClientAddress(client)| *client);
        let from_here = [peer, client].iter().all(|address| address.is_some_and(is_loopback));
        Ok(Self(from_here && !went_through_a_proxy(&parts.headers) && is_for_this_machine(parts)))
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn went_through_a_proxy(headers: &HeaderMap) -> bool {
    let told = |name: &HeaderName| *name == FORWARDED || *name == VIA || *name == X_REAL_IP;
    headers.keys().any(|name| told(name) || name.as_str().starts_with(X_FORWARDED))
}

fn is_for_this_machine(parts: &Parts) -> bool {
    let hosts = parts.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let hosts = hosts.map(|host| Authority::try_from(host).ok());
    hosts.chain(parts.uri.authority().map(|authority| Some(authority.clone()))).all(|authority| {
        authority.is_some_and(|authority| {
            let host = authority.host();
            let address = host.trim_start_matches('[').trim_end_matches(']').parse();
            host.eq_ignore_ascii_case("localhost") || address.is_ok_and(is_loopback)
        })
    })
}

impl Input for LocalRequest {
    fn describe(_: &mut Operation) {}
}

#[cfg(test)]
mod tests {
    use super::LocalRequest;
    use crate::http::PeerAddress;
    use crate::http::forwarded::ClientAddress;
    use axum::body::Body;
    use axum::extract::{FromRequestParts as _, Request};

    async fn is_local(peer: Option<&str>, target: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut request = Request::builder().uri(target).body(Body::empty()).unwrap();
        if let Some(peer) = peer {
            let peer = PeerAddress(format!("{peer}:1").parse().unwrap());
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(ClientAddress(peer.0.ip()));
        }
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let (mut parts, _) = request.into_parts();
        let LocalRequest(local) = LocalRequest::from_request_parts(&mut parts, &()).await.unwrap();
        local
    }

    #[tokio::test]
    async fn who_asks_from_this_machine_under_its_own_name_is_local() {
        for peer in ["127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"] {
            for host in ["localhost", "LOCALHOST:8420", "127.0.0.1:8420", "[::1]:8420"] {
                assert!(is_local(Some(peer), "/metrics", &[("host", host)]).await, "{peer} {host}");
            }
            assert!(is_local(Some(peer), "/metrics", &[]).await);
        }
    }

    #[tokio::test]
    async fn whoever_came_another_way_is_not() {
        for peer in [None, Some("192.0.2.1"), Some("[2001:db8::1]"), Some("0.0.0.0")] {
            assert!(!is_local(peer, "/metrics", &[("host", "localhost")]).await, "{peer:?}");
        }
        for header in [
            ("forwarded", "for=127.0.0.1"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-anything", ""),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 proxy"),
            ("host", "auth.example.com"),
            ("host", "localhost.example.com"),
            ("host", "192.0.2.1:8420"),
            ("host", "a b"),
        ] {
            assert!(!is_local(Some("127.0.0.1"), "/metrics", &[header]).await, "{header:?}");
        }
        assert!(!is_local(Some("127.0.0.1"), "http://auth.example.com/metrics", &[("host", "localhost")]).await);
    }
}
