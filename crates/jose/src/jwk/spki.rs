//! SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), the DER inside `BEGIN PUBLIC KEY`.

use super::PublicMembers;
use crate::{
    der::{NULL, OBJECT_IDENTIFIER, Reader, SEQUENCE},
    key::{split_point, split_rsa_public},
};

const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The members of the key, if it is P-256, Ed25519 or RSA.
pub(crate) fn from_spki(der: &[u8]) -> Option<PublicMembers> {
    let mut outer = Reader::new(der);
    let mut info = outer.enter(SEQUENCE)?;
    let mut algorithm = info.enter(SEQUENCE)?;
    let key = info.bits()?;
    let members = match algorithm.read(OBJECT_IDENTIFIER)? {
        EC_PUBLIC_KEY => {
            let (x, y) = (algorithm.read(OBJECT_IDENTIFIER)? == PRIME256V1).then(|| split_point(key))??;
            PublicMembers::P256 { x, y }
        }
        ED25519 => PublicMembers::Ed25519 { x: key.try_into().ok()? },
        RSA_ENCRYPTION => {
            algorithm.read(NULL)?;
            let (n, e) = split_rsa_public(key)?;
            PublicMembers::Rsa { n, e }
        }
        _ => return None,
    };
    (outer.is_empty() && info.is_empty() && algorithm.is_empty()).then_some(members)
}
