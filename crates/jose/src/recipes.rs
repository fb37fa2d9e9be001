//! The ten things that are looked up most, each as a whole example. This module holds no code.
//!
//! # 1. Verify a token
//!
//! Keys and expectations once, then any number of tokens. Issuer, audience and kind are always asked for; `exp` must be
//! there.
//!
//! ```
//! use countersign_jose::*;
//!
//! # let jwks = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2025-06","alg":"EdDSA","use":"sig",
//! #     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
//! # let token = concat!(
//! #     "eyJhbGciOiJFZERTQSIsImtpZCI6IjIwMjUtMDYiLCJ0eXAiOiJhdCtqd3QifQ.",
//! #     "eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYW5hIiwiYXVkIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZSIsImlh",
//! #     "dCI6MTc1MDAwMDAwMCwiZXhwIjoxNzUwMDAwNjAwLCJzY29wZSI6Im9yZGVyczpyZWFkIn0.",
//! #     "fb-lPatnpZ5K4ixshO6IKp0ewybqxDBDQLhiP3TdjZSOEaAXGYPpFzOBtSRzT902CJXlYspLm6VtDAm4su4sDw",
//! # );
//! let expect = Expectations::new(
//!     "https://issuer.example",
//!     "https://api.example",
//!     TokenType::AccessToken,
//!     Leeway::seconds(10)?,
//! );
//! let verifier = TokenVerifier::new(KeySet::from_json(jwks.as_bytes())?, expect);
//!
//! let now = Timestamp::from_seconds(1_750_000_100); // from your own clock
//! let verified = verifier.verify_owned::<serde_json::Value>(token, now)?;
//! assert_eq!(verified.subject(), Some("ana"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # 2. Verify without allocating
//!
//! Claims lend their text from a buffer of yours, on the stack.
//!
//! ```
//! # use std::sync::Arc;
//! use countersign_jose::*;
//!
//! #[derive(serde::Deserialize)]
//! struct Claims<'a> {
//!     sid: &'a str,
//!     scope: &'a str,
//! }
//!
//! # let key = Arc::new(SigningKey::generate(Algorithm::Es256)?);
//! # let claims = serde_json::json!({ "iss": "i", "aud": "a", "exp": 2_000, "sid": "s1", "scope": "orders:read" });
//! # let token = Signer::new(key.clone(), "at+jwt").sign(&claims)?;
//! # let expect = Expectations::new("i", "a", TokenType::AccessToken, Leeway::ZERO);
//! # let verifier = TokenVerifier::new(KeySet::new([key.verifying_key()])?, expect);
//! # let now = Timestamp::from_seconds(1_000);
//! let mut buffer = TokenBuffer::new();
//! let verified = verifier.verify::<Claims<'_>>(&token, &mut buffer, now)?;
//! assert_eq!((verified.claims().sid, verified.claims().scope), ("s1", "orders:read"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # 3. Sign a token
//!
//! ```
//! use std::sync::Arc;
//! use countersign_jose::{Algorithm, Signer, SigningKey, Timestamp};
//!
//! #[derive(serde::Serialize)]
//! struct Claims<'a> {
//!     iss: &'a str,
//!     sub: &'a str,
//!     aud: &'a str,
//!     iat: Timestamp,
//!     exp: Timestamp,
//! }
//!
//! let signer = Signer::new(Arc::new(SigningKey::generate(Algorithm::Es256)?), "at+jwt"); // kept
//! let iat = Timestamp::from_seconds(1_750_000_000);
//! let claims = Claims { iss: "https://issuer.example", sub: "ana", aud: "api", iat, exp: iat.plus_seconds(600) };
//! let token = signer.sign(&claims)?;
//! assert!(token.starts_with("eyJhbGciOiJFUzI1NiIs"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # 4. A shared secret (HS256, HS384, HS512)
//!
//! For one party that both signs and verifies. 32 random bytes or more; a public key that somebody passes as a secret is
//! refused.
//!
//! ```
//! use countersign_jose::{Algorithm, KeyId, KeySet, SigningKey};
//!
//! # let secret: Vec<u8> = (0..64).collect();
//! let key = SigningKey::from_hmac_secret(Algorithm::Hs512, secret, KeyId::new("2026-07")?)?;
//! let keys = KeySet::new([key.verifying_key()])?;
//! let pem = b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE".to_vec();
//! assert!(SigningKey::from_secret(pem, KeyId::new("confused")?).is_err());
//! # Ok::<(), countersign_jose::KeyError>(())
//! ```
//!
//! # 5. Keys from PEM and DER
//!
//! The constructor names the form, the caller the algorithm; nothing is guessed.
//!
//! ```
//! use countersign_jose::{Algorithm, SigningKey, VerifyingKey};
//!
//! # let key = SigningKey::generate(Algorithm::Es384)?;
//! # let (pkcs8, sec1, spki) = (key.to_pkcs8_pem().unwrap(), key.to_sec1_pem().unwrap(), key.verifying_key().to_spki_pem().unwrap());
//! let signing = SigningKey::from_pkcs8_pem(Algorithm::Es384, &pkcs8)?; // BEGIN PRIVATE KEY
//! let the_same = SigningKey::from_sec1_pem(Algorithm::Es384, &sec1)?; // BEGIN EC PRIVATE KEY
//! let public = VerifyingKey::from_spki_pem(Algorithm::Es384, &spki)?; // BEGIN PUBLIC KEY
//! assert_eq!(signing.id(), public.id()); // the RFC 7638 thumbprint, unless `with_id` names another
//! assert!(SigningKey::from_pkcs8_pem(Algorithm::Es384, &sec1).is_err());
//! # assert_eq!(the_same.id(), public.id());
//! # Ok::<(), countersign_jose::KeyError>(())
//! ```
//!
//! # 6. A key set as published, and what was left out of it
//!
//! ```
//! use countersign_jose::KeySet;
//!
//! let jwks = br#"{"keys":[
//!     {"kty":"OKP","crv":"Ed25519","kid":"good","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
//!     {"kty":"OKP","crv":"Ed25519","kid":"for-encryption","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
//! ]}"#;
//! let keys = KeySet::from_json(jwks)?;
//! assert!(keys.get("good").is_some() && keys.get("for-encryption").is_none());
//! assert_eq!(keys.refused()[0].error.code(), "key_unusable"); // for the log
//! # Ok::<(), countersign_jose::KeyError>(())
//! ```
//!
//! # 7. Make keys and publish them
//!
//! ```
//! use countersign_jose::{Algorithm, JwkSet, SigningKey};
//!
//! let key = SigningKey::generate(Algorithm::EdDsa)?;
//! let jwks = JwkSet { keys: key.verifying_key().to_jwk().into_iter().collect() };
//! let published = serde_json::to_string(&jwks)?; // no private member can be in it
//! assert!(published.contains(r#""alg":"EdDSA""#) && !published.contains(r#""d":"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # 8. Tell what failed
//!
//! Codes are stable and errors compare; no error holds a token, a key or a claim.
//!
//! ```
//! # use std::sync::Arc;
//! use countersign_jose::*;
//!
//! # let key = Arc::new(SigningKey::generate(Algorithm::Es256)?);
//! # let claims = serde_json::json!({ "iss": "i", "aud": "a", "exp": 1_000 });
//! # let token = Signer::new(key.clone(), "at+jwt").sign(&claims)?;
//! # let expect = Expectations::new("i", "a", TokenType::AccessToken, Leeway::ZERO);
//! # let verifier = TokenVerifier::new(KeySet::new([key.verifying_key()])?, expect);
//! let error = verifier.verify_owned::<serde_json::Value>(&token, Timestamp::from_seconds(1_060)).unwrap_err();
//! assert_eq!(error.code(), "expired");
//! assert_eq!(error, VerifyError::Expired { ago_seconds: 60, leeway_seconds: 0 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # 9. Look into a token without believing it
//!
//! For tools that show tokens. There is no way from here to claims that a handler accepts.
//!
//! ```
//! use countersign_jose::UnverifiedToken;
//!
//! let token = UnverifiedToken::parse("eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhbmEifQ.AAAA")?;
//! assert_eq!(token.header().key_id(), Some("1"));
//! assert_eq!(token.claims_json_unverified()?["sub"], "ana");
//! # Ok::<(), countersign_jose::ParseError>(())
//! ```
//!
//! # 10. Other kinds of token
//!
//! An ID token is no access token: `typ` is part of what is expected (RFC 8725 §3.11).
//!
//! ```
//! # use std::sync::Arc;
//! use countersign_jose::*;
//!
//! # let key = Arc::new(SigningKey::generate(Algorithm::Ps256)?);
//! # let keys = KeySet::new([key.verifying_key()])?;
//! # let claims = serde_json::json!({ "iss": "i", "aud": "a", "exp": 2_000 });
//! # let now = Timestamp::from_seconds(1_000);
//! let token = Signer::new(key, "logout+jwt").sign(&claims)?;
//! let expect = |typ| Expectations::new("i", "a", typ, Leeway::ZERO);
//! let logout = TokenVerifier::new(keys.clone(), expect(TokenType::named("logout+jwt")));
//! let access = TokenVerifier::new(keys, expect(TokenType::AccessToken));
//! assert!(logout.verify_owned::<serde_json::Value>(&token, now).is_ok());
//! assert_eq!(access.verify_owned::<serde_json::Value>(&token, now).unwrap_err().code(), "wrong_type");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
