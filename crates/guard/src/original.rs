//! What the client asked the proxy for, from the one set of headers that this proxy writes.

use http::{HeaderMap, Method, header::HOST, request::Parts};

use crate::{limits::TARGET_BYTES_MAX, path::GuardedPath, refused::Refused};

/// Below this path requests are judged. Envoy puts the original path behind it.
pub(crate) const VERIFY: &str = "/verify";

/// Whose headers tell of the original request. Those of all others are ignored: clients write what they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// `X-Original-Method`, `X-Original-URI`, and `X-Original-Host` or else `Host`.
    Nginx,
    /// `X-Forwarded-Method`, `-Uri`, `-Host`, `-Proto`.
    Traefik,
    /// The same as Traefik.
    Caddy,
    /// The request itself: its method, `Host`, and its path behind `/verify`.
    Envoy,
}

/// How clients reach the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// Over TLS.
    #[default]
    Https,
    /// In the clear.
    Http,
}

/// A host in the one form in which hosts are compared: lower case, no port, no dot at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostName(String);

/// The original request, as far as it is judged by.
#[derive(Debug)]
pub(crate) struct Original {
    pub(crate) method: Method,
    pub(crate) scheme: Scheme,
    /// Host and port as the client wrote them, in lower case.
    pub(crate) authority: String,
    pub(crate) host: HostName,
    /// The path as the client wrote it, without query.
    pub(crate) raw_path: String,
    pub(crate) path: GuardedPath,
}

/// Where a proxy writes what.
struct Names {
    method: &'static str,
    target: &'static str,
    host: &'static str,
    scheme: Option<&'static str>,
}

const NGINX: Names =
    Names { method: "x-original-method", target: "x-original-uri", host: "x-original-host", scheme: None };
const FORWARDED: Names = Names {
    method: "x-forwarded-method",
    target: "x-forwarded-uri",
    host: "x-forwarded-host",
    scheme: Some("x-forwarded-proto"),
};

impl Proxy {
    /// The original request.
    pub(crate) fn original(self, parts: &Parts, scheme: Scheme) -> Result<Original, Refused> {
        let headers = &parts.headers;
        match self {
            Self::Nginx => {
                let host = match once(headers, NGINX.host)? {
                    Some(host) => Some(host),
                    None => once(headers, HOST.as_str())?,
                };
                original(headers, &NGINX, host, scheme)
            }
            Self::Traefik | Self::Caddy => original(headers, &FORWARDED, once(headers, FORWARDED.host)?, scheme),
            Self::Envoy => {
                let target = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
                let target = target.strip_prefix(VERIFY).unwrap_or_default();
                Original::new(&parts.method, scheme, once(headers, HOST.as_str())?, target)
            }
        }
    }
}

fn original(headers: &HeaderMap, names: &Names, host: Option<&str>, scheme: Scheme) -> Result<Original, Refused> {
    let method = once(headers, names.method)?.ok_or(Refused::Missing("method"))?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Refused::Unreadable(BAD_METHOD))?;
    let target = once(headers, names.target)?.ok_or(Refused::Missing("URI"))?;
    let scheme = match names.scheme.map(|name| once(headers, name)).transpose()?.flatten() {
        None => scheme,
        // Traefik names the protocol of web sockets.
        Some("https" | "wss") => Scheme::Https,
        Some("http" | "ws") => Scheme::Http,
        Some(_) => return Err(Refused::Unreadable("the proxy named a protocol that is none of the web")),
    };
    Original::new(&method, scheme, host, target)
}

const BAD_METHOD: &str = "the method is none that is written in capitals";

impl Original {
    fn new(method: &Method, scheme: Scheme, authority: Option<&str>, target: &str) -> Result<Self, Refused> {
        // Methods are told apart by case (RFC 9110 §9.1), and applications may not do so.
        if !method.as_str().bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
            return Err(Refused::Unreadable(BAD_METHOD));
        }
        if target.len() > TARGET_BYTES_MAX {
            return Err(Refused::Unreadable("the URI is too long"));
        }
        let authority = authority.ok_or(Refused::Missing("host"))?.to_ascii_lowercase();
        let host = HostName::of_authority(&authority).ok_or(Refused::Unreadable("the host is none"))?;
        let path = GuardedPath::read(target).map_err(Refused::Path)?;
        let raw_path = target.split('?').next().unwrap_or_default().to_owned();
        Ok(Self { method: method.clone(), scheme, authority, host, raw_path, path })
    }

    /// As browsers write it in `Origin`.
    pub(crate) fn web_origin(&self) -> String {
        let default_port = match self.scheme {
            Scheme::Https => ":443",
            Scheme::Http => ":80",
        };
        let authority = self.authority.strip_suffix(default_port).unwrap_or(&self.authority);
        format!("{}://{authority}", self.scheme.as_str())
    }
}

