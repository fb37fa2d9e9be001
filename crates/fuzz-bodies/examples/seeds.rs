//! Writes the seeds of the corpora anew: `cargo run -p fuzz-bodies --example seeds`.
#![expect(clippy::unwrap_used, reason = "a tool that stops where it fails")]

use std::{fs, path::Path};

use countersign_jose::{Algorithm, JwkSet, KeyId, SigningKey, base64url};

const TOKEN_CLAIMS: &str =
    r#"{"iss":"i","aud":"a","sub":"s","iat":1900000000,"exp":4000000000,"jti":"j","scope":"x y"}"#;
const HEADER: &str = r#"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#;

fn main() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let write = |target: &str, seeds: Vec<Vec<u8>>| {
        let folder = corpora.join(target);
        fs::create_dir_all(&folder).unwrap();
        for (n, seed) in seeds.into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{n:02}")), seed).unwrap();
        }
    };
    write("claims", claims());
    write("header", headers());
    write("compact_jws", compact());
    let cases: Vec<Vec<u8>> = claims()
        .into_iter()
        .map(|claims| [b"c", &claims[..]].concat())
        .chain(headers().into_iter().map(|header| [b"h", &header[..], &[0], TOKEN_CLAIMS.as_bytes()].concat()))
        .chain(compact().into_iter().map(|token| [b"t", &token[..]].concat()))
        .collect();
    write("fast_against_strict", cases.clone());
    write("against_jsonwebtoken", cases);
    let keys = keys();
    write("jwk", keys.iter().flat_map(jwks).collect());
    write("jwk_set", jwk_sets(&keys));
    write("pem", keys.iter().flat_map(pems).collect());
    write("dpop_proof", fuzz_bodies::dpop_proof_seeds());
    write("authorization_request", fuzz_bodies::authorization_request_seeds());
    write("refresh_token", fuzz_bodies::refresh_token_seeds());
    write("feed_object", fuzz_bodies::feed_object_seeds());
}

fn claims() -> Vec<Vec<u8>> {
    [
        TOKEN_CLAIMS,
        r#"{"iss":"i","aud":["b","a"],"exp":4000000000.5,"act":{"sub":"x","act":{"sub":"y"}},"roles":["r"],"n":null}"#,
        r#"{"i\u0073s":"i","aud":"a","exp":4e9,"t":"\ud83d\ude00\"\\\/\b\f\n\r\t","\u00e9":-0.0,"big":123456789012345678}"#,
        r#"{"iss":"i","aud":"a","exp":4000000000,"exp":4000000001}"#,
        r#"{"iss":"i","aud":"a","exp":"4000000000"}"#,
        r#" { "iss" : "i" , "aud" : [ "a" ] , "exp" : 4000000000 , "nbf" : 1 , "x" : [ [ ] , { } , true , false ] } "#,
        r#"{"iss":"i","aud":"a","exp":1}"#,
        r#"{"iss":["i"],"aud":"a","exp":4000000000}"#,
        r#"{"iss":"i","aud":"a","exp":4000000000,"x":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}"#,
        r#"{"iss":"i","aud":"a","exp":1e999}"#,
        "[]",
        "",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn headers() -> Vec<Vec<u8>> {
    [
        HEADER,
        r#"{"typ":"application/at+jwt","kid":"k","alg":"HS256"}"#,
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256","alg":"none","kid":"k","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","kid":"k","typ":"at+jwt","crit":["x"],"x":1}"#,
        r#"{"alg":"HS256","kid":"k","typ":"at+jwt","b64":false}"#,
        r#"{"alg":"HS256","typ":"at+jwt","jwk":{"kty":"oct","k":"AA"},"jku":"https://x"}"#,
        r#"{"alg":"HS256","kid":"\u006b","typ":"JWT","cty":"JWT"}"#,
        r#"{"alg":"HS512","kid":"k","typ":"at+jwt","n":1e999}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn compact() -> Vec<Vec<u8>> {
    let good = fuzz_bodies::signed_token(HEADER.as_bytes(), TOKEN_CLAIMS.as_bytes());
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let encoded = base64url::encode(br#"{"alg":"none"}"#);
    [
        good.clone(),
        format!("{encoded}.{claims}."),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.AAAA.{signature}"),
        format!(r#"{{"protected":"{header}","payload":"{claims}","signature":"{signature}"}}"#),
        format!("{header}..{signature}"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

fn keys() -> Vec<SigningKey> {
    use Algorithm::{EdDsa, Es256, Es384, Es512, Hs256, Ps256};
    let named = |algorithm| SigningKey::generate(algorithm).unwrap().with_id(KeyId::new("k").unwrap());
    [Es256, Es384, Es512, EdDsa, Ps256, Hs256].map(named).into()
}

fn jwks(key: &SigningKey) -> Vec<Vec<u8>> {
    let public = key.verifying_key().to_jwk().map(|jwk| serde_json::to_vec(&jwk).unwrap());
    let private = key.to_private_jwk().unwrap().as_bytes().to_vec();
    public.into_iter().chain([private]).collect()
}

fn jwk_sets(keys: &[SigningKey]) -> Vec<Vec<u8>> {
    let public: Vec<_> = keys.iter().filter_map(|key| key.verifying_key().to_jwk()).collect();
    let set = |keys: Vec<countersign_jose::Jwk>| serde_json::to_vec(&JwkSet { keys }).unwrap();
    let private = format!(r#"{{"keys":[{}]}}"#, *keys[0].to_private_jwk().unwrap()).into_bytes();
    let mixed = format!(r#"{{"keys":[5,{{"kty":"EC"}},{}],"x":1}}"#, serde_json::to_string(&public[3]).unwrap());
    vec![set(public[..1].to_vec()), set(public[1..4].to_vec()), set(vec![]), private, mixed.into_bytes()]
}

fn pems(key: &SigningKey) -> Vec<Vec<u8>> {
    let public = key.verifying_key();
    let private = [key.to_pkcs8_pem(), key.to_pkcs1_pem(), key.to_sec1_pem()];
    let private = private.into_iter().flatten().map(|pem| pem.as_bytes().to_vec());
    let public = [public.to_spki_pem(), public.to_pkcs1_pem()];
    private.chain(public.into_iter().flatten().map(String::into_bytes)).collect()
}
