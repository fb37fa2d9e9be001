//! Secrets as a search for them knows them: by every 16 characters of each form in which they could be written down.

use super::app::{TestApp, master_key};
use super::client::Tokens;
use super::forge::Parts;
use countersign_core::store::KeyStore as _;
use countersign_jose::{SigningKey, base64url};
use serde_json::Value;
use std::collections::HashMap;

const PIECE_BYTES: usize = 16;

/// Everything that must not be found, in pieces.
#[derive(Default)]
pub(crate) struct Secrets {
    pieces: HashMap<[u8; PIECE_BYTES], String>,
}

impl Secrets {
    /// A secret as text: any 16 bytes of it tell enough.
    pub(crate) fn add(&mut self, name: &str, text: &str) {
        assert!(text.len() >= PIECE_BYTES, "{name} is too short to be searched for");
        for piece in text.as_bytes().windows(PIECE_BYTES) {
            self.pieces.insert(piece.try_into().unwrap(), name.to_owned());
        }
    }

    /// A secret as bytes: raw, and in every form in which a program writes bytes.
    pub(crate) fn add_bytes(&mut self, name: &str, bytes: &[u8]) {
        for piece in bytes.windows(PIECE_BYTES) {
            self.pieces.insert(piece.try_into().unwrap(), format!("{name}, raw"));
        }
        let encoded = base64url::encode(bytes);
        self.add(&format!("{name}, base64url"), &encoded);
        self.add(&format!("{name}, base64"), &encoded.replace('-', "+").replace('_', "/"));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(&format!("{name}, upper-case hex"), &hex.to_uppercase());
        self.add(&format!("{name}, hex"), &hex);
        self.add(&format!("{name}, as a list"), &format!("{bytes:?}"));
    }

    /// Both tokens of a pair. Of a refresh token its session's id is no secret, nor of an access token its claims.
    pub(crate) fn add_tokens(&mut self, name: &str, tokens: &Tokens) {
        self.add_refresh_token(name, &tokens.refresh_token);
        self.add_access_token(name, &tokens.access_token);
    }

    pub(crate) fn add_refresh_token(&mut self, name: &str, token: &str) {
        const PUBLIC_CHARACTERS: usize = 28; // the prefix, version, MAC key and session
        self.add(&format!("{name}: refresh token"), &token[PUBLIC_CHARACTERS..]);
        self.add_bytes(&format!("{name}: session secret"), &Parts::of(token).secret);
    }

    pub(crate) fn add_access_token(&mut self, name: &str, token: &str) {
        let (signed, signature) = token.rsplit_once('.').expect("a token");
        self.add(&format!("{name}: access token's signature"), signature);
        // Header and beginning are alike in all of them; the rest is one token's.
        self.add(&format!("{name}: access token"), &signed[signed.len() / 2..]);
    }

    /// Every key of the server.
    pub(crate) async fn add_keys(&mut self, app: &TestApp) {
        let ring = app.store().key_ring().await.unwrap();
        let sealed = ring.storage_key.as_ref().expect("a storage key");
        self.add_bytes("storage key", &*master_key().unseal_storage_key(sealed).unwrap());
        self.add_bytes("master key", &super::app::MASTER_KEY);
        for key in app.leaked_mac_keys().await {
            self.add_bytes(&format!("MAC key {}", key.id), &key.secret);
        }
        let storage = ring.storage_key(&master_key()).unwrap();
        for key in &ring.keys {
            let name = format!("signing key {}", key.id.as_str());
            let stored = storage.unseal_signing_key(&key.id, &key.sealed).unwrap();
            self.add_bytes(&name, &stored);
            let signing = SigningKey::from_stored(key.algorithm, key.id.clone(), &stored).unwrap();
            let jwk: Value = serde_json::from_str(&signing.to_private_jwk().unwrap()).unwrap();
            for member in ["d", "k"].iter().filter_map(|member| jwk[member].as_str()) {
                self.add_bytes(&format!("{name}: private member"), &base64url::decode(member).unwrap());
            }
            if let Some(pem) = signing.to_pkcs8_pem() {
                let lines = pem.lines().filter(|line| line.len() >= PIECE_BYTES && !line.starts_with('-'));
                lines.for_each(|line| self.add(&format!("{name}: PEM"), line));
            }
        }
    }

    /// What of it is in `bytes`.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let found = |piece: &[u8]| self.pieces.get(<&[u8; PIECE_BYTES]>::try_from(piece).ok()?);
        bytes.windows(PIECE_BYTES).find_map(found).map(String::as_str)
    }
}
