//! `jsonwebtoken`, on aws-lc-rs or on the crates of RustCrypto: one a process.

use countersign_jose::Algorithm as Ours;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};

use crate::{
    measure::Side,
    tokens::{AUDIENCE, Claims, ISSUER, TOKENS, Workload},
};

pub fn install(backend: &str) {
    let provider = match backend {
        "aws_lc_rs" => &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER,
        "rust_crypto" => &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER,
        other => panic!("no backend {other}: aws_lc_rs or rust_crypto"),
    };
    provider.install_default().unwrap();
}

fn algorithm(ours: Ours) -> Option<Algorithm> {
    ours.as_str().parse().ok() // it has no ES512
}

pub fn verify(work: &Workload) -> Option<Side<'_>> {
    let algorithm = algorithm(work.algorithm)?;
    let public = work.key.verifying_key();
    let pem = public.to_spki_pem();
    let pem = pem.as_deref().map(str::as_bytes);
    let key = match work.algorithm {
        Ours::Es256 | Ours::Es384 => DecodingKey::from_ec_pem(pem?).unwrap(),
        Ours::EdDsa => DecodingKey::from_ed_pem(pem?).unwrap(),
        Ours::Hs256 | Ours::Hs384 | Ours::Hs512 => DecodingKey::from_secret(&work.key.to_stored()),
        _ => DecodingKey::from_rsa_pem(pem?).unwrap(),
    };
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.leeway = 0;
    Some(Side::new("jsonwebtoken", move |n| {
        let decoded = decode::<Claims>(&work.tokens[n % TOKENS], &key, &validation);
        decoded.is_ok_and(|decoded| decoded.claims.jti == work.claims[n % TOKENS].jti)
    }))
}

pub fn sign(work: &Workload) -> Option<Side<'_>> {
    let algorithm = algorithm(work.algorithm)?;
    let pem = work.key.to_pkcs8_pem();
    let pem = pem.as_ref().map(|pem| pem.as_bytes());
    let key = match work.algorithm {
        Ours::Es256 | Ours::Es384 => EncodingKey::from_ec_pem(pem?).unwrap(),
        Ours::EdDsa => EncodingKey::from_ed_pem(pem?).unwrap(),
        Ours::Hs256 | Ours::Hs384 | Ours::Hs512 => EncodingKey::from_secret(&work.key.to_stored()),
        _ => EncodingKey::from_rsa_pem(pem?).unwrap(),
    };
    let mut header = Header::new(algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(work.key.id().to_string());
    Some(Side::new("jsonwebtoken", move |n| {
        encode(&header, &work.claims[n % TOKENS], &key).is_ok_and(|token| token.len() > 400)
    }))
}
