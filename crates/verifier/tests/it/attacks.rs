//! Rows of the attack list that need a whole verifier and have no file of their own.

use std::{net::TcpListener, time::Duration};

use aws_lc_rs::signature::Ed25519KeyPair;
use countersign_jose::{Algorithm, KeyId, KeySet, Signer, SigningKey, base64url};
use countersign_verifier::{Issuers, Mint, Needs, TestIssuer};
use serde_json::{Value, json};

use crate::{key_rotation::request, support::*};

/// A token with any header, signed with any key.
fn sign(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| base64url::encode(value.to_string().as_bytes());
    let input = format!("{}.{}", encode(header), encode(claims));
    let pair = Ed25519KeyPair::from_pkcs8(&key.to_stored()).unwrap();
    let signature = base64url::encode(pair.sign(input.as_bytes()).as_ref());
    format!("{input}.{signature}")
}

#[tokio::test]
async fn a14_no_url_in_a_header_is_ever_fetched() {
    let (issuer, verifier) = pair().await;
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", trap.local_addr().unwrap());
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    assert_eq!(KeySet::new([key.verifying_key()]).unwrap().len(), 1);
    let claims = issuer.sign(&Mint::new(AUDIENCE)).claims;
    for member in ["jku", "x5u"] {
        for kid in [json!("attacker"), json!(issuer.active_key_id())] {
            let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": kid, member: url });
            let code = judge(&verifier, &sign(&key, &header, &claims));
            assert!(matches!(code, "key_not_found" | "alg_not_allowed"), "{code}");
        }
    }
    until("the one fetch that an unknown kid may cause", || issuer.requests("/jwks") == 2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a32_key_sets_are_per_issuer() {
    let (a, b) = (TestIssuer::start().await, TestIssuer::start().await);
    let issuers: Issuers = [current(builder(&a)).await, current(builder(&b)).await].into_iter().collect();
    let code = |issuer: &TestIssuer, token: &str| {
        issuers.verify_from::<Value>(issuer.url(), token).map_or_else(|error| error.code(), |_| "accepted")
    };
    let (of_a, of_b) = (a.mint(AUDIENCE), b.mint(AUDIENCE));
    assert_eq!((code(&a, &of_a.token), code(&b, &of_b.token)), ("accepted", "accepted"));
    assert_eq!((code(&a, &of_b.token), code(&b, &of_a.token)), ("wrong_issuer", "wrong_issuer"));
    // B's key speaks for B alone, whatever the token says; and the ids of both keys are the same here.
    let forged = b.sign(&Mint::new(AUDIENCE).claim("iss", a.url()));
    assert_eq!((code(&a, &forged.token), code(&b, &forged.token)), ("bad_signature", "bad_signature"));
    let other = b.rotate_key();
    let forged = b.sign(&Mint::new(AUDIENCE).claim("iss", a.url()));
    assert_eq!((code(&a, &forged.token), &*other), ("key_not_found", "key-2"));
    assert_eq!(code(&a, &a.sign(&Mint::new(AUDIENCE).claim("iss", "https://nobody.example")).token), "wrong_issuer");
    for minted in [&of_a, &of_b] {
        assert!(issuers.verify::<Value>(&minted.token).is_ok());
        let authenticated = issuers.authenticate::<Value>(&request(&minted.token), &Needs::any_token()).await;
        assert_eq!(authenticated.unwrap().session(), Some(&*minted.session));
    }
    let nobody = a.sign(&Mint::new(AUDIENCE).claim("iss", "https://nobody.example"));
    let refusal = issuers.authenticate::<Value>(&request(&nobody.token), &Needs::any_token()).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.status().as_u16()), ("wrong_issuer", 401));
}

#[tokio::test]
async fn a_key_of_the_issuer_under_an_id_of_its_own_is_no_feed_key() {
    // Token keys and feed keys are apart: a token key that signs an object proves nothing.
    let (issuer, verifier) = pair().await;
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap().with_id(KeyId::new("feed-1").unwrap());
    let token = Signer::new(key.into(), "at+jwt").sign(&issuer.mint(AUDIENCE).claims).unwrap();
    assert_eq!(judge(&verifier, &token), "key_not_found");
}