impl Scheme {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

impl HostName {
    /// A host without a port, in ASCII; IPv6 in brackets.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let host = text.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let is_host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
            None => {
                let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                !host.is_empty() && !host.starts_with('.') && !host.ends_with('.') && host.bytes().all(is_good)
            }
        };
        is_host.then(|| Self(host.to_owned()))
    }

    /// The host.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_authority(authority: &str) -> Option<Self> {
        let (host, port) = match authority.rsplit_once(':') {
            // A colon within brackets belongs to the address.
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, "0"),
        };
        port.parse::<u16>().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()))?;
        Self::parse(host)
    }
}

/// The one value of a header that a proxy sets. A second one was not set by it.
pub(crate) fn once<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Refused::Unreadable("a header is not ASCII")),
        (Some(_), Some(_)) => Err(Refused::Unreadable("a header of the proxy came twice")),
    }
}

#[cfg(test)]
mod tests {
    use super::{HostName, Original, Proxy, Scheme};
    use crate::refused::Refused;
    use http::Request;

    fn read(proxy: Proxy, uri: &str, headers: &[(&str, &str)]) -> Result<Original, Refused> {
        let mut request = Request::builder().method("POST").uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        proxy.original(&request.body(()).unwrap().into_parts().0, Scheme::Https)
    }

    fn told(proxy: Proxy, uri: &str, headers: &[(&str, &str)]) -> String {
        match read(proxy, uri, headers) {
            Ok(original) => format!(
                "{} {}{} {}",
                original.method,
                original.web_origin(),
                original.path.as_str(),
                original.host.as_str()
            ),
            Err(refused) => refused.code().to_owned(),
        }
    }

    const NGINX: [(&str, &str); 3] =
        [("x-original-method", "GET"), ("x-original-uri", "/a?b=c"), ("x-original-host", "App.Example")];
    const TRAEFIK: [(&str, &str); 4] = [
        ("x-forwarded-method", "PUT"),
        ("x-forwarded-uri", "/f"),
        ("x-forwarded-host", "app.example:8443"),
        ("x-forwarded-proto", "https"),
    ];

    #[test]
    fn each_proxy_is_read_by_its_own_headers_and_no_others() {
        let all: Vec<_> = NGINX.into_iter().chain(TRAEFIK).chain([("host", "guard.internal:8421")]).collect();
        assert_eq!(told(Proxy::Nginx, "/verify", &all), "GET https://app.example/a app.example");
        let forwarded = "PUT https://app.example:8443/f app.example";
        assert_eq!(told(Proxy::Traefik, "/verify", &all), forwarded);
        assert_eq!(told(Proxy::Caddy, "/verify", &all), forwarded);
        let envoy = "POST https://guard.internal:8421/e guard.internal";
        assert_eq!(told(Proxy::Envoy, "/verify/e?x=/a", &all), envoy);
    }

    #[test]
    fn what_a_proxy_did_not_set_is_not_guessed() {
        for proxy in [Proxy::Nginx, Proxy::Traefik, Proxy::Caddy, Proxy::Envoy] {
            assert_eq!(told(proxy, "/verify", &[]), "unreadable_request", "{proxy:?}");
        }
        for left_out in 0..2 {
            let mut headers = NGINX.to_vec();
            headers.remove(left_out);
            assert_eq!(told(Proxy::Nginx, "/verify", &headers), "unreadable_request");
        }
        assert_eq!(told(Proxy::Nginx, "/verify", &TRAEFIK), "unreadable_request");
        let by_host = [NGINX[0], NGINX[1], ("host", "app.example")];
        assert_eq!(told(Proxy::Nginx, "/verify", &by_host), "GET https://app.example/a app.example");
        assert_eq!(told(Proxy::Envoy, "/verify", &[("host", "app.example")]), "ambiguous_path");
    }

    #[test]
    fn what_came_twice_or_is_out_of_shape_is_refused() {
        for second in NGINX {
            let headers: Vec<_> = NGINX.into_iter().chain([second]).collect();
            assert_eq!(told(Proxy::Nginx, "/verify", &headers), "unreadable_request", "{second:?}");
        }
        for (at, value) in
            [(0, "get"), (0, "G T"), (2, "a, b"), (2, "a:b"), (2, "a:+1"), (2, ""), (2, "[::1"), (2, "a..")]
        {
            let mut headers = NGINX;
            headers[at].1 = value;
            assert_eq!(told(Proxy::Nginx, "/verify", &headers), "unreadable_request", "{value}");
        }
        let mut headers = TRAEFIK;
        headers[3].1 = "gopher";
        assert_eq!(told(Proxy::Traefik, "/verify", &headers), "unreadable_request");
    }

    #[test]
    fn a_host_has_one_form() {
        let of = |text| HostName::of_authority(text).map(|host| host.as_str().to_owned());
        for text in ["app.example", "app.example.", "app.example:80", "app.example.:80"] {
            assert_eq!(of(text).as_deref(), Some("app.example"), "{text}");
        }
        assert_eq!(of("[::1]:80").as_deref(), Some("[::1]"));
        assert_eq!(of("[::1]").as_deref(), Some("[::1]"));
        assert_eq!(HostName::parse("APP.example"), HostName::parse("app.example"));
    }
}
