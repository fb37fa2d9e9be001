//! TLS by rustls (1.3 and 1.2, HTTP/1.1): certificate and key from two files, taken up anew when these change.

mod files;
mod pair;
mod problem;
mod validity;
mod watch;

pub use files::{TlsFile, TlsFiles};
pub use problem::{TlsFault, TlsProblem};

use crate::limits::HANDSHAKE_MAX;
use files::Stamps;
use pair::Pair;
use rustls::ServerConfig;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a listener needs to speak TLS. Cheap to clone; a new certificate is taken up by all clones at once.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: TlsFiles,
    /// How the files looked when they were opened.
    opened: Stamps,
    current: RwLock<Current>,
}

/// A pair in use, and what connections with it go by.
#[derive(Clone)]
struct Current {
    pair: Arc<Pair>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Everything that is wrong with either.
    pub fn open(files: TlsFiles) -> Result<Self, Vec<TlsProblem>> {
        let opened = files.stamps();
        let current = RwLock::new(Current::of(Pair::read(&files)?));
        Ok(Self(Arc::new(Shared { files, opened, current })))
    }

    /// The handshake of one connection, with the certificate as it stands now.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let handshake = TlsAcceptor::from(self.current().config).accept(stream);
        tokio::time::timeout(HANDSHAKE_MAX, handshake).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    fn current(&self) -> Current {
        // A panic while the lock was held can't have left half a value: it holds two pointers.
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From the next handshake on; what is connected goes on.
    fn take_up(&self, pair: Pair) {
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Current::of(pair);
    }
}

impl Current {
    fn of(pair: Pair) -> Self {
        // A whole new configuration, not only a new certificate in the old one: sessions that began under the old
        // certificate can't be resumed, so every new connection sees the new one.
        Self { config: Arc::new(pair.config()), pair: Arc::new(pair) }
    }
}
