//! What must not pass for an object of the feed, each by its code.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use countersign_jose::{Algorithm, KeyId, KeySet, Signer, SigningKey, base64url};
use countersign_revocation::{
    Applied, Batch, FEED_TYPE, FeedSigner, Head, Refusal, SignedObject, limits::OBJECT_BYTES_MAX,
};
use serde_json::{Value, json};
use std::sync::Arc;
use support::{EPOCH, Feed, ISSUER, key, keys, point, session, signer};

const ID: &str = "AAECAwQFBgcICQoLDA0ODw";
const SET: &str = "AAAAAAAAAAAAAAAAAAAAAA";

fn code(text: &str) -> &'static str {
    SignedObject::verify(text, &keys(), ISSUER).map_or_else(|error| error.code(), |_| "accepted")
}

/// The code of a payload that the feed's own key signed.
#[expect(clippy::needless_pass_by_value, reason = "a test reads better without the borrow")]
fn payload(payload: impl ToString) -> &'static str {
    code(&Signer::new(key(), FEED_TYPE).sign_payload(payload.to_string().as_bytes(), 8 << 20).unwrap())
}

#[expect(clippy::needless_pass_by_value, reason = "a test reads better without the borrow")]
fn batch(entries: Value) -> Value {
    json!({ "iss": ISSUER, "ep": EPOCH.to_string(), "kind": "batch", "first": 1, "last": 2, "as_of": 5, "set": SET, "e": entries })
}

fn two() -> Value {
    batch(json!([[1, "s", ID, 9], [2, "t", ID, 9]]))
}

fn snapshot(number: u32, of: u32) -> Value {
    let mut object = with(two(), "kind", json!("snapshot"));
    for (name, value) in [("part", json!([number, of])), ("snap", json!(ID)), ("live", json!(SET))] {
        object[name] = value;
    }
    object
}

fn head() -> Value {
    let mut object = with(without(two(), "e"), "kind", json!("head"));
    object["first"] = json!(2);
    object
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

fn text() -> String {
    signer().sign(&Batch::new(point(1, 7), vec![session(1, 9)]).unwrap().into()).unwrap()
}

#[test]
fn honest_objects_are_accepted_and_may_say_more_than_we_know() {
    assert_eq!(code(&text()), "accepted");
    for object in [two(), snapshot(1, 1), head()] {
        assert_eq!(payload(&object), "accepted");
        assert_eq!(payload(with(object, "later", json!({ "a": [1, 2] }))), "accepted");
    }
}

#[test]
fn another_kind_of_text_is_refused() {
    let sign = |typ| code(&Signer::new(key(), typ).sign_payload(two().to_string().as_bytes(), 9_000).unwrap());
    assert_eq!(sign("application/Countersign-Feed+JWT"), "accepted");
    for typ in ["at+jwt", "JWT", "", "countersign-feed"] {
        assert_eq!(sign(typ), "wrong_type", "{typ}");
    }
    // A token of this issuer is none, even under the feed's key.
    assert_eq!(code(&Signer::new(key(), "at+jwt").sign(&json!({ "iss": ISSUER })).unwrap()), "wrong_type");
}

#[test]
fn only_eddsa_verifies() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let other = Arc::new(SigningKey::generate(algorithm).unwrap().with_id(key().id().clone()));
        let signed = Signer::new(other.clone(), FEED_TYPE).sign_payload(two().to_string().as_bytes(), 9_000).unwrap();
        assert_eq!(code(&signed), "alg_not_allowed", "{algorithm}");
        let its_own = KeySet::new([other.verifying_key()]).unwrap();
        let refused = SignedObject::verify(signed, &its_own, ISSUER).unwrap_err();
        assert_eq!(refused.code(), "alg_not_allowed", "{algorithm}");
        assert_eq!(FeedSigner::new(other, ISSUER).unwrap_err().code(), "alg_not_allowed");
    }
    // `none`, and HMAC with the public key as its secret.
    let parts: Vec<&str> = text().leak().split('.').collect();
    let none = base64url::encode(json!({ "alg": "none", "kid": key().id(), "typ": FEED_TYPE }).to_string().as_bytes());
    assert_eq!(code(&format!("{none}.{}.", parts[1])), "alg_not_allowed");
}

#[test]
fn another_key_and_an_unknown_one_are_told_apart() {
    let other = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let stranger = |key: SigningKey| {
        let signed = Signer::new(Arc::new(key), FEED_TYPE).sign_payload(two().to_string().as_bytes(), 9_000).unwrap();
        code(&signed)
    };
    let stored = other.to_stored();
    assert_eq!(stranger(other), "key_not_found");
    let forged = SigningKey::from_stored(Algorithm::EdDsa, KeyId::new(key().id().as_str()).unwrap(), &stored).unwrap();
    assert_eq!(stranger(forged), "bad_signature");
}

