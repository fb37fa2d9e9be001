//! Worked examples, byte by byte: a fixed key, fixed objects, the exact texts. Who writes another follower starts here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_jose::{KeyId, base64url};
use countersign_revocation::{
    Batch, Entry, Epoch, FeedObject, Head, Kind, NewEntry, Part, Point, Sequence, SetDigest, SignedObject, SnapshotId,
    SnapshotPart, client_key,
};
use support::{EPOCH, ISSUER, key, keys, signer};

const SID: &str = "AAECAwQFBgcICQoLDA0ODw";
const JTI: &str = "EBESExQVFhcYGRobHB0eHw";
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// One entry of each kind, numbered from 1.
fn entries() -> Vec<Entry> {
    let key = |id| KeyId::new(id).unwrap();
    let new = [
        NewEntry::session(SID, 1_750_000_690).unwrap(),
        NewEntry::token(JTI, 1_750_000_390).unwrap(),
        NewEntry::client("web", 1_750_003_690).unwrap(),
        NewEntry::key_refused(key("2025-06")),
        NewEntry::key_announced(
            key("2025-07"),
            &support::key().verifying_key().thumbprint(),
            1_750_000_300,
            1_750_000_390,
        )
        .unwrap(),
    ];
    (1..).map(Sequence).zip(new).map(|(sequence, entry)| entry.numbered(sequence)).collect()
}

fn set_of(entries: &[Entry]) -> SetDigest {
    let mut set = SetDigest::EMPTY;
    entries.iter().for_each(|entry| set.toggle(*EPOCH, entry));
    set
}

