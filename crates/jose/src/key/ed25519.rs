//! EdDSA with Ed25519 (RFC 8037, RFC 8032).

use aws_lc_rs::{
    encoding::AsBigEndian as _,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, Signature},
};
use zeroize::Zeroizing;

use super::{failed, not_pkcs8, rejected};
use crate::{KeyError, SignError};

pub(super) const SIGNATURE_BYTES: usize = 64;

/// An encoded point: y, little-endian, and the sign of x in the top bit.
pub(crate) type Point = [u8; 32];

/// The y of each point whose order divides 8, canonical or not. The library checks that S < L, nothing about order:
/// with such a key or R, one signature holds for many messages.
const SMALL_ORDER: [Point; 7] = [
    [0; 32],
    last_first(0, 0, 1),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    last_first(0x7f, 0xff, 0xec), // p - 1
    last_first(0x7f, 0xff, 0xed), // p, that is 0
    last_first(0x7f, 0xff, 0xee), // p + 1, that is 1
];

/// A number with the given most and least significant bytes.
const fn last_first(last: u8, middle: u8, first: u8) -> Point {
    let mut point = [middle; 32];
    point[0] = first;
    point[31] = last;
    point
}

/// Whether an encoding is that of a point of small order, whatever the sign of x.
fn is_small_order(encoding: &Point) -> bool {
    let mut y = *encoding;
    let [.., last] = &mut y;
    *last &= 0x7f;
    SMALL_ORDER.contains(&y)
}

/// Prepares a public key.
pub(super) fn public(x: &Point) -> Result<ParsedPublicKey, KeyError> {
    if is_small_order(x) {
        return Err(KeyError::Unusable("the Ed25519 point has small order: anybody could sign"));
    }
    ParsedPublicKey::new(&ED25519, x).map_err(rejected)
}

/// Checks 64 bytes `R | S`.
pub(super) fn check(key: &ParsedPublicKey, input: &[u8], signature: &[u8]) -> bool {
    signature.len() == SIGNATURE_BYTES
        && signature.first_chunk().is_some_and(|r| !is_small_order(r))
        && key.verify_sig(input, signature).is_ok()
}

pub(super) fn generate() -> Result<Ed25519KeyPair, KeyError> {
    Ed25519KeyPair::generate().map_err(failed)
}

pub(super) fn from_pkcs8(der: &[u8]) -> Result<Ed25519KeyPair, KeyError> {
    Ed25519KeyPair::from_pkcs8(der).map_err(not_pkcs8)
}

/// Imports a seed; it must belong to the public key.
pub(super) fn from_parts(x: &Point, d: &[u8; 32]) -> Result<Ed25519KeyPair, KeyError> {
    Ed25519KeyPair::from_seed_and_public_key(d, x).map_err(rejected)
}

pub(super) fn to_pkcs8(pair: &Ed25519KeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // Version 1: OpenSSL reads no other.
    pair.to_pkcs8v1().map(|document| Zeroizing::new(document.as_ref().to_vec())).map_err(failed)
}

pub(super) fn public_point(pair: &Ed25519KeyPair) -> Result<Point, KeyError> {
    pair.public_key().as_ref().try_into().map_err(failed)
}

pub(super) fn seed(pair: &Ed25519KeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let seed = pair.seed().map_err(failed)?;
    seed.as_be_bytes().map(|seed| Zeroizing::new(seed.as_ref().to_vec())).map_err(failed)
}

pub(super) fn sign(pair: &Ed25519KeyPair, input: &[u8]) -> Result<Signature, SignError> {
    pair.try_sign(input).map_err(|_| SignError::Crypto)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_points_of_order_eight_are_each_others_negative() {
        // y and -y: their sum is p = 2^255 - 19.
        let mut carry = 0;
        let sum: Vec<u8> = std::iter::zip(SMALL_ORDER[2], SMALL_ORDER[3])
            .map(|(a, b)| {
                let digit = u16::from(a) + u16::from(b) + carry;
                carry = digit >> 8;
                digit as u8
            })
            .collect();
        assert_eq!(sum, SMALL_ORDER[5]);
    }
}
