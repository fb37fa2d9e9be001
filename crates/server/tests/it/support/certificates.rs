//! Certificates as an authority would issue them, and the two files that a server reads. The tests of the binary use
//! this file too.

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An authority that clients may trust.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate: Certificate,
}

/// A certificate and its key, in PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Seconds since the Unix epoch.
pub(crate) type Seconds = u64;

/// Where both files are.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A certificate for these hosts, valid for as long as anybody will run this test.
    pub(crate) fn issue(&self, hosts: &[&str]) -> Issued {
        self.issue_between(hosts, 0, 4_000_000_000)
    }

    pub(crate) fn issue_between(&self, hosts: &[&str], from: Seconds, to: Seconds) -> Issued {
        self.issue_for(&KeyPair::generate().unwrap(), hosts, from, to)
    }

    pub(crate) fn issue_for(&self, key: &KeyPair, hosts: &[&str], from: Seconds, to: Seconds) -> Issued {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + Duration::from_secs(from);
        params.not_after = epoch + Duration::from_secs(to);
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Issued {
    /// Writes both files into `folder`, as tools that renew certificates do: each whole, in one step.
    pub(crate) fn put(&self, folder: &Path) -> Files {
        let files = Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        replace(&files.certificate, &self.certificate, 0o644);
        replace(&files.key, &self.key, 0o600);
        files
    }
}

/// Puts `text` in the place of the file at `path`.
pub(crate) fn replace(path: &Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(mode)).unwrap();
    std::fs::rename(&draft, path).unwrap();
}
