//! Signatures that are wrong in clever ways.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, ParsedPublicKey};
use countersign_jose::{Algorithm, Jwk, KeyId, KeySet, VerifyingKey, base64url};
use serde_json::json;

use crate::kit::*;

/// The order n of P-256, big-endian.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

#[test]
fn a03_an_empty_signature_is_refused() {
    for algorithm in Algorithm::ALL {
        let input = signing_input(header(algorithm.as_str()), claims());
        assert_eq!(code_for(key(algorithm), &format!("{input}.")), "bad_signature", "{algorithm}");
    }
}

#[test]
fn a09_zero_in_an_es256_signature_is_refused() {
    let input = signing_input(header("ES256"), claims());
    let good = signature(es256(), &input);
    let zero = [0; 32];
    for bytes in [[&zero[..], &good[32..]], [&good[..32], &zero[..]], [&zero[..], &zero[..]]] {
        assert_eq!(code(&join(&input, &bytes.concat())), "bad_signature");
    }
}

#[test]
fn a10_r_and_s_lie_below_the_order_and_have_32_bytes() {
    let input = signing_input(header("ES256"), claims());
    let good = signature(es256(), &input);
    let last = |byte: u8| [&ORDER[..31], &[byte]].concat();
    let values = [last(ORDER[31]), last(ORDER[31] - 1), last(ORDER[31] + 1), vec![0xff; 32]];
    for value in &values {
        for other in &values {
            assert_eq!(code(&join(&input, &[&value[..], other].concat())), "bad_signature");
        }
        assert_eq!(code(&join(&input, &[&value[..], &good[32..]].concat())), "bad_signature");
        assert_eq!(code(&join(&input, &[&good[..32], value].concat())), "bad_signature");
    }
    let (r, s) = good.split_at(32);
    let padded = [[&[0][..], r, &[0], s].concat(), [r, s, &[0]].concat(), [&[0; 16][..], r, &[0; 16], s].concat()];
    for signature in padded.iter().map(Vec::as_slice).chain([&good[..63], &good[1..], r]) {
        assert_eq!(code(&join(&input, signature)), "bad_signature");
    }
    assert_eq!(code(&join(&input, &good)), "accepted");
}

/// The other curves: their own order, their own lengths.
#[test]
fn a10_signatures_of_the_other_curves_have_their_full_length_too() {
    let last_of_order = |algorithm| match algorithm {
        Algorithm::Es384 => {
            (48, base64url::decode("________________________________x2NNgfQ3Ld9YGg2ySLCneuzsGWrMxSlz").unwrap())
        }
        _ => (66, {
            let tail = base64url::decode("-lGGh4O_L5Zrf8wBSPcJpdA7tcm4iZxHrrtvtx6ROGQJ").unwrap();
            [&[1][..], &[0xff; 32], &tail].concat()
        }),
    };
    for algorithm in [Algorithm::Es384, Algorithm::Es512] {
        let (bytes, order) = last_of_order(algorithm);
        assert_eq!(order.len(), bytes);
        let input = signing_input(header(algorithm.as_str()), claims());
        let good = signature(key(algorithm), &input);
        let (r, s) = good.split_at(bytes);
        let zero = vec![0; bytes];
        let wrong = [
            [&order[..], s].concat(),
            [r, &order].concat(),
            [&zero[..], s].concat(),
            [r, &zero].concat(),
            [&zero[..], &zero].concat(),
            [&[0], r, &[0], s].concat(),
            good[..good.len() - 1].to_vec(),
            [&good[..], &[0]].concat(),
        ];
        for wrong in wrong {
            assert_eq!(code_for(key(algorithm), &join(&input, &wrong)), "bad_signature", "{algorithm}");
        }
        assert_eq!(code_for(key(algorithm), &join(&input, &good)), "accepted");
    }
}

#[test]
fn a11_an_es256_signature_in_der_is_refused() {
    let input = signing_input(header("ES256"), claims());
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &es256().to_stored()).unwrap();
    let der = pair.sign(&random(), input.as_bytes()).unwrap();
    assert_eq!(code(&join(&input, der.as_ref())), "bad_signature");
    assert_eq!(code(&format!("{input}.MAYCAQACAQA")), "bad_signature");
}

