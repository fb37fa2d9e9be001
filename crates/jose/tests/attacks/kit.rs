//! An issuer that can sign anything, and the strict verifier that reads it.

use std::sync::LazyLock;

use aws_lc_rs::{hmac, signature as aws};
use countersign_jose::{
    Algorithm, Expectations, KeyId, KeySet, Leeway, SigningKey, Timestamp, TokenType, TokenVerifier, UnverifiedToken,
    VerifiedToken, VerifyError, VerifyingKey, base64url,
};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const NOW: u64 = 1_750_000_000;
pub(crate) const LEEWAY: u64 = 10;
pub(crate) const KID: &str = "k1";

static KEYS: LazyLock<[SigningKey; 13]> = LazyLock::new(|| Algorithm::ALL.map(|algorithm| new_key(algorithm, KID)));

/// All that are not of HMAC.
pub(crate) fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric())
}

/// The issuer's key for one algorithm; its id is `k1`.
pub(crate) fn key(algorithm: Algorithm) -> &'static SigningKey {
    KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap()
}

pub(crate) fn es256() -> &'static SigningKey {
    key(Algorithm::Es256)
}

pub(crate) fn new_key(algorithm: Algorithm, id: &str) -> SigningKey {
    SigningKey::generate(algorithm).unwrap().with_id(KeyId::new(id).unwrap())
}

pub(crate) fn key_set(keys: impl IntoIterator<Item = VerifyingKey>) -> KeySet {
    KeySet::new(keys).unwrap()
}

/// A header that passes for that algorithm.
pub(crate) fn header(alg: &str) -> Value {
    json!({ "alg": alg, "kid": KID, "typ": "at+jwt" })
}

/// Claims that pass.
pub(crate) fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "iat": NOW, "exp": NOW + 600, "jti": "j1" })
}

/// `value` with one member set, or removed if it is null.
pub(crate) fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

pub(crate) fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

/// `header.payload` of any two texts.
#[expect(clippy::needless_pass_by_value, reason = "a test reads better without the borrow")]
pub(crate) fn signing_input(header: impl ToString, claims: impl ToString) -> String {
    signing_input_bytes(header.to_string().as_bytes(), claims.to_string().as_bytes())
}

pub(crate) fn signing_input_bytes(header: &[u8], claims: &[u8]) -> String {
    format!("{}.{}", base64url::encode(header), base64url::encode(claims))
}

/// The raw signature of anything at all.
pub(crate) fn signature(key: &SigningKey, input: &str) -> Vec<u8> {
    let (stored, input) = (key.to_stored(), input.as_bytes());
    match key.algorithm() {
        Algorithm::Es256 => ecdsa(&aws::ECDSA_P256_SHA256_FIXED_SIGNING, &stored, input),
        Algorithm::Es384 => ecdsa(&aws::ECDSA_P384_SHA384_FIXED_SIGNING, &stored, input),
        Algorithm::Es512 => ecdsa(&aws::ECDSA_P521_SHA512_FIXED_SIGNING, &stored, input),
        Algorithm::EdDsa => aws::Ed25519KeyPair::from_pkcs8(&stored).unwrap().sign(input).as_ref().to_vec(),
        Algorithm::Rs256 => rsa(&aws::RSA_PKCS1_SHA256, &stored, input),
        Algorithm::Rs384 => rsa(&aws::RSA_PKCS1_SHA384, &stored, input),
        Algorithm::Rs512 => rsa(&aws::RSA_PKCS1_SHA512, &stored, input),
        Algorithm::Ps256 => rsa(&aws::RSA_PSS_SHA256, &stored, input),
        Algorithm::Ps384 => rsa(&aws::RSA_PSS_SHA384, &stored, input),
        Algorithm::Ps512 => rsa(&aws::RSA_PSS_SHA512, &stored, input),
        Algorithm::Hs256 => mac(&stored, input),
        Algorithm::Hs384 => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA384, &stored), input).as_ref().to_vec(),
        Algorithm::Hs512 => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, &stored), input).as_ref().to_vec(),
    }
}

