//! Countersign.

use countersign_jose::{Expectations, KeySet, Leeway, Signer, Timestamp, TokenBuffer, TokenType, TokenVerifier};
use serde::Deserialize;

use crate::{
    measure::Side,
    tokens::{AUDIENCE, ISSUER, TOKENS, Workload},
};

/// The same ten claims, lent.
#[derive(Deserialize)]
struct Borrowed<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    sid: &'a str,
    scope: &'a str,
    acr: &'a str,
}

pub fn verifier(work: &Workload) -> TokenVerifier {
    let keys = KeySet::new([work.key.verifying_key()]).unwrap();
    TokenVerifier::new(keys, Expectations::new(ISSUER, AUDIENCE, TokenType::AccessToken, Leeway::ZERO))
}

/// The clock is read for each token, as the other libraries do.
pub fn verify_one(verifier: &TokenVerifier, work: &Workload, n: usize) -> bool {
    let n = n % TOKENS;
    let mut buffer = TokenBuffer::new();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let verified = verifier.verify::<Borrowed<'_>>(&work.tokens[n], &mut buffer, Timestamp::from_seconds(now));
    let Ok(verified) = verified else { return false };
    let (found, sent) = (verified.claims(), &work.claims[n]);
    let rest = (found.iss, found.aud, found.client_id, found.iat, found.exp, found.sid, found.scope, found.acr);
    let _ = std::hint::black_box(rest);
    found.jti == sent.jti && found.sub == sent.sub
}

pub fn verify(work: &Workload) -> Side<'_> {
    let verifier = verifier(work);
    Side::new("countersign", move |n| verify_one(&verifier, work, n))
}

pub fn sign(work: &Workload) -> Side<'_> {
    let signer = Signer::new(work.key.clone(), "at+jwt");
    Side::new("countersign", move |n| {
        let made = signer.sign(&work.claims[n % TOKENS]);
        made.is_ok_and(|token| token.len() == work.tokens[n % TOKENS].len())
    })
}
