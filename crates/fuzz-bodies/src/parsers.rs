//! Refresh tokens and the feed's objects.

use std::sync::{Arc, LazyLock};

use countersign_core::{
    SessionId,
    key_ring::MacKeyId,
    session::{Generation, SessionSecret},
    token::{MacKeys, MacStanding},
};
use countersign_jose::{KeySet, Signer, SigningKey};
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
static FEED: LazyLock<FeedSigner> = LazyLock::new(|| FeedSigner::new(KEY.clone(), ISSUER).unwrap());

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
    let payload = |text: &String| countersign_jose::base64url::decode(text.split('.').nth(1).unwrap()).unwrap();
    let payloads = texts.iter().map(payload);
    let others = ["{}", r#"{"kind":"head"}"#].map(|text| text.as_bytes().to_vec());
    payloads.chain([texts[0].clone().into_bytes()]).chain(others).collect()
}