fn ecdsa(algorithm: &'static aws::EcdsaSigningAlgorithm, stored: &[u8], input: &[u8]) -> Vec<u8> {
    let pair = aws::EcdsaKeyPair::from_pkcs8(algorithm, stored).unwrap();
    pair.sign(&random(), input).unwrap().as_ref().to_vec()
}

fn rsa(encoding: &'static dyn aws::RsaEncoding, stored: &[u8], input: &[u8]) -> Vec<u8> {
    let pair = aws::RsaKeyPair::from_pkcs8(stored).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &random(), input, &mut signature).unwrap();
    signature
}

pub(crate) fn mac(secret: &[u8], input: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input).as_ref().to_vec()
}

#[expect(clippy::disallowed_methods, reason = "the library asks for it and ignores it")]
pub(crate) fn random() -> aws_lc_rs::rand::SystemRandom {
    aws_lc_rs::rand::SystemRandom::new()
}

pub(crate) fn join(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", base64url::encode(signature))
}

/// A correctly signed token of any two texts.
pub(crate) fn sign(key: &SigningKey, header: impl ToString, claims: impl ToString) -> String {
    let input = signing_input(header, claims);
    join(&input, &signature(key, &input))
}

pub(crate) fn sign_bytes(key: &SigningKey, header: &[u8], claims: &[u8]) -> String {
    let input = signing_input_bytes(header, claims);
    join(&input, &signature(key, &input))
}

/// A token of `es256` with these claims.
pub(crate) fn claiming(claims: impl ToString) -> String {
    sign(es256(), header("ES256"), claims)
}

/// A token of `es256` with this header.
pub(crate) fn headed(header: impl ToString) -> String {
    sign(es256(), header, claims())
}

pub(crate) fn expectations(typ: TokenType) -> Expectations {
    Expectations::new(ISSUER, AUDIENCE, typ, Leeway::seconds(LEEWAY).unwrap())
}

pub(crate) fn verify(token: &str, keys: &KeySet, now: u64) -> Result<VerifiedToken<Value>, VerifyError> {
    let (expect, now) = (expectations(TokenType::AccessToken), Timestamp::from_seconds(now));
    let strict = UnverifiedToken::parse(token).map_err(VerifyError::from);
    let strict = strict.and_then(|token| token.verify(keys, &expect, now));
    // The second time the header is known, if the token held.
    let verifier = TokenVerifier::new(keys.clone(), expect);
    for _ in 0..2 {
        assert_same(&verifier.verify_owned(token, now), &strict);
    }
    strict
}

/// The way by known headers must say what the strict parser says, of every token of every test.
fn assert_same(fast: &Result<VerifiedToken<Value>, VerifyError>, strict: &Result<VerifiedToken<Value>, VerifyError>) {
    match (fast, strict) {
        (Ok(fast), Ok(strict)) => {
            assert_eq!((fast.claims(), fast.key_id()), (strict.claims(), strict.key_id()));
            assert_eq!((fast.audience(), fast.expires_at()), (strict.audience(), strict.expires_at()));
        }
        (Err(fast), Err(strict)) => assert_eq!(fast, strict),
        (fast, strict) => assert_eq!(fast.is_ok(), strict.is_ok(), "fast {fast:?}, strict {strict:?}"),
    }
}

/// What the verifier of one key says: `accepted`, or the code of the error.
pub(crate) fn code_for(key: &SigningKey, token: &str) -> &'static str {
    code_in(&key_set([key.verifying_key()]), token)
}

pub(crate) fn code_in(keys: &KeySet, token: &str) -> &'static str {
    verify(token, keys, NOW).map_or_else(|error| error.code(), |_| "accepted")
}

/// What the verifier of the ES256 key says.
pub(crate) fn code(token: &str) -> &'static str {
    code_for(es256(), token)
}

#[test]
fn honest_tokens_of_every_algorithm_are_accepted() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        assert_eq!(code_for(key, &sign(key, header(algorithm.as_str()), claims())), "accepted", "{algorithm}");
    }
}
