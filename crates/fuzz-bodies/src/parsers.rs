//! Authorization requests, refresh tokens, the feed's objects, proofs of possession.

use std::sync::{Arc, LazyLock};

use countersign_core::{
    SessionId, Time,
    client::{Client, ClientAuthentication, ClientId, ClientKind, ClientProfile, Registration},
    grant::{AuthorizationRequest, Destination, Parameters},
    key_ring::MacKeyId,
    session::{Generation, SessionSecret},
    token::{MacKeys, MacStanding},
};
use countersign_jose::{
    DpopProof, HttpUri, KeySet, Leeway, ProofExpectations, Signer, SigningKey, Timestamp, base64url,
};
use countersign_revocation::{
    Batch, Epoch, FEED_TYPE, FeedSigner, NewEntry, Point, Sequence, SetDigest, SignedObject, SnapshotId, snapshot_parts,
};
use zeroize::Zeroizing;

const ISSUER: &str = "https://issuer.example";
/// RFC 8037 appendix A.1.
const FEED_KEY: &str = concat!(
    r#"{"kty":"OKP","crv":"Ed25519","kid":"feed","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","#,
    r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
);

pub(crate) static MAC_KEYS: LazyLock<MacKeys> = LazyLock::new(|| {
    let key = |id: u8, standing| (MacKeyId(id), Zeroizing::new([id; 32]), standing);
    MacKeys::new(ISSUER, MacKeyId(2), &[key(1, MacStanding::Distrusted), key(2, MacStanding::Trusted)])
});
static KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::from_jwk(FEED_KEY.as_bytes()).unwrap()));
static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::new([KEY.verifying_key()]).unwrap());
static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new(KEY.clone(), FEED_TYPE));
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let profile = ClientProfile { redirect_uris: vec!["https://a.example/cb".to_owned()], ..ClientProfile::default() };
    let (id, created_at) = (ClientId::parse("a").unwrap(), Time::from_millis(0));
    let authentication = ClientAuthentication::Public;
    Client::register(Registration { id, kind: ClientKind::Spa, profile, authentication, created_at }).unwrap()
});
static FEED: LazyLock<FeedSigner> = LazyLock::new(|| FeedSigner::new(KEY.clone(), ISSUER).unwrap());

/// Any text as the parameters of an authorization request: what is read can be written, and no answer holds a state that
/// is more than text.
pub(crate) fn authorization_request(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(parameters) = Parameters::parse(text) else { return };
    assert_eq!(Parameters::parse(&parameters.to_query()).as_ref(), Ok(&parameters));
    let _ = AuthorizationRequest::read(&parameters).map_err(|error| assert!(error.to_string().is_ascii()));
    let Ok(destination) = Destination::of(&parameters, Some(&CLIENT)) else { return };
    assert!(CLIENT.redirect_uris.contains(&destination.redirect_uri));
    assert!(destination.state.is_none_or(|state| state.bytes().all(|byte| (0x20..0x7f).contains(&byte))));
}

/// Authorization requests to begin from.
#[must_use]
pub fn authorization_request_seeds() -> Vec<Vec<u8>> {
    const GOOD: &str = "response_type=code&client_id=a&redirect_uri=https%3A%2F%2Fa.example%2Fcb&scope=openid+email\
        &state=s&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    [
        "",
        "&response_mode=form_post&prompt=login%20consent&max_age=0",
        "&prompt=none&login_hint=%c3%a9&resource=https://a.example",
        "&dpop_jkt=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&resource=a&resource=b",
        "&state=t",
        "&x=%zz&request=a.b.",
        r#"&claims={"id_token":{"email":null,"sub":{"value":"a"}},"userinfo":{"name":{"essential":true}}}"#,
    ]
    .map(|more| format!("{GOOD}{more}").into_bytes())
    .to_vec()
}

/// Any text as a refresh token: one that opens is the one that we would make.
pub(crate) fn refresh_token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(opened) = MAC_KEYS.open(text) else { return };
    if opened.mac_key == MacKeyId(2) {
        let again = MAC_KEYS.issue(opened.session, &opened.secret, opened.generation).unwrap();
        assert_eq!(*again, text);
    }
}

/// Any bytes as a feed object, and as the payload of one whose signature holds.
pub(crate) fn feed_object(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let _ = SignedObject::verify(text, &KEYS, ISSUER);
    }
    let Ok(text) = SIGNER.sign_payload(data, 256 * 1024) else { return };
    let Ok(object) = SignedObject::verify(text, &KEYS, ISSUER) else { return };
    // What was read can be written, and reads as the same.
    let again = SignedObject::verify(FEED.sign(object.object()).unwrap(), &KEYS, ISSUER).unwrap();
    assert_eq!(again.object(), object.object());
}

