//! SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), the DER inside `BEGIN PUBLIC KEY`.

use super::PublicMembers;
use crate::{
    algorithm::Curve,
    der::{self, BIT_STRING, NULL, OBJECT_IDENTIFIER, Reader, SEQUENCE},
    key::{join_rsa_public, point, split_point, split_rsa_public},
};

const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// An `AlgorithmIdentifier` (RFC 5280 §4.1.1.2) of the keys that we work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Ec(Curve),
    Ed25519,
    Rsa,
}

impl KeyKind {
    /// Reads the next element.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut algorithm = reader.enter(SEQUENCE)?;
        let kind = match algorithm.read(OBJECT_IDENTIFIER)? {
            EC_PUBLIC_KEY => Self::Ec(curve_named(algorithm.read(OBJECT_IDENTIFIER)?)?),
            ED25519 => Self::Ed25519,
            RSA_ENCRYPTION => {
                algorithm.read(NULL)?.is_empty().then_some(())?;
                Self::Rsa
            }
            _ => return None,
        };
        algorithm.is_empty().then_some(kind)
    }

    pub(crate) fn write(self) -> Option<Vec<u8>> {
        let oid = |oid| der::element(OBJECT_IDENTIFIER, &[oid]);
        let written = match self {
            Self::Ec(curve) => der::element(SEQUENCE, &[&oid(EC_PUBLIC_KEY)?, &oid(curve_oid(curve))?]),
            Self::Ed25519 => der::element(SEQUENCE, &[&oid(ED25519)?]),
            Self::Rsa => der::element(SEQUENCE, &[&oid(RSA_ENCRYPTION)?, &[NULL, 0]]),
        };
        written.map(|der| der.to_vec())
    }
}

/// The members of the key, if it is P-256, P-384, P-521, Ed25519 or RSA.
pub(crate) fn from_spki(der: &[u8]) -> Option<PublicMembers> {
    let mut outer = Reader::new(der);
    let mut info = outer.enter(SEQUENCE)?;
    let kind = KeyKind::read(&mut info)?;
    let key = info.bits()?;
    let members = match kind {
        KeyKind::Ec(curve) => {
            let (x, y) = split_point(curve, key)?;
            PublicMembers::Ec { curve, x, y }
        }
        KeyKind::Ed25519 => PublicMembers::Ed25519 { x: key.try_into().ok()? },
        KeyKind::Rsa => {
            let (n, e) = split_rsa_public(key)?;
            PublicMembers::Rsa { n, e }
        }
    };
    (outer.is_empty() && info.is_empty()).then_some(members)
}

/// The key as `SubjectPublicKeyInfo`.
pub(crate) fn to_spki(members: &PublicMembers) -> Option<Vec<u8>> {
    let (kind, key) = match members {
        PublicMembers::Ec { curve, x, y } => (KeyKind::Ec(*curve), point(x, y)),
        PublicMembers::Ed25519 { x } => (KeyKind::Ed25519, x.to_vec()),
        PublicMembers::Rsa { n, e } => (KeyKind::Rsa, join_rsa_public(n, e)?),
    };
    let bits = der::element(BIT_STRING, &[&[0], &key])?;
    der::element(SEQUENCE, &[&kind.write()?, &bits]).map(|der| der.to_vec())
}

pub(crate) const fn curve_oid(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
    }
}

fn curve_named(oid: &[u8]) -> Option<Curve> {
    [Curve::P256, Curve::P384, Curve::P521].into_iter().find(|curve| curve_oid(*curve) == oid)
}
