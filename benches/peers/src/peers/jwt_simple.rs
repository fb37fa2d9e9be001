//! `jwt-simple`, in pure Rust. Each algorithm has types of its own, so the calls are written once, by a macro.

use std::collections::HashSet;

use countersign_jose::Algorithm;
use jwt_simple::prelude::*;

use crate::{
    measure::Side,
    tokens::{AUDIENCE, ISSUER, TOKENS, Workload},
};

const NAME: &str = "jwt-simple";

/// Those of the ten claims that are not registered.
#[derive(Clone, Serialize, Deserialize)]
struct Custom {
    client_id: String,
    sid: String,
    scope: String,
    acr: String,
}

macro_rules! verify {
    ($work:expr, $key:expr) => {{
        let (work, key): (&Workload, _) = ($work, $key);
        Some(Side::new(NAME, move |n| {
            // Taken by value each time; the sets are what it has to be given.
            let options = VerificationOptions {
                allowed_issuers: Some(HashSet::from([ISSUER.to_owned()])),
                allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
                ..Default::default()
            };
            let claims = key.verify_token::<Custom>(&work.tokens[n % TOKENS], Some(options));
            claims.is_ok_and(|claims| claims.jwt_id.as_ref() == Some(&work.claims[n % TOKENS].jti))
        }))
    }};
}

macro_rules! sign {
    ($work:expr, $key:expr) => {
        sign!($work, $key, sign)
    };
    ($work:expr, $key:expr, $sign:ident) => {{
        let (work, key): (&Workload, _) = ($work, $key.with_key_id(work_id($work)));
        Some(Side::new(NAME, move |n| {
            let sent = &work.claims[n % TOKENS];
            let custom = Custom {
                client_id: sent.client_id.clone(),
                sid: sent.sid.clone(),
                scope: sent.scope.clone(),
                acr: sent.acr.clone(),
            };
            let claims = Claims::with_custom_claims(custom, Duration::from_secs(600))
                .with_issuer(&sent.iss)
                .with_subject(&sent.sub)
                .with_audience(&sent.aud)
                .with_jwt_id(&sent.jti);
            key.$sign(claims).is_ok_and(|token| token.len() > 400)
        }))
    }};
}

fn work_id(work: &Workload) -> &str {
    work.key.id().as_str()
}

pub fn verify(work: &Workload) -> Option<Side<'_>> {
    let pem = work.key.verifying_key().to_spki_pem();
    let (pem, secret) = (pem.as_deref(), work.key.to_stored());
    match work.algorithm {
        Algorithm::Es256 => verify!(work, ES256PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Es384 => verify!(work, ES384PublicKey::from_pem(pem?).unwrap()),
        Algorithm::EdDsa => verify!(work, Ed25519PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Rs256 => verify!(work, RS256PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Rs384 => verify!(work, RS384PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Rs512 => verify!(work, RS512PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Ps256 => verify!(work, PS256PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Ps384 => verify!(work, PS384PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Ps512 => verify!(work, PS512PublicKey::from_pem(pem?).unwrap()),
        Algorithm::Hs256 => verify!(work, HS256Key::from_bytes(&secret)),
        Algorithm::Hs384 => verify!(work, HS384Key::from_bytes(&secret)),
        Algorithm::Hs512 => verify!(work, HS512Key::from_bytes(&secret)),
        Algorithm::Es512 => None,
    }
}

pub fn sign(work: &Workload) -> Option<Side<'_>> {
    let pem = work.key.to_pkcs8_pem();
    let (pem, secret) = (pem.as_ref().map(|pem| pem.as_str()), work.key.to_stored());
    match work.algorithm {
        Algorithm::Es256 => sign!(work, ES256KeyPair::from_pem(pem?).unwrap()),
        Algorithm::Es384 => sign!(work, ES384KeyPair::from_pem(pem?).unwrap()),
        Algorithm::EdDsa => None, // it wants the public key in the PKCS#8 document too
        Algorithm::Rs256 => sign!(work, RS256KeyPair::from_pem(pem?).unwrap()),
        Algorithm::Rs384 => sign!(work, RS384KeyPair::from_pem(pem?).unwrap()),
        Algorithm::Rs512 => sign!(work, RS512KeyPair::from_pem(pem?).unwrap()),
        Algorithm::Ps256 => sign!(work, PS256KeyPair::from_pem(pem?).unwrap()),
        Algorithm::Ps384 => sign!(work, PS384KeyPair::from_pem(pem?).unwrap()),
        Algorithm::Ps512 => sign!(work, PS512KeyPair::from_pem(pem?).unwrap()),
        Algorithm::Hs256 => sign!(work, HS256Key::from_bytes(&secret), authenticate),
        Algorithm::Hs384 => sign!(work, HS384Key::from_bytes(&secret), authenticate),
        Algorithm::Hs512 => sign!(work, HS512Key::from_bytes(&secret), authenticate),
        Algorithm::Es512 => None,
    }
}
