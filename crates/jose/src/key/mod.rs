//! Keys that are ready to use: imported and checked once, one algorithm each.

mod ecdsa;
mod ed25519;
mod generate;
mod hmac;
mod id;
mod private_der;
mod roca;
mod rsa;
mod set;
mod signing;
mod verifying;

pub use id::KeyId;
pub use set::KeySet;
pub use signing::SigningKey;
pub use verifying::VerifyingKey;

pub(crate) use ecdsa::{point, split_point};
pub(crate) use generate::fill;
pub(crate) use rsa::{
    PrivateParts as RsaPrivateParts, join_public as join_rsa_public, split_public as split_rsa_public,
};

use aws_lc_rs::rand::SystemRandom;

use crate::KeyError;

/// The generator that signing asks for: nonces of ECDSA, blinding of RSA.
#[expect(
    clippy::disallowed_methods,
    reason = "signature nonces are no value of the caller's: repeating one leaks the key"
)]
fn nonces() -> SystemRandom {
    SystemRandom::new()
}

/// The library gives no reason for a key that it rejects.
fn rejected<E>(_: E) -> KeyError {
    KeyError::Unusable("its parts do not make a valid key")
}

/// A PKCS#8 document of the wrong type, or broken.
fn not_pkcs8<E>(_: E) -> KeyError {
    KeyError::Unusable("not a PKCS#8 private key of this algorithm")
}

/// The library failed at what cannot fail for the key's sake.
fn failed<E>(_: E) -> KeyError {
    KeyError::Crypto
}
