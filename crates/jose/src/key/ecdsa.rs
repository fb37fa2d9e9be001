//! ES256: ECDSA on P-256 (RFC 7518 §3.4).

use aws_lc_rs::{
    encoding::AsBigEndian as _,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
    },
};
use zeroize::Zeroizing;

use super::{failed, nonces, not_pkcs8, rejected};
use crate::{KeyError, SignError};

pub(super) const SIGNATURE_BYTES: usize = 64;
/// First byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A coordinate, or the private scalar: always the full 32 bytes (RFC 7518 §6.2).
pub(crate) type Coordinate = [u8; 32];

/// Prepares a public key; the point must be on the curve.
pub(super) fn public(x: &Coordinate, y: &Coordinate) -> Result<ParsedPublicKey, KeyError> {
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(x, y))
        .map_err(|_| KeyError::Unusable("the point is not on the curve P-256"))
}

/// Checks 64 bytes `r | s`; the library refuses r and s outside 1..n.
pub(super) fn check(key: &ParsedPublicKey, input: &[u8], signature: &[u8]) -> bool {
    signature.len() == SIGNATURE_BYTES && key.verify_sig(input, signature).is_ok()
}

pub(super) fn generate() -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)
}

pub(super) fn from_pkcs8(der: &[u8]) -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(not_pkcs8)
}

/// Imports a private scalar; it must belong to the point.
pub(super) fn from_parts(x: &Coordinate, y: &Coordinate, d: &Coordinate) -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, d, &point(x, y)).map_err(rejected)
}

pub(super) fn to_pkcs8(pair: &EcdsaKeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    pair.to_pkcs8v1().map(|document| Zeroizing::new(document.as_ref().to_vec())).map_err(failed)
}

/// The coordinates of the public key.
pub(super) fn coordinates(pair: &EcdsaKeyPair) -> Result<(Coordinate, Coordinate), KeyError> {
    split_point(pair.public_key().as_ref()).ok_or(KeyError::Crypto)
}

/// The private scalar.
pub(super) fn scalar(pair: &EcdsaKeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    pair.private_key().as_be_bytes().map(|scalar| Zeroizing::new(scalar.as_ref().to_vec())).map_err(failed)
}

pub(super) fn sign(pair: &EcdsaKeyPair, input: &[u8]) -> Result<impl AsRef<[u8]>, SignError> {
    pair.sign(&nonces(), input).map_err(|_| SignError::Crypto)
}

/// The coordinates of an uncompressed point.
pub(crate) fn split_point(point: &[u8]) -> Option<(Coordinate, Coordinate)> {
    let coordinates = point.strip_prefix(&[UNCOMPRESSED])?;
    let (x, y) = coordinates.split_first_chunk()?;
    Some((*x, y.try_into().ok()?))
}

fn point(x: &Coordinate, y: &Coordinate) -> [u8; 65] {
    let mut point = [UNCOMPRESSED; 65];
    point[1..33].copy_from_slice(x);
    point[33..].copy_from_slice(y);
    point
}
