//! Private keys as DER: PKCS#8 (RFC 5208), PKCS#1 (RFC 8017 §A.1.2), SEC1 (RFC 5915). Each reader takes its own form
//! and no other.

use zeroize::Zeroizing;

use crate::{
    Algorithm, KeyError,
    algorithm::{Curve, Family},
    der::{self, BIT_STRING, CONTEXT_0, CONTEXT_1, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE},
    jwk::{KeyKind, curve_oid},
};

/// Checks that `der` is one PKCS#8 document, version 1 or 2, of a key for `algorithm`, and nothing after it.
pub(super) fn check_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<(), KeyError> {
    let (kind, _) = split_pkcs8(der).ok_or(KeyError::Unusable("not a PKCS#8 private key"))?;
    let expected = kind_for(algorithm).ok_or(KeyError::Unusable("PKCS#8 holds no HMAC secret"))?;
    if kind == expected { Ok(()) } else { Err(KeyError::Unusable("not a PKCS#8 private key of this algorithm")) }
}

/// PKCS#8 around an `RSAPrivateKey`.
pub(super) fn from_pkcs1(der: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let is_pkcs1 = || {
        let mut outer = Reader::new(der);
        let mut key = outer.enter(SEQUENCE)?;
        // Version 0: two primes. Then n, e, d, p, q, dp, dq, qi.
        (key.read(INTEGER)? == [0]).then_some(())?;
        for _ in 0..8 {
            key.unsigned()?;
        }
        (outer.is_empty() && key.is_empty()).then_some(())
    };
    is_pkcs1().ok_or(KeyError::Unusable("not a PKCS#1 RSA private key of two primes"))?;
    wrap(KeyKind::Rsa, der).ok_or(KeyError::Crypto)
}

/// The `RSAPrivateKey` in a PKCS#8 document.
pub(super) fn to_pkcs1(pkcs8: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    split_pkcs8(pkcs8).filter(|(kind, _)| *kind == KeyKind::Rsa).map(|(_, key)| Zeroizing::new(key.to_vec()))
}

/// PKCS#8 around an `ECPrivateKey` of `curve`. Its parameters, where it has some, must name that curve.
pub(super) fn from_sec1(curve: Curve, der: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let is_sec1 = || {
        let mut outer = Reader::new(der);
        let mut key = outer.enter(SEQUENCE)?;
        (key.read(INTEGER)? == [1]).then_some(())?;
        (key.read(OCTET_STRING)?.len() == curve.coordinate_bytes()).then_some(())?;
        if let Some(mut parameters) = key.enter(CONTEXT_0) {
            let named = parameters.read(OBJECT_IDENTIFIER)? == curve_oid(curve) && parameters.is_empty();
            named.then_some(())?;
        }
        if let Some(mut public) = key.enter(CONTEXT_1) {
            public.bits()?;
            public.is_empty().then_some(())?;
        }
        (outer.is_empty() && key.is_empty()).then_some(())
    };
    is_sec1().ok_or(KeyError::Unusable("not a SEC1 private key of this algorithm's curve"))?;
    wrap(KeyKind::Ec(curve), der).ok_or(KeyError::Crypto)
}

/// An `ECPrivateKey` with its curve and its public point.
pub(super) fn to_sec1(curve: Curve, scalar: &[u8], point: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let scalar = der::element(OCTET_STRING, &[scalar])?;
    let parameters = der::element(CONTEXT_0, &[&der::element(OBJECT_IDENTIFIER, &[curve_oid(curve)])?])?;
    let public = der::element(CONTEXT_1, &[&der::element(BIT_STRING, &[&[0], point])?])?;
    der::element(SEQUENCE, &[&[INTEGER, 1, 1], &scalar, &parameters, &public])
}

/// The kind and the inner key of one PKCS#8 document. Attributes and a public key may follow (RFC 5958 §2).
fn split_pkcs8(der: &[u8]) -> Option<(KeyKind, &[u8])> {
    let mut outer = Reader::new(der);
    let mut info = outer.enter(SEQUENCE)?;
    matches!(info.read(INTEGER)?, [0 | 1]).then_some(())?;
    let kind = KeyKind::read(&mut info)?;
    let key = info.read(OCTET_STRING)?;
    outer.is_empty().then_some((kind, key))
}

fn wrap(kind: KeyKind, key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    der::element(SEQUENCE, &[&[INTEGER, 1, 0], &kind.write()?, &der::element(OCTET_STRING, &[key])?])
}

const fn kind_for(algorithm: Algorithm) -> Option<KeyKind> {
    match algorithm.family() {
        Family::Ecdsa(curve) => Some(KeyKind::Ec(curve)),
        Family::Ed25519 => Some(KeyKind::Ed25519),
        Family::Rsa => Some(KeyKind::Rsa),
        Family::Hmac => None,
    }
}