/// The encodings of all points whose order divides 8: eight of them, and six that are not canonical.
fn small_order_encodings() -> Vec<[u8; 32]> {
    let number = |last: u8, middle: u8, first: u8| {
        let mut bytes = [middle; 32];
        (bytes[0], bytes[31]) = (first, last);
        bytes
    };
    let decode = |text: &str| -> [u8; 32] { base64url::decode(text).unwrap().try_into().unwrap() };
    let y = [
        number(0, 0, 0),
        number(0, 0, 1),
        decode("JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"),
        decode("xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"),
        number(0x7f, 0xff, 0xec),
        number(0x7f, 0xff, 0xed),
        number(0x7f, 0xff, 0xee),
    ];
    let signed = y.into_iter().flat_map(|y| {
        let mut other = y;
        other[31] ^= 0x80;
        [y, other]
    });
    signed.collect()
}

/// R is the identity and S = H(R, A, M) a: it holds by the equation of RFC 8032 §5.1.7, for the key of RFC 8037 §A.1.
const IDENTITY_R: &str = concat!(
    "eyJhbGciOiJFZERTQSIsImtpZCI6InJmYzgwMzciLCJ0eXAiOiJhdCtqd3QifQ.",
    "eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZSIsInN1YiI6ImFuYSIsImV4cCI6MTc1MDAw",
    "MDYwMH0.",
    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACrDzqDe_Qfjcb0tiCM5e9O4tbgOCAy9hZ1aYfEsennDg",
);
const RFC8037_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

#[test]
fn a12_a_small_order_r_is_refused_although_the_library_takes_it() {
    let (input, sent) = IDENTITY_R.rsplit_once('.').unwrap();
    let (x, sent) = (base64url::decode(RFC8037_X).unwrap(), base64url::decode(sent).unwrap());
    ParsedPublicKey::new(&ED25519, &x).unwrap().verify_sig(input.as_bytes(), &sent).unwrap();

    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "rfc8037", "x": RFC8037_X }).to_string();
    let key = VerifyingKey::from_jwk(&Jwk::parse(jwk.as_bytes()).unwrap()).unwrap();
    assert_eq!(code_in(&key_set([key]), IDENTITY_R), "bad_signature");
}

#[test]
fn a12_a_small_order_key_is_refused_when_loaded() {
    for encoding in small_order_encodings() {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": base64url::encode(&encoding) }).to_string();
        let error = VerifyingKey::from_jwk(&Jwk::parse(jwk.as_bytes()).unwrap()).unwrap_err();
        assert_eq!(error.code(), "key_unusable", "{encoding:02x?}");
        let set = format!(r#"{{"keys":[{jwk}]}}"#);
        assert_eq!(KeySet::from_json(set.as_bytes()).unwrap_err().code(), "key_unusable");
    }
}

#[test]
fn a12_s_beyond_the_order_is_refused() {
    /// L = 2^252 + 27742317777372353535851937790883648493, little-endian.
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = key(Algorithm::EdDsa);
    let input = signing_input(header("EdDSA"), claims());
    let mut malleable = signature(key, &input);
    let mut carry = 0;
    for (digit, order) in malleable[32..].iter_mut().zip(L) {
        let sum = u16::from(*digit) + u16::from(order) + carry;
        (*digit, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(carry, 0);
    assert_eq!(code_for(key, &join(&input, &malleable)), "bad_signature");
}

#[test]
fn a51_an_hmac_tag_is_compared_whole() {
    let key = key(Algorithm::Hs256);
    let input = signing_input(header("HS256"), claims());
    let tag = signature(key, &input);
    for at in [0, 1, 16, 30, 31] {
        let mut wrong = tag.clone();
        wrong[at] ^= 1;
        assert_eq!(code_for(key, &join(&input, &wrong)), "bad_signature");
    }
    for cut in [&tag[..31], &tag[..16], &tag[..1], &[tag.as_slice(), &[0]].concat()] {
        assert_eq!(code_for(key, &join(&input, cut)), "bad_signature");
    }
}

#[test]
fn a66_no_claim_is_judged_before_the_signature_holds() {
    let other = new_key(Algorithm::Es256, KID);
    for claims in [with(claims(), "exp", json!(1)), with(claims(), "iss", json!("x")), json!([]), json!({ "exp": "x" })]
    {
        assert_eq!(code(&sign(&other, header("ES256"), claims)), "bad_signature");
    }
    assert_eq!(code(&sign_bytes(&other, header("ES256").to_string().as_bytes(), b"\xff{")), "bad_signature");
}

#[test]
fn a66_a_token_of_another_key_with_the_same_id_is_refused() {
    for algorithm in Algorithm::ALL {
        let other = new_key(algorithm, KID);
        let token = sign(&other, header(algorithm.as_str()), claims());
        assert_eq!(code_for(key(algorithm), &token), "bad_signature");
        assert_ne!(other.id(), &KeyId::new("k2").unwrap());
    }
}
