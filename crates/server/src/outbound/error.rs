//! What refuses a request of ours, or goes wrong with it.

use super::HostPort;
use axum::http::StatusCode;
use std::net::IpAddr;

/// Which rule refused, or what failed. It holds nothing of what was sent or answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// Nothing that is fetched.
    #[error("not a URL that is fetched: expected `https`, a host, no user name and no fragment")]
    Url,
    /// It would cross the network in the clear.
    #[error("`http` is asked only where `server.outbound_allow` names \"{host}\": use `https`")]
    NotHttps {
        /// Who would be asked.
        host: HostPort,
    },
    /// It leads into this machine, this network, or nowhere.
    #[error(
        "{host} is at {address}, which is no public address: if it may be asked, name \"{host}\" in `server.outbound_allow`"
    )]
    NotPublic {
        /// Who would be asked.
        host: HostPort,
        /// The address that is none of the public ones.
        address: IpAddr,
    },
    /// The name could not be looked up.
    #[error("{host} could not be looked up")]
    LookUp {
        /// Who was looked up.
        host: HostPort,
        /// Why not.
        source: std::io::Error,
    },
    /// The name has no address.
    #[error("{host} has no address")]
    NoAddress {
        /// Who was looked up.
        host: HostPort,
    },
    /// Nobody answers there.
    #[error("{host} could not be reached")]
    Connect {
        /// Who was asked.
        host: HostPort,
        /// Why not.
        source: std::io::Error,
    },
    /// Its certificate is not that of the host, nobody vouches for it, or it speaks no TLS.
    #[error("no TLS with {host}: a certificate of your own authority needs `server.outbound_ca_file`")]
    Tls {
        /// Who was asked.
        host: HostPort,
        /// Why not.
        source: std::io::Error,
    },
    /// The system has no certificate authorities.
    #[error(
        "no certificate authority is known: install the system's (ca-certificates) or name `server.outbound_ca_file`"
    )]
    NoRoots,
    /// It broke off, or is no HTTP.
    #[error("the answer broke off or is no HTTP")]
    Http {
        /// What was wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It leads elsewhere: not followed.
    #[error("the answer is a redirect ({status}), and none is followed: name the last URL")]
    Redirect {
        /// Its status.
        status: StatusCode,
    },
    /// Larger than anything that is wanted.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// How large it may be.
        bytes_max: usize,
    },
    /// Slower than anybody waits.
    #[error("there was no whole answer in time")]
    Timeout,
    /// Too many requests at once.
    #[error("too many requests to others at once: try again in a moment")]
    Busy,
}

impl From<hyper::Error> for OutboundError {
    fn from(error: hyper::Error) -> Self {
        Self::Http { source: error.into() }
    }
}
