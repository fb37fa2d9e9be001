//! 1,000 distinct tokens of ten claims in 300 bytes, in random order.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_jose::{Algorithm, Signer, SigningKey};
use serde::{Deserialize, Serialize};

pub const ISSUER: &str = "https://issuer.example";
pub const AUDIENCE: &str = "https://api.example";
pub const TOKENS: usize = 1_000;
/// A time that is now for every library, those that read the clock themselves too.
pub const ISSUED: u64 = 1_700_000_000;
pub const EXPIRES: u64 = 4_000_000_000;

/// The ten claims, as an issuer has them and as a resource server wants them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub client_id: String,
    pub iat: u64,
    pub exp: u64,
    pub jti: String,
    pub sid: String,
    pub scope: String,
    pub acr: String,
}

pub struct Workload {
    pub algorithm: Algorithm,
    pub key: Arc<SigningKey>,
    pub claims: Vec<Claims>,
    /// Header `alg`, `kid`, `typ: at+jwt`; the order is random, that of `claims`.
    pub tokens: Vec<String>,
    pub signatures: Vec<Vec<u8>>,
}

impl Workload {
    pub fn new(algorithm: Algorithm) -> Self {
        let key = Arc::new(SigningKey::generate(algorithm).unwrap());
        let signer = Signer::new(key.clone(), "at+jwt");
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut order: Vec<usize> = (0..TOKENS).collect();
        for at in (1..TOKENS).rev() {
            order.swap(at, random(&mut state) as usize % (at + 1));
        }
        let claims: Vec<Claims> = order.into_iter().map(|n| claims(n as u64)).collect();
        let tokens: Vec<String> = claims.iter().map(|claims| signer.sign(claims).unwrap()).collect();
        let signatures = tokens.iter().map(|token| {
            let (_, signature) = token.rsplit_once('.').unwrap();
            URL_SAFE_NO_PAD.decode(signature).unwrap()
        });
        Self { algorithm, signatures: signatures.collect(), key, claims, tokens }
    }

    pub fn signing_input(&self, n: usize) -> &str {
        self.tokens[n % TOKENS].rsplit_once('.').unwrap().0
    }
}

fn claims(n: u64) -> Claims {
    let id = |salt: u64| {
        let mut state = n.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ salt;
        URL_SAFE_NO_PAD.encode([random(&mut state).to_le_bytes(), random(&mut state).to_le_bytes()].concat())
    };
    let mut claims = Claims {
        iss: ISSUER.into(),
        sub: id(1),
        aud: AUDIENCE.into(),
        client_id: "web".into(),
        iat: ISSUED,
        exp: EXPIRES,
        jti: id(2),
        sid: id(3),
        scope: String::new(),
        acr: "1".into(),
    };
    let without = serde_json::to_string(&claims).unwrap().len();
    claims.scope = "orders:read orders:write invoices:read invoices:write profile".repeat(4)[..300 - without].into();
    assert_eq!(serde_json::to_string(&claims).unwrap().len(), 300);
    claims
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