/// Refresh tokens to begin from: a good one, and some that are nearly good.
///
/// # Panics
/// If one can't be made.
#[must_use]
pub fn refresh_token_seeds() -> Vec<Vec<u8>> {
    let secret = SessionSecret::from_bytes([5; 16]);
    let good = MAC_KEYS.issue(SessionId::from_bytes([4; 16]), &secret, Generation(7)).unwrap().to_string();
    let seeds = [good.replacen("csr_AQ", "csr_Ag", 1), good[..60].to_owned(), format!("{good}="), "csr_".to_owned()];
    seeds.into_iter().chain([good]).map(String::into_bytes).collect()
}

/// Payloads of feed objects, and one signed.
///
/// # Panics
/// If one can't be made.
#[must_use]
pub fn feed_object_seeds() -> Vec<Vec<u8>> {
    let epoch = Epoch::new(1_750_000_000_000, [7; 10]);
    let point = |last, set| Point { epoch, last: Sequence(last), as_of: 1_750_000_001_000, set };
    let entry = NewEntry::session("AAECAwQFBgcICQoLDA0ODw", 1_750_000_690).unwrap().numbered(Sequence(1));
    let mut digest = SetDigest::EMPTY;
    digest.toggle(epoch, &entry);
    let batch = Batch::new(point(1, digest), vec![entry.clone()]).unwrap();
    let empty = snapshot_parts(point(0, SetDigest::EMPTY), SnapshotId([1; 16]), vec![]).unwrap();
    let texts = [FEED.sign(&batch.into()).unwrap(), FEED.sign(&empty[0].clone().into()).unwrap()];
    let payload = |text: &String| base64url::decode(text.split('.').nth(1).unwrap()).unwrap();
    let payloads = texts.iter().map(payload);
    let others = ["{}", r#"{"kind":"head"}"#].map(|text| text.as_bytes().to_vec());
    payloads.chain([texts[0].clone().into_bytes()]).chain(others).collect()
}

const PROOF_HEADER: &str = concat!(
    r#"{"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","#,
    r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#,
);

/// A proof with any claims, whose signature holds.
fn proof(header: &[u8], claims: &[u8]) -> String {
    let input = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let key = jsonwebtoken::EncodingKey::from_ed_der(&KEY.to_stored());
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, jsonwebtoken::Algorithm::EdDSA).unwrap();
    format!("{input}.{signature}")
}

/// Any text as a proof of possession, any bytes as its claims, and as its header before good claims.
pub(crate) fn dpop_proof(data: &[u8]) {
    let uri = HttpUri::parse("https://api.example/orders").unwrap();
    let expect =
        ProofExpectations { method: "GET", uri: &uri, access_token: None, age_seconds_max: 60, leeway: Leeway::ZERO };
    let now = Timestamp::from_seconds(1_750_000_000);
    let texts = [
        str::from_utf8(data).ok().map(str::to_owned),
        Some(proof(PROOF_HEADER.as_bytes(), data)),
        Some(proof(data, PROOF_CLAIMS.as_bytes())),
    ];
    for text in texts.into_iter().flatten() {
        if let Ok(held) = DpopProof::verify(&text, &expect, now) {
            assert!(!held.id().is_empty());
            assert_eq!(held.key(), &KEY.verifying_key().thumbprint(), "nobody else's key signs here");
        }
    }
    // A URI in normal form is its own normal form.
    if let Some(uri) = str::from_utf8(data).ok().and_then(HttpUri::parse) {
        assert_eq!(HttpUri::parse(uri.as_str()).as_ref(), Some(&uri));
    }
}

const PROOF_CLAIMS: &str = r#"{"jti":"j","htm":"GET","htu":"https://api.example/orders","iat":1750000000}"#;

/// Proofs, their headers and their claims.
///
/// # Panics
/// If one can't be made.
#[must_use]
pub fn dpop_proof_seeds() -> Vec<Vec<u8>> {
    let others = [
        r#"{"jti":"","htm":"get","htu":"https://API.example:443/a/../orders?x","iat":"1750000000"}"#,
        r#"{"typ":"dpop+jwt","alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#,
        "HTTPS://API.example:443/a/./b/../%7euser?x=1#y",
    ];
    let good = proof(PROOF_HEADER.as_bytes(), PROOF_CLAIMS.as_bytes());
    [PROOF_CLAIMS, PROOF_HEADER, &good].into_iter().chain(others).map(|text| text.as_bytes().to_vec()).collect()
}
