//! Where the server listens.

use crate::config::{error::Fault, shapes::Text};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// An address and a port.
pub(in crate::config) const LISTEN: Text<SocketAddr> = Text { what: "an IP address and a port", parse };

fn parse(text: &str) -> Result<SocketAddr, Fault> {
    text.parse().map_err(|_| {
        let fault = Fault::new("expected an IP address and a port, as in \"127.0.0.1:8420\"");
        match meant(text) {
            Some(address) => fault.hint(format!("use \"{address}\"")),
            None => fault,
        }
    })
}

/// What people write when they leave out a part or use a name.
fn meant(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, 8420).to_string());
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port: u16 = port.parse().ok()?;
    match host {
        "" | "localhost" => Some(format!("127.0.0.1:{port}")),
        "*" => Some(format!("0.0.0.0:{port}")),
        v6 => v6.parse::<Ipv6Addr>().ok().map(|v6| format!("[{v6}]:{port}")),
    }
}
