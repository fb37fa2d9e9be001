//! A certificate and the key that belongs to it.

use crate::tls::files::{TlsFile, TlsFiles};
use crate::tls::problem::{TlsFault, TlsProblem};
use crate::tls::validity::Validity;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, InconsistentKeys, ServerConfig};
use std::sync::Arc;

/// A certificate, its chain and its key; that they belong together was checked.
#[derive(Debug)]
pub(super) struct Pair {
    certified: Arc<CertifiedKey>,
    provider: Arc<CryptoProvider>,
    validity: Option<Validity>,
}

type Chain = Vec<CertificateDer<'static>>;

impl Pair {
    /// Reads and checks both files; gives everything that is wrong with either.
    pub(super) fn read(files: &TlsFiles) -> Result<Self, Vec<TlsProblem>> {
        let chain = files.read_certificate().and_then(|pem| parse_chain(&pem));
        let key = files.read_key().and_then(|pem| parse_key(&pem));
        match (chain, key) {
            (Ok(chain), Ok(key)) => Self::join(chain, key).map_err(|problem| vec![problem]),
            (chain, key) => {
                let chain = chain.err().map(|fault| TlsProblem { file: TlsFile::Certificate, fault });
                let key = key.err().map(|fault| TlsProblem { file: TlsFile::Key, fault });
                Err(chain.into_iter().chain(key).collect())
            }
        }
    }

    /// From when to when the certificate is valid, if that can be told.
    pub(super) const fn validity(&self) -> Option<Validity> {
        self.validity
    }

    /// Whether clients accept the certificate for `host`, a name or an address (RFC 9525).
    pub(super) fn names(&self, host: &str) -> bool {
        let Ok(name) = ServerName::try_from(host.trim_matches(['[', ']'])) else { return false };
        let leaf = self.certified.end_entity_cert().and_then(ParsedCertificate::try_from);
        leaf.is_ok_and(|leaf| rustls::client::verify_server_name(&leaf, &name).is_ok())
    }

    /// What connections with this certificate go by.
    #[expect(clippy::expect_used, reason = "the provider has suites for both versions: every test of TLS passes here")]
    pub(super) fn config(&self) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("aws-lc-rs has suites for TLS 1.3 and 1.2")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&self.certified))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    fn join(chain: Chain, key: PrivateKeyDer<'static>) -> Result<Self, TlsProblem> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let of_key = |fault| TlsProblem { file: TlsFile::Key, fault };
        let key = provider.key_provider.load_private_key(key).map_err(|_| of_key(TlsFault::BadKey))?;
        let belongs = |certificate: &CertificateDer<'static>| {
            let one = CertifiedKey::new(vec![certificate.clone()], Arc::clone(&key));
            !matches!(one.keys_match(), Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)))
        };
        if let Some(number) = chain.iter().position(|one| ParsedCertificate::try_from(one).is_err()) {
            let fault = TlsFault::DamagedCertificate { number: number + 1 };
            return Err(TlsProblem { file: TlsFile::Certificate, fault });
        }
        match chain.iter().position(belongs) {
            Some(0) => {}
            other => return Err(of_key(TlsFault::Mismatch { belongs_to: other.map(|index| index + 1) })),
        }
        let validity = chain.first().and_then(|leaf| Validity::of(leaf, &provider));
        Ok(Self { certified: Arc::new(CertifiedKey::new(chain, key)), provider, validity })
    }
}

fn parse_chain(pem: &[u8]) -> Result<Chain, TlsFault> {
    let mut chain = Vec::new();
    for one in CertificateDer::pem_slice_iter(pem) {
        chain.push(one.map_err(|_| TlsFault::DamagedCertificate { number: chain.len() + 1 })?);
    }
    if chain.is_empty() {
        return Err(TlsFault::NoCertificate { holds_key: names_section(pem, "PRIVATE KEY") });
    }
    Ok(chain)
}

fn parse_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsFault> {
    // Before the parser: of these it says only that there is no key, or that its parts are no base64.
    if names_section(pem, "ENCRYPTED PRIVATE KEY") || names(pem, "Proc-Type: 4,ENCRYPTED") {
        return Err(TlsFault::EncryptedKey);
    }
    match PrivateKeyDer::from_pem_slice(pem) {
        Ok(key) => Ok(key),
        Err(rustls::pki_types::pem::Error::NoItemsFound) => {
            Err(TlsFault::NoKey { holds_certificate: names_section(pem, "CERTIFICATE") })
        }
        // What the parser says may quote the file.
        Err(_) => Err(TlsFault::BadKey),
    }
}

fn names_section(pem: &[u8], kind: &str) -> bool {
    names(pem, &format!("{kind}-----"))
}

fn names(pem: &[u8], text: &str) -> bool {
    pem.windows(text.len()).any(|window| window == text.as_bytes())
}
