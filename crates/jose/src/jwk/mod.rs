//! Keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037).

mod export;
mod parse;
mod set;
mod spki;
mod thumbprint;

pub use parse::Jwk;
pub use set::{JwkSet, RefusedKey};
pub use thumbprint::Thumbprint;

pub(crate) use export::private_jwk;
pub(crate) use parse::{PrivateJwk, PrivateMembers};
pub(crate) use set::entries;
pub(crate) use spki::from_spki;

use crate::Algorithm;

/// The members that make a public key; nothing here was checked by cryptography yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicMembers {
    P256 { x: [u8; 32], y: [u8; 32] },
    Ed25519 { x: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl PublicMembers {
    /// The one algorithm that we use such a key with.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256 { .. } => Algorithm::Es256,
            Self::Ed25519 { .. } => Algorithm::EdDsa,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }
}
