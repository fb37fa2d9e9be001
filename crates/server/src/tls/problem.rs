//! What is wrong with a certificate or its key, and what to do about it. Nothing here quotes the key's file.

use crate::tls::files::TlsFile;
use std::path::PathBuf;

/// What is wrong with one of the two files.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct TlsProblem {
    /// Which one.
    pub file: TlsFile,
    /// What is wrong with it.
    pub fault: TlsFault,
}

/// What can be wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// It is not there, or not for us.
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// A folder, or something stranger.
    #[error("not a file")]
    NotAFile,
    /// Larger than any certificate is.
    #[error("the file is larger than 1 MiB: is it the right one?")]
    TooLarge,
    /// Readable for others than its owner.
    #[error("others can read the key (mode {mode:04o}): whoever has it can pose as this server")]
    OpenToOthers {
        /// Its mode.
        mode: u32,
        /// Where it is.
        path: PathBuf,
    },
    /// No certificate in the file of the certificate.
    #[error("there is no certificate in the file")]
    NoCertificate {
        /// There is a key in it.
        holds_key: bool,
    },
    /// What says that it is a certificate is none.
    #[error("certificate {number} in the file is damaged")]
    DamagedCertificate {
        /// Counted from one.
        number: usize,
    },
    /// No key in the file of the key.
    #[error("there is no private key in the file")]
    NoKey {
        /// There is a certificate in it.
        holds_certificate: bool,
    },
    /// A key that only a passphrase opens.
    #[error("the private key is encrypted")]
    EncryptedKey,
    /// A key of a kind that TLS here does not use, or a damaged one.
    #[error(
        "the private key is damaged, or of a kind that is not supported: RSA (2048 to 8192 bits), ECDSA and Ed25519 are"
    )]
    BadKey,
    /// The key of another certificate.
    #[error("the key does not belong to the certificate")]
    Mismatch {
        /// The certificate of the chain that it belongs to, counted from one.
        belongs_to: Option<usize>,
    },
}

impl TlsFault {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        const PEM: &str = "a PEM file is needed: the server's own certificate first, then the chain";
        match self {
            Self::Unreadable(error) if error.kind() == std::io::ErrorKind::NotFound => {
                "name a file that is there; a relative path is relative to the current directory".to_owned()
            }
            Self::Unreadable(_) => "let the user that the server runs as read it".to_owned(),
            Self::NotAFile | Self::TooLarge => "name the PEM file itself".to_owned(),
            Self::OpenToOthers { path, .. } => format!("chmod 600 {}", path.display()),
            Self::NoCertificate { holds_key: true } => {
                "it holds a private key: are `server.tls_cert_file` and `server.tls_key_file` swapped?".to_owned()
            }
            Self::NoCertificate { .. } | Self::DamagedCertificate { .. } => PEM.to_owned(),
            Self::NoKey { holds_certificate: true } => {
                "it holds a certificate: are `server.tls_cert_file` and `server.tls_key_file` swapped?".to_owned()
            }
            Self::NoKey { .. } => "a PEM file is needed, with a key as PKCS#8, SEC1 or PKCS#1".to_owned(),
            Self::EncryptedKey => "nobody types a passphrase at a start: `openssl pkey -in KEY -out PLAIN`".to_owned(),
            Self::BadKey => "make a new key, and request a certificate for it".to_owned(),
            Self::Mismatch { belongs_to: Some(number) } => {
                format!("it belongs to certificate {number} in the file: put that one first")
            }
            Self::Mismatch { belongs_to: None } => "name the key that the certificate was requested with".to_owned(),
        }
    }
}
