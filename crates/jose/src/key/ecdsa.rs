//! ES256, ES384, ES512: ECDSA on the curves of NIST (RFC 7518 §3.4).

use aws_lc_rs::{
    encoding::AsBigEndian as _,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
        ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair as _, ParsedPublicKey, Signature,
    },
};
use zeroize::Zeroizing;

use super::{failed, nonces, not_pkcs8, rejected};
use crate::{KeyError, SignError, algorithm::Curve};

/// x and y.
pub(crate) type Coordinates = (Box<[u8]>, Box<[u8]>);

/// First byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Prepares a public key; the point must be on the curve, each coordinate of full length (RFC 7518 §6.2.1.2).
pub(super) fn public(curve: Curve, x: &[u8], y: &[u8]) -> Result<ParsedPublicKey, KeyError> {
    check_lengths(curve, x, y)?;
    ParsedPublicKey::new(verification(curve), point(x, y))
        .map_err(|_| KeyError::Unusable("the point is not on its curve"))
}

/// Checks the bytes `r | s`, each of full length; the library refuses r and s outside 1..n.
pub(super) fn check(curve: Curve, key: &ParsedPublicKey, input: &[u8], signature: &[u8]) -> bool {
    signature.len() == curve.signature_bytes() && key.verify_sig(input, signature).is_ok()
}

pub(super) fn generate(curve: Curve) -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::generate(signing(curve)).map_err(failed)
}

pub(super) fn from_pkcs8(curve: Curve, der: &[u8]) -> Result<EcdsaKeyPair, KeyError> {
    EcdsaKeyPair::from_pkcs8(signing(curve), der).map_err(not_pkcs8)
}

/// Imports a private scalar; it must belong to the point.
pub(super) fn from_parts(curve: Curve, x: &[u8], y: &[u8], d: &[u8]) -> Result<EcdsaKeyPair, KeyError> {
    check_lengths(curve, x, y)?;
    if d.len() != curve.coordinate_bytes() {
        return Err(KeyError::Unusable("the private scalar has not the length of its curve"));
    }
    EcdsaKeyPair::from_private_key_and_public_key(signing(curve), d, &point(x, y)).map_err(rejected)
}

pub(super) fn to_pkcs8(pair: &EcdsaKeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    pair.to_pkcs8v1().map(|document| Zeroizing::new(document.as_ref().to_vec())).map_err(failed)
}

/// The coordinates of the public key.
pub(super) fn coordinates(curve: Curve, pair: &EcdsaKeyPair) -> Result<Coordinates, KeyError> {
    split_point(curve, pair.public_key().as_ref()).ok_or(KeyError::Crypto)
}

/// The private scalar, of full length.
pub(super) fn scalar(pair: &EcdsaKeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    pair.private_key().as_be_bytes().map(|scalar| Zeroizing::new(scalar.as_ref().to_vec())).map_err(failed)
}

pub(super) fn sign(pair: &EcdsaKeyPair, input: &[u8]) -> Result<Signature, SignError> {
    pair.sign(&nonces(), input).map_err(|_| SignError::Crypto)
}

/// The coordinates of an uncompressed point on `curve`.
pub(crate) fn split_point(curve: Curve, point: &[u8]) -> Option<Coordinates> {
    let (x, y) = point.strip_prefix(&[UNCOMPRESSED])?.split_at_checked(curve.coordinate_bytes())?;
    (y.len() == x.len()).then(|| (x.into(), y.into()))
}

/// An uncompressed point.
pub(crate) fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[UNCOMPRESSED], x, y].concat()
}

fn check_lengths(curve: Curve, x: &[u8], y: &[u8]) -> Result<(), KeyError> {
    if x.len() == curve.coordinate_bytes() && y.len() == curve.coordinate_bytes() {
        return Ok(());
    }
    Err(KeyError::Unusable("a coordinate has not the length of its curve"))
}

const fn verification(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
    }
}

const fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}
