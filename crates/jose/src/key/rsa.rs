//! RS256 to RS512 and PS256 to PS512: RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 7518 §3.3, §3.5).

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeyPairComponents, KeySize, PublicKeyComponents},
    signature::{
        KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
        RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
        RsaParameters, RsaSignatureEncoding,
    },
};
use zeroize::Zeroizing;

use super::{failed, nonces, not_pkcs8, rejected, roca};
use crate::{
    Algorithm, KeyError, SignError,
    der::{self, INTEGER, OCTET_STRING, Reader, SEQUENCE},
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

/// Prepares a public key for one algorithm, if its numbers are allowed.
pub(super) fn public(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Result<ParsedPublicKey, KeyError> {
    check_public(n, e)?;
    let (verification, _) = scheme(algorithm).ok_or(NOT_RSA)?;
    PublicKeyComponents { n, e }.to_parsed_public_key(verification).map_err(rejected)
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

pub(super) fn sign(algorithm: Algorithm, pair: &KeyPair, input: &[u8]) -> Result<Signature, SignError> {
    let (_, encoding) = scheme(algorithm).ok_or(SignError::Crypto)?;
    let mut signature = [0; RSA_MODULUS_BITS_MAX / 8];
    let length = pair.public_modulus_len();
    let signed = signature.get_mut(..length).ok_or(SignError::Crypto)?;
    pair.sign(encoding, &nonces(), input, signed).map_err(|_| SignError::Crypto)?;
    Ok(Signature { bytes: signature, length })
}

/// As long as the modulus; on the stack, so that signing allocates nothing but its token.
pub(super) struct Signature {
    bytes: [u8; RSA_MODULUS_BITS_MAX / 8],
    length: usize,
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// `n` and `e` of a DER `RSAPublicKey` (RFC 8017 §A.1.1), without leading zeros.
pub(crate) fn split_public(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut outer = Reader::new(der);
    let mut key = outer.enter(SEQUENCE)?;
    let parts = (key.unsigned()?.to_vec(), key.unsigned()?.to_vec());
    (outer.is_empty() && key.is_empty()).then_some(parts)
}

/// A DER `RSAPublicKey`.
pub(crate) fn join_public(n: &[u8], e: &[u8]) -> Option<Vec<u8>> {
    der::element(SEQUENCE, &[&der::unsigned(n)?, &der::unsigned(e)?]).map(|der| der.to_vec())
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

/// RFC 7518 §6.3.1: big-endian, no leading zeros; the limits of this crate; no key of a broken generator.
fn check_public(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
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
    if roca::has_fingerprint(n) {
        return Err(KeyError::Unusable("an RSA key of a broken generator (ROCA): whoever has it can factor it"));
    }
    Ok(())
}

fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len().saturating_mul(8).saturating_sub(leading)
}

const NOT_RSA: KeyError = KeyError::Unusable("an RSA key is for RS256 to RS512 or PS256 to PS512");

/// How signatures of an algorithm are checked and made.
const fn scheme(algorithm: Algorithm) -> Option<(&'static RsaParameters, &'static RsaSignatureEncoding)> {
    match algorithm {
        Algorithm::Rs256 => Some((&RSA_PKCS1_2048_8192_SHA256, &RSA_PKCS1_SHA256)),
        Algorithm::Rs384 => Some((&RSA_PKCS1_2048_8192_SHA384, &RSA_PKCS1_SHA384)),
        Algorithm::Rs512 => Some((&RSA_PKCS1_2048_8192_SHA512, &RSA_PKCS1_SHA512)),
        Algorithm::Ps256 => Some((&RSA_PSS_2048_8192_SHA256, &RSA_PSS_SHA256)),
        Algorithm::Ps384 => Some((&RSA_PSS_2048_8192_SHA384, &RSA_PSS_SHA384)),
        Algorithm::Ps512 => Some((&RSA_PSS_2048_8192_SHA512, &RSA_PSS_SHA512)),
        _ => None,
    }
}
