//! `josekit`, on OpenSSL.

use std::time::{Duration, SystemTime};

use countersign_jose::Algorithm;
use josekit::{
    jws::{
        ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, JwsHeader, JwsSigner, JwsVerifier, PS256, PS384, PS512, RS256,
        RS384, RS512,
    },
    jwt::{self, JwtPayload, JwtPayloadValidator},
};

use crate::{
    measure::Side,
    tokens::{AUDIENCE, ISSUER, TOKENS, Workload},
};

const NAME: &str = "josekit";

pub fn verify(work: &Workload) -> Option<Side<'_>> {
    let verifier = verifier(work)?;
    Some(Side::new(NAME, move |n| {
        let Ok((payload, _)) = jwt::decode_with_verifier(&work.tokens[n % TOKENS], &*verifier) else { return false };
        let mut validator = JwtPayloadValidator::new();
        validator.set_base_time(SystemTime::now());
        validator.set_issuer(ISSUER);
        validator.set_audience(AUDIENCE);
        validator.validate(&payload).is_ok() && payload.jwt_id() == Some(&work.claims[n % TOKENS].jti)
    }))
}

pub fn sign(work: &Workload) -> Option<Side<'_>> {
    let signer = signer(work)?;
    let mut header = JwsHeader::new();
    header.set_token_type("at+jwt");
    header.set_key_id(work.key.id().as_str());
    Some(Side::new(NAME, move |n| {
        let sent = &work.claims[n % TOKENS];
        let mut payload = JwtPayload::new();
        payload.set_issuer(&sent.iss);
        payload.set_subject(&sent.sub);
        payload.set_audience(vec![&sent.aud]);
        payload.set_issued_at(&(SystemTime::UNIX_EPOCH + Duration::from_secs(sent.iat)));
        payload.set_expires_at(&(SystemTime::UNIX_EPOCH + Duration::from_secs(sent.exp)));
        payload.set_jwt_id(&sent.jti);
        for (name, value) in
            [("client_id", &sent.client_id), ("sid", &sent.sid), ("scope", &sent.scope), ("acr", &sent.acr)]
        {
            payload.set_claim(name, Some(value.as_str().into())).unwrap();
        }
        jwt::encode_with_signer(&payload, &header, &*signer).is_ok_and(|token| token.len() > 400)
    }))
}

fn verifier(work: &Workload) -> Option<Box<dyn JwsVerifier>> {
    let der = work.key.verifying_key().to_spki_der();
    let (der, secret) = (der.as_deref(), work.key.to_stored());
    Some(match work.algorithm {
        Algorithm::Es256 => Box::new(ES256.verifier_from_der(der?).ok()?),
        Algorithm::Es384 => Box::new(ES384.verifier_from_der(der?).ok()?),
        Algorithm::Es512 => Box::new(ES512.verifier_from_der(der?).ok()?),
        Algorithm::EdDsa => Box::new(EdDSA.verifier_from_der(der?).ok()?),
        Algorithm::Rs256 => Box::new(RS256.verifier_from_der(der?).ok()?),
        Algorithm::Rs384 => Box::new(RS384.verifier_from_der(der?).ok()?),
        Algorithm::Rs512 => Box::new(RS512.verifier_from_der(der?).ok()?),
        // A plain RSA key is no key for PSS there.
        Algorithm::Ps256 => Box::new(PS256.verifier_from_jwk(&jwk(work)?).ok()?),
        Algorithm::Ps384 => Box::new(PS384.verifier_from_jwk(&jwk(work)?).ok()?),
        Algorithm::Ps512 => Box::new(PS512.verifier_from_jwk(&jwk(work)?).ok()?),
        Algorithm::Hs256 => Box::new(HS256.verifier_from_bytes(&*secret).ok()?),
        Algorithm::Hs384 => Box::new(HS384.verifier_from_bytes(&*secret).ok()?),
        Algorithm::Hs512 => Box::new(HS512.verifier_from_bytes(&*secret).ok()?),
    })
}

fn signer(work: &Workload) -> Option<Box<dyn JwsSigner>> {
    let der = work.key.to_pkcs8_der();
    let (der, secret) = (der.as_ref().map(|der| der.as_slice()), work.key.to_stored());
    Some(match work.algorithm {
        Algorithm::Es256 => Box::new(ES256.signer_from_der(der?).ok()?),
        Algorithm::Es384 => Box::new(ES384.signer_from_der(der?).ok()?),
        Algorithm::Es512 => Box::new(ES512.signer_from_der(der?).ok()?),
        Algorithm::EdDsa => Box::new(EdDSA.signer_from_der(der?).ok()?),
        Algorithm::Rs256 => Box::new(RS256.signer_from_der(der?).ok()?),
        Algorithm::Rs384 => Box::new(RS384.signer_from_der(der?).ok()?),
        Algorithm::Rs512 => Box::new(RS512.signer_from_der(der?).ok()?),
        Algorithm::Ps256 => Box::new(PS256.signer_from_jwk(&private_jwk(work)?).ok()?),
        Algorithm::Ps384 => Box::new(PS384.signer_from_jwk(&private_jwk(work)?).ok()?),
        Algorithm::Ps512 => Box::new(PS512.signer_from_jwk(&private_jwk(work)?).ok()?),
        Algorithm::Hs256 => Box::new(HS256.signer_from_bytes(&*secret).ok()?),
        Algorithm::Hs384 => Box::new(HS384.signer_from_bytes(&*secret).ok()?),
        Algorithm::Hs512 => Box::new(HS512.signer_from_bytes(&*secret).ok()?),
    })
}

fn jwk(work: &Workload) -> Option<josekit::jwk::Jwk> {
    let json = serde_json::to_vec(&work.key.verifying_key().to_jwk()?).ok()?;
    josekit::jwk::Jwk::from_bytes(json).ok()
}

fn private_jwk(work: &Workload) -> Option<josekit::jwk::Jwk> {
    josekit::jwk::Jwk::from_bytes(work.key.to_private_jwk().ok()?.as_bytes()).ok()
}
