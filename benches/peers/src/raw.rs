//! The primitive of aws-lc-rs with a prepared key, on the bytes of the same tokens: what no JWT library can be below.

use aws_lc_rs::{hmac, rand::SystemRandom, rsa, signature as aws};
use countersign_jose::Algorithm;

use crate::{
    measure::Side,
    tokens::{TOKENS, Workload},
};

pub fn verify(work: &Workload) -> Side<'_> {
    let inputs: Vec<&[u8]> = (0..TOKENS).map(|n| work.signing_input(n).as_bytes()).collect();
    if let Some(hash) = hmac_of(work.algorithm) {
        let key = hmac::Key::new(hash, &work.key.to_stored());
        return Side::new("primitive", move |n| {
            hmac::verify(&key, inputs[n % TOKENS], &work.signatures[n % TOKENS]).is_ok()
        });
    }
    let key = public_key(work);
    Side::new("primitive", move |n| key.verify_sig(inputs[n % TOKENS], &work.signatures[n % TOKENS]).is_ok())
}

pub fn sign(work: &Workload) -> Side<'_> {
    let inputs: Vec<&[u8]> = (0..TOKENS).map(|n| work.signing_input(n).as_bytes()).collect();
    let (stored, random) = (work.key.to_stored(), SystemRandom::new());
    if let Some(hash) = hmac_of(work.algorithm) {
        let key = hmac::Key::new(hash, &stored);
        return Side::new("primitive", move |n| hmac::sign(&key, inputs[n % TOKENS]).as_ref().len() >= 32);
    }
    let ecdsa = match work.algorithm {
        Algorithm::Es256 => Some(&aws::ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => Some(&aws::ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Es512 => Some(&aws::ECDSA_P521_SHA512_FIXED_SIGNING),
        _ => None,
    };
    if let Some(algorithm) = ecdsa {
        let pair = aws::EcdsaKeyPair::from_pkcs8(algorithm, &stored).unwrap();
        return Side::new("primitive", move |n| {
            pair.sign(&random, inputs[n % TOKENS]).is_ok_and(|made| made.as_ref().len() >= 64)
        });
    }
    if work.algorithm == Algorithm::EdDsa {
        let pair = aws::Ed25519KeyPair::from_pkcs8(&stored).unwrap();
        return Side::new("primitive", move |n| pair.sign(inputs[n % TOKENS]).as_ref().len() == 64);
    }
    let pair = rsa::KeyPair::from_pkcs8(&stored).unwrap();
    let encoding: &'static dyn aws::RsaEncoding = match work.algorithm {
        Algorithm::Rs256 => &aws::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &aws::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &aws::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &aws::RSA_PSS_SHA256,
        Algorithm::Ps384 => &aws::RSA_PSS_SHA384,
        _ => &aws::RSA_PSS_SHA512,
    };
    let mut signature = vec![0; pair.public_modulus_len()];
    Side::new("primitive", move |n| pair.sign(encoding, &random, inputs[n % TOKENS], &mut signature).is_ok())
}

fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn public_key(work: &Workload) -> aws::ParsedPublicKey {
    let algorithm: &'static dyn aws::VerificationAlgorithm = match work.algorithm {
        Algorithm::Es256 => &aws::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &aws::ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &aws::ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &aws::ED25519,
        Algorithm::Rs256 => &aws::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &aws::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &aws::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &aws::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &aws::RSA_PSS_2048_8192_SHA384,
        _ => &aws::RSA_PSS_2048_8192_SHA512,
    };
    aws::ParsedPublicKey::new(algorithm, work.key.verifying_key().to_spki_der().unwrap()).unwrap()
}
