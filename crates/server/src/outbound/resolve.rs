//! Looking a name up: once a request.

use super::{HostPort, OutboundError};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use url::Host;

/// The addresses of a name, to come.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// How names are looked up.
pub trait Resolve: std::fmt::Debug + Send + Sync {
    /// All addresses of `name`.
    fn resolve(&self, name: &str) -> Resolving;
}

/// As the system looks names up.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> Resolving {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The addresses of a host, none for one without. The place among all requests goes with the look-up and comes back with
/// its answer: the system's can't be broken off, and threads that wait for a name server must not pile up either.
pub(super) async fn look_up(
    resolver: &Arc<dyn Resolve>,
    host: &HostPort,
    place: OwnedSemaphorePermit,
) -> Result<(Vec<SocketAddr>, OwnedSemaphorePermit), OutboundError> {
    let (addresses, place) = match host.host() {
        Host::Ipv4(address) => (vec![IpAddr::V4(*address)], place),
        Host::Ipv6(address) => (vec![IpAddr::V6(*address)], place),
        Host::Domain(name) => {
            let looking = resolver.resolve(name);
            let looked = tokio::spawn(async move { (looking.await, place) }).await;
            let failed = |source| OutboundError::LookUp { host: host.clone(), source };
            let (found, place) = looked.map_err(|error| failed(io::Error::other(error)))?;
            (found.map_err(failed)?, place)
        }
    };
    if addresses.is_empty() {
        return Err(OutboundError::NoAddress { host: host.clone() });
    }
    Ok((addresses.into_iter().map(|address| SocketAddr::new(address, host.port())).collect(), place))
}
