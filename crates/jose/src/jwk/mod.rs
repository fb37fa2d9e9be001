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
pub(crate) use spki::{KeyKind, curve_oid, from_spki, to_spki};

use crate::{
    Algorithm,
    algorithm::{Curve, Family},
};

/// The members that make a public key; nothing here was checked by cryptography yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicMembers {
    Ec { curve: Curve, x: Box<[u8]>, y: Box<[u8]> },
    Ed25519 { x: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl PublicMembers {
    /// The algorithm of a key that names none: that of its curve; for RSA the one that all implement (RFC 7518 §3.1).
    pub(crate) const fn default_algorithm(&self) -> Algorithm {
        match self {
            Self::Ec { curve, .. } => curve.algorithm(),
            Self::Ed25519 { .. } => Algorithm::EdDsa,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// Whether such a key can be for `algorithm`.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => algorithm.family() == Family::Rsa,
            _ => algorithm == self.default_algorithm(),
        }
    }
}
