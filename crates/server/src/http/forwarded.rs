//! Where a request came from: the peer, or what a trusted proxy says (RFC 7239 §5.2, `X-Forwarded-For`).

use crate::http::HttpPolicy;
use axum::extract::Request;
use axum::http::header::FORWARDED;
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
    for told in told(request.headers()).into_iter().rev() {
        // What no proxy of ours would write ends the chain: everything before it is the client's own tale.
        let Some(address) = told else { break };
        nearest = address;
        if !trusted(address) {
            break;
        }
    }
    nearest
}

/// What the proxies tell, the nearest last; `None` where it is no address.
///
/// A proxy writes one of both headers, and may pass the other one on as the client wrote it. Which one is not known
/// here, so that where they differ neither is believed.
fn told(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let legacy = headers.contains_key(X_FORWARDED_FOR).then(|| items(headers, &X_FORWARDED_FOR, node));
    let standard = headers.contains_key(FORWARDED).then(|| items(headers, &FORWARDED, element));
    match (legacy, standard) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(one), Some(other)) if one == other => one,
        _ => Vec::new(),
    }
}

/// The items of a list that may go over several lines, each read alone (RFC 9110 §5.6.1).
fn items(headers: &HeaderMap, name: &HeaderName, read: fn(&str) -> Option<IpAddr>) -> Vec<Option<IpAddr>> {
    let mut items = Vec::new();
    for line in headers.get_all(name) {
        match line.to_str() {
            Ok(line) => items.extend(unquoted(line, ',').map(read)),
            Err(_) => items.push(None),
        }
    }
    items
}

/// The client that one element of `Forwarded` names: its parameter `for` (RFC 7239 §4).
fn element(text: &str) -> Option<IpAddr> {
    let mut pairs = unquoted(text, ';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    node(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// An address, with or without a port (RFC 7239 §6); `unknown` and made-up names are none.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()));
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    address.ok().or_else(bracketed).map(|address| address.to_canonical())
}

/// The parts between separators that stand outside quotes.
fn unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::{AddressRange, PeerAddress, client_address};
    use crate::http::HttpPolicy;
    use axum::body::Body;
    use axum::extract::Request;

    fn client_of(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut policy = HttpPolicy::new("https://auth.example.com");
        policy.behind_proxy = vec![AddressRange::new("10.0.0.0".parse().unwrap(), 8)];
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(PeerAddress(format!("{peer}:1").parse().unwrap()));
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        client_address(&request, &policy).to_string()
    }

    fn client(peer: &str, forwarded_for: &[&str]) -> String {
        let headers: Vec<_> = forwarded_for.iter().map(|line| ("x-forwarded-for", *line)).collect();
        client_of(peer, &headers)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client_of("192.0.2.1", &[("forwarded", "for=198.51.100.7")]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
        let forwarded = "for=203.0.113.9, for=198.51.100.7;proto=https, for=10.0.0.2";
        assert_eq!(client_of("10.0.0.1", &[("forwarded", forwarded)]), "198.51.100.7");
        for last in ["for=unknown", "for=_hidden", "proto=https", "for=\"1.2.3.4", ""] {
            assert_eq!(client_of("10.0.0.1", &[("forwarded", &format!("for=203.0.113.9, {last}"))]), "10.0.0.1");
        }
    }

    #[test]
    fn forwarded_is_read_in_all_its_forms() {
        for (text, expected) in [
            ("For=\"[2001:db8::17]:4711\"", "2001:db8::17"),
            ("for=\"[2001:db8::17]\"", "2001:db8::17"),
            ("proto=http;for=192.0.2.43:4711; by=10.0.0.1", "192.0.2.43"),
            ("for=\"192.0.2.43:4711\"", "192.0.2.43"),
            ("by=\"a, for=203.0.113.9; b\";for=192.0.2.43", "192.0.2.43"),
            ("for=\"[::ffff:192.0.2.43]\"", "192.0.2.43"),
        ] {
            assert_eq!(client_of("10.0.0.1", &[("forwarded", text)]), expected, "{text}");
        }
        assert_eq!(client("10.0.0.1", &["192.0.2.43:4711"]), "192.0.2.43");
    }

    /// The proxy wrote one and passed the other on: a client must not be able to choose which one counts.
    #[test]
    fn where_both_headers_differ_neither_is_believed() {
        let (told, forged) = (("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.9"));
        assert_eq!(client_of("10.0.0.1", &[told, forged]), "10.0.0.1");
        assert_eq!(client_of("10.0.0.1", &[told, ("forwarded", "for=198.51.100.7")]), "198.51.100.7");
        assert_eq!(client_of("10.0.0.1", &[("x-forwarded-for", ""), ("forwarded", "for=1.2.3.4")]), "10.0.0.1");
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
