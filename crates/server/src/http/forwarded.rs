//! Where a request came from: the peer, or what a trusted proxy says (RFC 7239 §5.2, `X-Forwarded-For`).

use crate::http::HttpPolicy;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The other end of the connection; the listener knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

/// The client that a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// Addresses that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl AddressRange {
    /// The addresses whose first `bits` bits are those of `first`; all bits beyond what an address has.
    #[must_use]
    pub const fn new(first: IpAddr, bits: u8) -> Self {
        Self { first, bits }
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let shared = |one: u128, other: u128, width: u32| {
            let bits = u32::from(self.bits).min(width);
            bits == 0 || (one ^ other) >> (width - bits) == 0
        };
        match (self.first.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => shared(one.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => shared(one.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// The client's address: the peer's, or from behind trusted proxies the nearest one that is no such proxy.
pub(crate) fn client_address(request: &Request, policy: &HttpPolicy) -> IpAddr {
    let peer = request.extensions().get::<PeerAddress>().map(|PeerAddress(peer)| peer.ip().to_canonical());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let trusted = |address: IpAddr| policy.behind_proxy.iter().any(|range| range.contains(address));
    if !trusted(peer) {
        return peer;
    }
    let mut nearest = peer;
    for told in forwarded_for(request.headers()).into_iter().rev() {
        // What no proxy of ours would write ends the chain: everything before it is the client's own tale.
        let Some(address) = told else { break };
        nearest = address;
        if !trusted(address) {
            break;
        }
    }
    nearest
}

fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(X_FORWARDED_FOR).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|one| one.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{AddressRange, PeerAddress, client_address};
    use crate::http::HttpPolicy;
    use axum::body::Body;
    use axum::extract::Request;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let mut policy = HttpPolicy::new("https://auth.example.com");
        policy.behind_proxy = vec![AddressRange::new("10.0.0.0".parse().unwrap(), 8)];
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(PeerAddress(format!("{peer}:1").parse().unwrap()));
        for line in forwarded {
            request.headers_mut().append("x-forwarded-for", line.parse().unwrap());
        }
        client_address(&request, &policy).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
    }

    #[test]
    fn a_range_compares_its_bits_alone() {
        let range = |first: &str, bits| AddressRange::new(first.parse().unwrap(), bits);
        assert!(range("0.0.0.0", 0).contains("203.0.113.9".parse().unwrap()));
        assert!(range("2001:db8::", 32).contains("2001:db8:1::1".parse().unwrap()));
        assert!(!range("2001:db8::", 32).contains("2001:db9::1".parse().unwrap()));
        assert!(range("192.0.2.7", 32).contains("::ffff:192.0.2.7".parse().unwrap()));
    }
}
