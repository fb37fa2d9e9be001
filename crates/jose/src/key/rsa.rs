//! RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeyPairComponents, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use zeroize::Zeroizing;

use super::{failed, nonces, not_pkcs8, rejected};
use crate::{
    KeyError, SignError,
    der::{INTEGER, OCTET_STRING, Reader, SEQUENCE},
    limits::{RSA_EXPONENT_BITS_MAX, RSA_MODULUS_BITS_MAX, RSA_MODULUS_BITS_MIN},
};

/// The members of a private JWK beside `n` and `e` (RFC 7518 §6.3.2).
pub(crate) struct PrivateParts {
    pub(crate) d: Zeroizing<Vec<u8>>,
    pub(crate) p: Zeroizing<Vec<u8>>,
    pub(crate) q: Zeroizing<Vec<u8>>,
    pub(crate) dp: Zeroizing<Vec<u8>>,
    pub(crate) dq: Zeroizing<Vec<u8>>,
    pub(crate) qi: Zeroizing<Vec<u8>>,
}

/// Prepares a public key, if its size and exponent are allowed.
pub(super) fn public(n: &[u8], e: &[u8]) -> Result<ParsedPublicKey, KeyError> {
    check_public(n, e)?;
    PublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(rejected)
}

/// The library checks the length of the signature against the modulus.
pub(super) fn check(key: &ParsedPublicKey, input: &[u8], signature: &[u8]) -> bool {
    key.verify_sig(input, signature).is_ok()
}

pub(super) fn generate() -> Result<KeyPair, KeyError> {
    KeyPair::generate(KeySize::Rsa2048).map_err(failed)
}

pub(super) fn from_pkcs8(der: &[u8]) -> Result<KeyPair, KeyError> {
    KeyPair::from_pkcs8(der).map_err(not_pkcs8)
}

/// Imports all private parts; they must belong together.
pub(super) fn from_parts(n: &[u8], e: &[u8], parts: &PrivateParts) -> Result<KeyPair, KeyError> {
    check_public(n, e)?;
    KeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d: parts.d.as_slice(),
        p: parts.p.as_slice(),
        q: parts.q.as_slice(),
        dP: parts.dp.as_slice(),
        dQ: parts.dq.as_slice(),
        qInv: parts.qi.as_slice(),
    })
    .map_err(rejected)
}

pub(super) fn to_pkcs8(pair: &KeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

/// `n` and `e` of the public key.
pub(super) fn public_parts(pair: &KeyPair) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
    split_public(pair.public_key().as_ref()).ok_or(KeyError::Crypto)
}

/// The private parts in a PKCS#8 document that the library wrote.
pub(super) fn private_parts(pkcs8: &[u8]) -> Result<PrivateParts, KeyError> {
    split_private(pkcs8).ok_or(KeyError::Crypto)
}

pub(super) fn sign(pair: &KeyPair, input: &[u8]) -> Result<impl AsRef<[u8]>, SignError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &nonces(), input, &mut signature).map_err(|_| SignError::Crypto)?;
    Ok(signature)
}

/// `n` and `e` of a DER `RSAPublicKey` (RFC 8017 §A.1.1), without leading zeros.
pub(crate) fn split_public(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut outer = Reader::new(der);
    let mut key = outer.enter(SEQUENCE)?;
    let parts = (key.unsigned()?.to_vec(), key.unsigned()?.to_vec());
    (outer.is_empty() && key.is_empty()).then_some(parts)
}

/// The `RSAPrivateKey` (RFC 8017 §A.1.2) in a `PrivateKeyInfo` (RFC 5208 §5).
fn split_private(pkcs8: &[u8]) -> Option<PrivateParts> {
    let mut info = Reader::new(pkcs8).enter(SEQUENCE)?;
    info.read(INTEGER)?;
    info.read(SEQUENCE)?;
    let mut key = info.enter(OCTET_STRING)?.enter(SEQUENCE)?;
    for _version_n_e in 0..3 {
        key.read(INTEGER)?;
    }
    let mut part = || key.unsigned().map(|part| Zeroizing::new(part.to_vec()));
    Some(PrivateParts { d: part()?, p: part()?, q: part()?, dp: part()?, dq: part()?, qi: part()? })
}

/// RFC 7518 §6.3.1: big-endian, no leading zeros; and the limits of this crate.
pub(super) fn check_public(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    if n.first() == Some(&0) || e.first() == Some(&0) {
        return Err(KeyError::Unusable("an RSA number with leading zeros"));
    }
    let modulus_bits = bits(n);
    if !(RSA_MODULUS_BITS_MIN..=RSA_MODULUS_BITS_MAX).contains(&modulus_bits) {
        return Err(KeyError::ModulusBits { bits: modulus_bits });
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if !is_odd(n) || !is_odd(e) || e == [1] || bits(e) > RSA_EXPONENT_BITS_MAX {
        return Err(KeyError::Unusable("RSA exponent must be odd, more than one and of at most 33 bits; modulus odd"));
    }
    Ok(())
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