#[test]
fn another_issuer_is_refused() {
    assert_eq!(payload(with(two(), "iss", json!("https://issuer.example/"))), "wrong_issuer");
    assert_eq!(SignedObject::verify(text(), &keys(), "").unwrap_err().code(), "wrong_issuer");
    assert_eq!(FeedSigner::new(key(), "").unwrap_err().code(), "issuer");

    let mut feed = Feed::new();
    let foreign = FeedSigner::new(key(), "https://other.example").unwrap();
    let head = foreign.sign(&Head::new(point(0, 7)).unwrap().into()).unwrap();
    let object = SignedObject::verify(head, &keys(), "https://other.example").unwrap();
    assert_eq!(feed.follower.apply(&object, 0), Applied::Refused { why: Refusal::WrongIssuer });
    assert_eq!((feed.follower.epoch(), feed.follower.newest_proof()), (None, None));
}

#[test]
fn no_truncated_text_verifies() {
    let text = text();
    for length in 0..text.len() {
        assert_ne!(code(&text[..length]), "accepted", "{length}");
    }
    assert_ne!(code(&format!("{text}A")), "accepted");
}

#[test]
fn no_text_with_a_bit_changed_verifies() {
    let text = text();
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            assert_ne!(code(&String::from_utf8(bytes).unwrap()), "accepted", "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn what_is_oversized_is_refused_before_it_is_read() {
    assert_eq!(code(&"A".repeat(OBJECT_BYTES_MAX + 1)), "too_large");
    let many: Vec<Value> = (1..=4097).map(|number| json!([number, "s", ID, 9])).collect();
    let mut object = with(batch(many.into()), "last", json!(4097));
    assert_eq!(payload(&object), "too_large");
    object["kind"] = json!("snapshot");
    for (name, value) in [("part", json!([1, 1])), ("snap", json!(ID)), ("live", json!(SET))] {
        object[name] = value;
    }
    assert_eq!(payload(&object), "too_large");
    let members: serde_json::Map<String, Value> = (0..65).map(|number| (format!("m{number}"), json!(0))).collect();
    assert_eq!(payload(Value::Object(members)), "too_large");
    assert_eq!(payload(batch(json!([[1, "s", ID, 9], [2, "k", "k".repeat(257), 0]]))), "entry_id");
    assert_eq!(payload(batch(json!([[1, "s", ID, 9], [2, "s", ID, 9, "x".repeat(1025)]]))), "entry_extra");
}

#[test]
fn a_member_that_comes_twice_is_refused() {
    let text = two().to_string();
    assert_eq!(payload(text.replacen('{', r#"{"last":2,"#, 1)), "duplicate_member");
    assert_eq!(payload(text.replacen('{', r#"{"\u006cast":2,"#, 1)), "duplicate_member");
    assert_eq!(payload(text.replacen('{', r#"{"later":1,"later":2,"#, 1)), "duplicate_member");
}

#[test]
fn what_is_no_json_object_is_refused() {
    assert_eq!(payload("{"), "malformed");
    assert_eq!(payload(format!("{} ", two())), "accepted");
    assert_eq!(payload(format!("{}x", two())), "malformed");
    assert_eq!(payload(format!("\u{feff}{}", two())), "malformed");
    assert_eq!(payload(json!([ISSUER, EPOCH.to_string(), "head", 2, 2, 5, SET])), "malformed");
    assert_eq!(payload("null"), "malformed");
}

#[test]
fn every_member_is_required_and_none_may_be_null() {
    for (object, names) in [
        (two(), &["iss", "ep", "kind", "first", "last", "as_of", "set", "e"][..]),
        (snapshot(1, 1), &["iss", "ep", "kind", "first", "last", "as_of", "set", "e", "part", "snap", "live"]),
        (head(), &["iss", "ep", "kind", "first", "last", "as_of", "set"]),
    ] {
        for name in names {
            assert_eq!(payload(without(object.clone(), name)), "missing_member", "{name}");
            assert_eq!(payload(with(object.clone(), name, Value::Null)), "missing_member", "{name}");
        }
    }
}

#[test]
fn members_of_another_type_are_refused() {
    for (name, values) in [
        ("iss", vec![json!(1), json!([ISSUER])]),
        ("ep", vec![json!("x"), json!(EPOCH.to_string().to_uppercase()), json!(7)]),
        ("kind", vec![json!(1)]),
        ("first", vec![json!("1"), json!(1.0), json!(-1)]),
        ("as_of", vec![json!(5.5), json!(1e300), json!(true)]),
        ("set", vec![json!("AAAA"), json!(format!("{SET}==")), json!("AAAAAAAAAAAAAAAAAAAAAB"), json!([0])]),
        ("e", vec![json!({}), json!([1]), json!([[1, "s", ID]]), json!([{ "seq": 1 }])]),
        ("e", vec![json!([[1, "s", ID, 9, null]]), json!([[1, "s", ID, 9, "x", "y"]]), json!([["1", "s", ID, 9]])]),
    ] {
        for value in values {
            assert_eq!(payload(with(two(), name, value.clone())), "member_type", "{name} {value}");
        }
    }
    assert_eq!(payload(with(two(), "kind", json!("delta"))), "object_kind");
    assert_eq!(payload(with(head(), "e", json!([]))), "unexpected_member");
    assert_eq!(payload(with(two(), "live", json!(SET))), "unexpected_member");
}

#[test]
fn numbers_beyond_what_json_carries_are_refused() {
    let beyond = json!(9_007_199_254_740_992_u64);
    assert_eq!(payload(with(head(), "as_of", beyond.clone())), "out_of_range");
    assert_eq!(payload(with(head(), "last", beyond.clone())), "out_of_range");
    assert_eq!(payload(batch(json!([[1, "s", ID, beyond], [2, "s", ID, 9]]))), "out_of_range");
    assert_eq!(payload(batch(json!([[1, "k", "k1", 9], [2, "s", ID, 9]]))), "out_of_range");
}

#[test]
fn a_batch_is_numbered_without_a_gap_from_first_to_last() {
    let numbered = |numbers: &[u64]| -> Value { numbers.iter().map(|number| json!([number, "s", ID, 9])).collect() };
    for numbers in [&[][..], &[1], &[2], &[1, 3], &[2, 1], &[1, 1], &[1, 2, 3], &[0, 1, 2]] {
        assert_eq!(payload(batch(numbered(numbers))), "numbering", "{numbers:?}");
    }
    assert_eq!(payload(with(two(), "first", json!(2))), "numbering");
    assert_eq!(payload(with(two(), "last", json!(3))), "numbering");
    assert_eq!(payload(with(batch(numbered(&[0, 1, 2])), "first", json!(0))), "numbering", "the first number is 1");
    assert_eq!(payload(with(head(), "first", json!(1))), "numbering");
}

#[test]
fn a_snapshot_ascends_and_ends_by_last() {
    let entries = |numbers: &[u64]| -> Value {
        let entries: Vec<Value> = numbers.iter().map(|number| json!([number, "s", ID, 9])).collect();
        with(with(snapshot(1, 1), "e", entries.into()), "first", json!(numbers.first().unwrap_or(&2)))
    };
    assert_eq!(payload(entries(&[2])), "accepted");
    assert_eq!(payload(entries(&[])), "accepted");
    for numbers in [&[2, 1][..], &[1, 1], &[1, 3], &[3], &[0]] {
        assert_eq!(payload(entries(numbers)), "numbering", "{numbers:?}");
    }
}

#[test]
fn a_part_that_there_cannot_be_is_refused() {
    for (number, of) in [(0, 1), (1, 0), (0, 0), (2, 1), (1, 4097)] {
        assert_eq!(payload(snapshot(number, of)), "out_of_range", "{number} of {of}");
    }
    assert_eq!(payload(with(snapshot(1, 1), "part", json!([1]))), "member_type");
    assert_eq!(payload(with(snapshot(1, 1), "part", json!([1, -1]))), "member_type");
    assert_eq!(payload(with(snapshot(1, 1), "part", json!([1, 1, 1]))), "member_type");
}

#[test]
fn an_entry_of_another_shape_refuses_the_whole_object() {
    for (entry, expected) in [
        (json!([2, "s", &ID[1..], 9]), "entry_id"),
        (json!([2, "s", format!("{ID}A"), 9]), "entry_id"),
        (json!([2, "t", "AAECAwQFBgcICQoLDA0ODx", 9]), "entry_id"),
        (json!([2, "c", "web", 9]), "entry_id"),
        (json!([2, "k", "", 0]), "entry_id"),
        (json!([2, "c", ID, 9, "web"]), "entry_extra"),
        (json!([2, "a", "k1", 9]), "entry_extra"),
        (json!([2, "x", ID, 9]), "entry_kind"),
        (json!([2, "ss", ID, 9]), "entry_kind"),
        (json!([2, "", ID, 9]), "entry_kind"),
    ] {
        assert_eq!(payload(batch(json!([[1, "s", ID, 9], entry]))), expected, "{entry}");
    }
}

#[test]
fn a_snapshot_that_lies_about_its_entries_is_refused_and_nothing_of_it_used() {
    let mut feed = Feed::new();
    let lying = |number| {
        let text = Signer::new(key(), FEED_TYPE)
            .sign_payload(with(snapshot(number, 2), "first", json!(1)).to_string().as_bytes(), 9_000)
            .unwrap();
        SignedObject::verify(text, &keys(), ISSUER).unwrap()
    };
    assert_eq!(feed.follower.apply(&lying(1), 0), Applied::Nothing);
    // The same entries in both parts cancel out to an empty `live`: still no snapshot.
    assert_eq!(feed.follower.apply(&lying(2), 0), Applied::Refused { why: Refusal::LiveDiffers });
    assert!(feed.set().is_empty());
    assert_eq!((feed.follower.position(), feed.follower.as_of()), (None, None));
}
