//! Keys to JSON: public members in a fixed order, private ones on request only.

use std::borrow::Cow;

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap as _, SerializeStruct as _},
};
use zeroize::Zeroizing;

use super::{Jwk, JwkSet, PublicMembers};
use crate::{Algorithm, KeyId, base64url};

/// The members that RFC 7638 §3.2 requires, in the order in which we write them.
pub(super) fn required_members(members: &PublicMembers) -> Vec<(&'static str, Cow<'static, str>)> {
    let encode = |bytes: &[u8]| Cow::Owned(base64url::encode(bytes));
    match members {
        PublicMembers::Ec { curve, x, y } => {
            vec![("kty", "EC".into()), ("crv", curve.as_str().into()), ("x", encode(x)), ("y", encode(y))]
        }
        PublicMembers::Ed25519 { x } => vec![("kty", "OKP".into()), ("crv", "Ed25519".into()), ("x", encode(x))],
        PublicMembers::Rsa { n, e } => vec![("kty", "RSA".into()), ("n", encode(n)), ("e", encode(e))],
    }
}

impl Serialize for Jwk {
    /// `kty`, the members of the key, `kid`, `alg`, `use`; never a private member.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in required_members(self.members()) {
            map.serialize_entry(name, &value)?;
        }
        if let Some(id) = self.key_id() {
            map.serialize_entry("kid", id)?;
        }
        map.serialize_entry("alg", &self.algorithm())?;
        map.serialize_entry("use", "sig")?;
        map.end()
    }
}

impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut set = serializer.serialize_struct("JwkSet", 1)?;
        set.serialize_field("keys", &self.keys)?;
        set.end()
    }
}

/// A private JWK; `public` is `None` for an `oct` key.
pub(crate) fn private_jwk(
    public: Option<&PublicMembers>,
    private: &[(&'static str, Zeroizing<Vec<u8>>)],
    id: &KeyId,
    algorithm: Algorithm,
) -> Zeroizing<String> {
    let public = public.map_or_else(|| vec![("kty", "oct".into())], required_members);
    let public_bytes = public.iter().map(|(_, value)| value.len());
    let private_bytes = private.iter().map(|(_, value)| base64url::encoded_bytes(value.len()));
    let others = [id.as_str().len(), id.as_str().len(), 256]; // the id may need escapes; names and quotes
    let length = public_bytes.chain(private_bytes).chain(others).fold(0, usize::saturating_add);
    // Sized in advance: a string that grows would leave copies of the secret behind.
    let mut json = Zeroizing::new(String::with_capacity(length));
    json.push('{');
    for (name, value) in &public {
        push_member(&mut json, name, value);
    }
    for (name, value) in private {
        push_member(&mut json, name, &Zeroizing::new(base64url::encode(value)));
    }
    let id = id.as_str().replace('\\', "\\\\").replace('"', "\\\""); // all that visible ASCII needs
    push_member(&mut json, "kid", &id);
    push_member(&mut json, "alg", algorithm.as_str());
    json.pop();
    json.push('}');
    json
}

fn push_member(json: &mut String, name: &str, value: &str) {
    for part in ["\"", name, "\":\"", value, "\","] {
        json.push_str(part);
    }
}
