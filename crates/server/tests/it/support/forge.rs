//! Refresh tokens taken apart and put together by hand, from the contract of DESIGN section 3 and nothing of ours: what
//! a thief with the database and the MAC key could do.

use super::app::{ISSUER, TestApp, master_key};
use aws_lc_rs::hmac;
use countersign_core::key_ring::{MacKeyId, MacKeyState};
use countersign_core::store::KeyStore as _;
use countersign_jose::base64url;

/// A refresh token, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) mac_key: u8,
    pub(crate) session: [u8; 16],
    pub(crate) secret: [u8; 16],
    pub(crate) generation: u32,
}

/// A MAC key as it leaked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeakedMacKey {
    pub(crate) id: u8,
    pub(crate) secret: [u8; 32],
}

impl Parts {
    /// The fields of a real token.
    pub(crate) fn of(token: &str) -> Self {
        let bytes = base64url::decode(token.strip_prefix("csr_").expect("the prefix")).expect("base64url");
        assert_eq!((token.len(), bytes.len(), bytes[0]), (76, 54, 1));
        let mac_key = bytes[1];
        let (session, secret) = (bytes[2..18].try_into().unwrap(), bytes[18..34].try_into().unwrap());
        Self { mac_key, session, secret, generation: u32::from_be_bytes(bytes[34..38].try_into().unwrap()) }
    }

    /// The token with these fields and a MAC under `key`.
    pub(crate) fn under(&self, key: &LeakedMacKey) -> String {
        let mut bytes = vec![1, key.id];
        bytes.extend(self.session);
        bytes.extend(self.secret);
        bytes.extend(self.generation.to_be_bytes());
        let signed = [b"countersign refresh 1", ISSUER.as_bytes(), &bytes].concat();
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key.secret), &signed);
        bytes.extend(&mac.as_ref()[..16]);
        format!("csr_{}", base64url::encode(&bytes))
    }
}

impl TestApp {
    /// Every MAC key of the server, unsealed as whoever has the database and the master key can.
    pub(crate) async fn leaked_mac_keys(&self) -> Vec<LeakedMacKey> {
        let ring = self.store().key_ring().await.unwrap();
        let storage = ring.storage_key(&master_key()).unwrap();
        let leak = |key: &countersign_core::key_ring::MacKey| LeakedMacKey {
            id: key.id.0,
            secret: *storage.unseal_mac_key(key.id, &key.sealed).unwrap(),
        };
        ring.mac_keys.iter().map(leak).collect()
    }

    /// The MAC key that makes tokens.
    pub(crate) async fn active_mac_key(&self) -> LeakedMacKey {
        let ring = self.store().key_ring().await.unwrap();
        let active = ring.mac_keys.iter().find(|key| key.state == MacKeyState::Active).map(|key| key.id);
        let MacKeyId(active) = active.expect("one makes tokens");
        self.leaked_mac_keys().await.into_iter().find(|key| key.id == active).unwrap()
    }
}
