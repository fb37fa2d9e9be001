//! Whose certificates are believed: the system's authorities, and those of a file beside them.

use super::OutboundError;
use crate::limits::TLS_FILE_BYTES_MAX;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// Certificate authorities beside those of the system.
#[derive(Clone, Default)]
pub struct ExtraRoots(Vec<CertificateDer<'static>>);

/// What is wrong with a file of certificate authorities.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootsProblem {
    /// It is not there, or not for us.
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// Larger than any such file is.
    #[error("the file is larger than 1 MiB: is it the right one?")]
    TooLarge,
    /// There is none in it.
    #[error("there is no certificate in the file")]
    NoCertificate,
    /// What says that it is a certificate is none, or none of an authority.
    #[error("certificate {number} in the file is damaged")]
    Damaged {
        /// Counted from one.
        number: usize,
    },
}

impl ExtraRoots {
    /// Reads a PEM file.
    ///
    /// # Errors
    /// [`RootsProblem`].
    pub fn open(path: &Path) -> Result<Self, RootsProblem> {
        let mut pem = Vec::new();
        let file = File::open(path).map_err(RootsProblem::Unreadable)?;
        file.take(TLS_FILE_BYTES_MAX + 1).read_to_end(&mut pem).map_err(RootsProblem::Unreadable)?;
        if pem.len() as u64 > TLS_FILE_BYTES_MAX {
            return Err(RootsProblem::TooLarge);
        }
        Self::parse(&pem)
    }

    /// Reads PEM.
    ///
    /// # Errors
    /// [`RootsProblem`].
    pub fn parse(pem: &[u8]) -> Result<Self, RootsProblem> {
        let mut roots = Vec::new();
        for one in CertificateDer::pem_slice_iter(pem) {
            let damaged = RootsProblem::Damaged { number: roots.len() + 1 };
            let Ok(one) = one else { return Err(damaged) };
            if RootCertStore::empty().add(one.clone()).is_err() {
                return Err(damaged);
            }
            roots.push(one);
        }
        if roots.is_empty() { Err(RootsProblem::NoCertificate) } else { Ok(Self(roots)) }
    }
}

impl std::fmt::Debug for ExtraRoots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} certificate authorities", self.0.len())
    }
}

/// What speaks TLS with others. The system's certificates are files, so a thread of its own reads them.
pub(super) async fn connector(extra: &ExtraRoots) -> Result<TlsConnector, OutboundError> {
    let (done, read) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || done.send(rustls_native_certs::load_native_certs().certs));
    let mut roots = RootCertStore::empty();
    // Some of the system's are of a kind that nobody uses any more: those are left out.
    roots.add_parsable_certificates(read.await.unwrap_or_default());
    roots.add_parsable_certificates(extra.0.iter().cloned());
    if roots.is_empty() {
        return Err(OutboundError::NoRoots);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| OutboundError::NoRoots)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::{ExtraRoots, RootsProblem};

    #[test]
    fn a_file_without_a_good_certificate_is_refused() {
        assert!(matches!(ExtraRoots::parse(b""), Err(RootsProblem::NoCertificate)));
        assert!(matches!(ExtraRoots::parse(b"hello"), Err(RootsProblem::NoCertificate)));
        let none = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(ExtraRoots::parse(none), Err(RootsProblem::Damaged { number: 1 })));
        let missing = ExtraRoots::open(std::path::Path::new("/nowhere/at/all.pem"));
        assert!(matches!(missing, Err(RootsProblem::Unreadable(_))));
    }
}