fn point() -> Point {
    Point { epoch: *EPOCH, last: Sequence(5), as_of: 1_750_000_001_234, set: set_of(&entries()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Payload and text are exactly these, and the text reads back as the object.
fn assert_golden(object: &FeedObject, payload: &str, signature: &str) {
    let text = signer().sign(object).unwrap();
    let parts: Vec<&str> = text.split('.').collect();
    let decoded = |part: &str| String::from_utf8(base64url::decode(part).unwrap()).unwrap();
    assert_eq!(decoded(parts[0]), r#"{"alg":"EdDSA","kid":"feed-1","typ":"countersign-feed+jwt"}"#);
    assert_eq!(decoded(parts[1]), payload);
    assert_eq!(parts[2], signature);
    assert_eq!(SignedObject::verify(text, &keys(), ISSUER).unwrap().object(), object);
}

#[test]
fn the_epoch_is_a_uuid_of_version_7() {
    assert_eq!(EPOCH.to_string(), "01977420-dc00-75a5-a5a5-a5a5a5a5a5a5");
    assert_eq!(hex(EPOCH.as_bytes()), "01977420dc0075a5a5a5a5a5a5a5a5a5");
}

/// The bytes of each entry, put together by hand, and nothing but SHA-256 on them.
#[test]
fn the_digest_is_sha_256_over_bytes_that_can_be_written_down() {
    let empty_extra = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let client_extra = hex(digest(&SHA256, b"web").as_ref());
    let announcement = hex(digest(&SHA256, format!("{THUMBPRINT} 1750000300").as_bytes()).as_ref());
    let id = |text: &str| format!("{:04x}{}", text.len(), hex(text.as_bytes()));
    let client = base64url::encode(&client_key("web"));
    let written = [
        // kind, number, until, length of the id, id, SHA-256 of `extra`
        format!("73 0000000000000001 00000000684ee432 {} {empty_extra}", id(SID)),
        format!("74 0000000000000002 00000000684ee306 {} {empty_extra}", id(JTI)),
        format!("63 0000000000000003 00000000684eefea {} {client_extra}", id(&client)),
        format!("6b 0000000000000004 0000000000000000 {} {empty_extra}", id("2025-06")),
        format!("61 0000000000000005 00000000684ee306 {} {announcement}", id("2025-07")),
    ];
    let mut set = [0_u8; 16];
    for (entry, written) in entries().iter().zip(written) {
        let mut bytes = b"countersign set 1".to_vec();
        bytes.extend(unhex("01977420dc0075a5a5a5a5a5a5a5a5a5"));
        bytes.extend(unhex(&written));
        let hash = digest(&SHA256, &bytes);
        assert_eq!(hex(entry.digest(*EPOCH).as_bytes()), hex(&hash.as_ref()[..16]), "{written}");
        set.iter_mut().zip(hash.as_ref()).for_each(|(sum, byte)| *sum ^= byte);
    }
    assert_eq!(set_of(&entries()).as_bytes(), &set);
    assert_eq!(hex(&set), GOLDEN_SET);
}

#[test]
fn the_digest_does_not_depend_on_order_and_undoes_itself() {
    let mut entries = entries();
    let set = set_of(&entries);
    entries.reverse();
    assert_eq!(set_of(&entries), set);
    entries.extend(entries.clone());
    assert_eq!(set_of(&entries), SetDigest::EMPTY);
    let other = Epoch::new(1_750_000_000_001, [0xa5; 10]);
    assert_ne!(entries[0].digest(other), entries[0].digest(*EPOCH), "the epoch counts");
}

#[test]
fn a_client_is_held_by_the_first_128_bits_of_sha_256() {
    assert_eq!(client_key("web"), digest(&SHA256, b"web").as_ref()[..16]);
    let client = &entries()[2];
    assert_eq!((client.kind(), &*client.id(), client.extra()), (Kind::Client, GOLDEN_CLIENT, Some("web")));
}

#[test]
fn a_batch_as_text() {
    assert_golden(&Batch::new(point(), entries()).unwrap().into(), GOLDEN_BATCH, GOLDEN_BATCH_SIGNATURE);
}

#[test]
fn a_head_as_text() {
    assert_golden(&Head::new(point()).unwrap().into(), GOLDEN_HEAD, GOLDEN_HEAD_SIGNATURE);
}

#[test]
fn a_part_of_a_snapshot_as_text() {
    // The token's entry has been left out: it no longer matters.
    let live: Vec<Entry> = entries().into_iter().filter(|entry| entry.kind() != Kind::Token).collect();
    let (id, part) = (SnapshotId([0x42; 16]), Part { number: 1, of: 2 });
    let part = SnapshotPart::new(point(), id, part, set_of(&live), live[..2].to_vec()).unwrap();
    assert_golden(&part.into(), GOLDEN_SNAPSHOT, GOLDEN_SNAPSHOT_SIGNATURE);
}

/// Ed25519 gives the same signature each time, so that a text can be compared and need not be kept.
#[test]
fn the_key_is_that_of_rfc_8037() {
    assert_eq!(key().verifying_key().thumbprint().to_string(), THUMBPRINT);
}

// Computed once by another program in another language, from the description of the feed alone.
const GOLDEN_SET: &str = "08d4fbe505ce7a3cf5607f5907acd3b7";
const GOLDEN_CLIENT: &str = "S15X9usvQrkDmz0eE5KSlQ";
const GOLDEN_BATCH: &str = concat!(
    r#"{"iss":"https://issuer.example","ep":"01977420-dc00-75a5-a5a5-a5a5a5a5a5a5","#,
    r#""kind":"batch","first":1,"last":5,"as_of":1750000001234,"#,
    r#""set":"CNT75QXOejz1YH9ZB6zTtw","#,
    r#""e":[[1,"s","AAECAwQFBgcICQoLDA0ODw",1750000690],"#,
    r#"[2,"t","EBESExQVFhcYGRobHB0eHw",1750000390],"#,
    r#"[3,"c","S15X9usvQrkDmz0eE5KSlQ",1750003690,"web"],"#,
    r#"[4,"k","2025-06",0],"#,
    r#"[5,"a","2025-07",1750000390,"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k 1750000300"]]}"#,
);
const GOLDEN_BATCH_SIGNATURE: &str =
    "BM-ixlA3V-UXRX_pX7HqFsZocST08--mKTkFNKPS19qPKTyZ36-Y6vE8mqV4rv7yhnfmDIDwVTKsF37ZlR25Cw";
const GOLDEN_HEAD: &str = concat!(
    r#"{"iss":"https://issuer.example","ep":"01977420-dc00-75a5-a5a5-a5a5a5a5a5a5","#,
    r#""kind":"head","first":5,"last":5,"as_of":1750000001234,"#,
    r#""set":"CNT75QXOejz1YH9ZB6zTtw"}"#,
);
const GOLDEN_HEAD_SIGNATURE: &str =
    "5SL7EfzL-Y42uAwKuV5XM-eHdqCtS-EY6Xor6Dzq7OBIKBk3tyThWF609deosGqtNjfYhPmaRgFbNDJGBhOEDw";
const GOLDEN_SNAPSHOT: &str = concat!(
    r#"{"iss":"https://issuer.example","ep":"01977420-dc00-75a5-a5a5-a5a5a5a5a5a5","#,
    r#""kind":"snapshot","first":1,"last":5,"as_of":1750000001234,"#,
    r#""set":"CNT75QXOejz1YH9ZB6zTtw","part":[1,2],"#,
    r#""snap":"QkJCQkJCQkJCQkJCQkJCQg","live":"mSFcWBtAOb5a5xoF977WwA","#,
    r#""e":[[1,"s","AAECAwQFBgcICQoLDA0ODw",1750000690],"#,
    r#"[3,"c","S15X9usvQrkDmz0eE5KSlQ",1750003690,"web"]]}"#,
);
const GOLDEN_SNAPSHOT_SIGNATURE: &str =
    "E6tS2dwPBjVOqBOCBRh2XRHnXqVQXneL-XF2QXFGT7Uyps_ZKu69LaLKKBmFaU7b-VSFysoM6-ssF-8VHfxpAA";
