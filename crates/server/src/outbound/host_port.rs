//! A host and a port, as `server.outbound_allow` names them.

use std::fmt;
use url::{Host, Url};

/// A host, by name or address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    host: Host,
    port: u16,
}

/// Text that is no host and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host and a port")]
pub struct NotAHostPort;

impl HostPort {
    /// Reads `host:port`, with the brackets of an IPv6 address.
    ///
    /// # Errors
    /// [`NotAHostPort`] where a part is missing, or there is more.
    pub fn parse(text: &str) -> Result<Self, NotAHostPort> {
        let (host, port) = text.rsplit_once(':').ok_or(NotAHostPort)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(NotAHostPort)?;
        // Read as the host of a URL is, so that both ways of writing it come to the same.
        let url = Url::parse(&format!("https://{host}/")).map_err(|_| NotAHostPort)?;
        let is_host_alone = url.username().is_empty() && url.port().is_none() && url.path() == "/";
        let host = url.host().filter(|_| is_host_alone && !host.contains(['/', '?', '#', '\\', '@']));
        Ok(Self { host: host.ok_or(NotAHostPort)?.to_owned(), port })
    }

    /// Those of a URL of the web.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        Some(Self { host: url.host()?.to_owned(), port: url.port_or_known_default()? })
    }

    /// By name or address.
    pub(crate) const fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::HostPort;
    use url::Url;

    #[test]
    fn both_ways_of_writing_a_host_come_to_the_same() {
        for (text, url) in [
            ("intern.example:443", "https://Intern.EXAMPLE/x"),
            ("127.0.0.1:8080", "http://0x7f.1:8080/"),
            ("[::1]:80", "http://[0:0::1]/"),
            ("bücher.example:8443", "https://xn--bcher-kva.example:8443"),
        ] {
            assert_eq!(HostPort::parse(text).ok(), HostPort::of(&Url::parse(url).unwrap()), "{text}");
        }
        assert_eq!(HostPort::parse("[::1]:8443").unwrap().to_string(), "[::1]:8443");
    }

    #[test]
    fn what_names_no_host_and_port_is_refused() {
        for text in ["", "intern.example", ":443", "a:0", "a:65536", "a:b", "https://a:443", "u@a:1", "a/b:1", "::1:1"]
        {
            assert!(HostPort::parse(text).is_err(), "{text}");
        }
    }
}
