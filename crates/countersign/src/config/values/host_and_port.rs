//! Hosts that may be asked.

use crate::config::{error::Fault, shapes::Text};
use countersign_server::outbound::HostPort;

/// A host, by name or address, and a port.
pub(in crate::config) const HOST_AND_PORT: Text<HostPort> = Text { what: "a host and a port, host:port", parse };

fn parse(text: &str) -> Result<HostPort, Fault> {
    HostPort::parse(text).map_err(|_| {
        let fault = Fault::new("expected a host and a port, as in \"intern.example:8443\"");
        match meant(text) {
            Some(meant) => fault.hint(format!("use \"{meant}\"")),
            None => fault.hint("one entry a host: there are no wildcards and no ranges"),
        }
    })
}

/// What people write when they copy a URL, or leave out the port.
fn meant(text: &str) -> Option<HostPort> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let host = rest.split(['/', '?', '#']).next()?;
    let port = if scheme == "http" { 80 } else { 443 };
    HostPort::parse(host).or_else(|_| HostPort::parse(&format!("{host}:{port}"))).ok()
}
