//! Two ways to the same answer.

use std::sync::LazyLock;

use countersign_jose::{TokenVerifier, UnverifiedToken, VerifyError};
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::Value;

use crate::tokens::{AUDIENCE, ISSUER, KEYS, NOW, SECRET, expectations, signed, verify};

/// The input as a token. Its first byte says how: as it is; as claims under the usual header; as header and claims, parted
/// by a zero byte. The last two have a signature that holds, so that what lies behind it is reached.
fn token(data: &[u8]) -> Option<String> {
    let (how, data) = data.split_first()?;
    match how {
        b'c' => Some(signed(br#"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#, data)),
        b'h' => {
            let at = data.iter().position(|byte| *byte == 0)?;
            Some(signed(&data[..at], &data[at + 1..]))
        }
        _ => str::from_utf8(data).ok().map(str::to_owned),
    }
}

/// Known headers against the strict parser: the same errors, the same claims; the second time the header is known.
pub(crate) fn fast_against_strict(data: &[u8]) {
    let Some(token) = token(data) else { return };
    let verifier = TokenVerifier::new(KEYS.clone(), expectations());
    let strict = verify(&token);
    for _ in 0..2 {
        match (&strict, verifier.verify_owned::<Value>(&token, NOW)) {
            (Ok(strict), Ok(fast)) => {
                assert_eq!(strict.claims(), fast.claims());
                assert_eq!((strict.subject(), strict.id()), (fast.subject(), fast.id()));
                assert_eq!((strict.expires_at(), strict.audience()), (fast.expires_at(), fast.audience()));
            }
            (Err(strict), Err(fast)) => assert_eq!(*strict, fast),
            (strict, fast) => panic!("strict {strict:?}, fast {fast:?}"),
        }
    }
}

/// Why we refuse what `jsonwebtoken` takes. Anything else is a finding.
///
/// - `too_large`: there are no limits there.
/// - `duplicate_member`: the last one counts there.
/// - `header`, `unknown_critical`: `crit`, `b64`, `zip`, `cty` are not looked at there, nor is a `kid` of 300 bytes.
/// - `malformed`: deeper than 16 levels, and texts that begin as JSON.
/// - `wrong_type`: `typ` is not looked at there. `key_not_found`: nor is `kid`, where one key is given.
/// - `claim_type`: types of claims that are not validated there (`sub`, `jti`, `iat`), times beyond the year 9999.
/// - `expired`, `not_yet_valid`: it reads the clock itself, and does not look at `iat`.
/// - `missing_claim`, `wrong_issuer`, `wrong_audience`: an array of issuers is taken there where one fits.
pub const REASONS: [&str; 12] = [
    "claim_type",
    "duplicate_member",
    "expired",
    "header",
    "key_not_found",
    "malformed",
    "missing_claim",
    "not_yet_valid",
    "too_large",
    "unknown_critical",
    "wrong_issuer",
    "wrong_type",
];

static THEIRS: LazyLock<(DecodingKey, Validation)> = LazyLock::new(|| {
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    validation.leeway = 0;
    (DecodingKey::from_secret(SECRET), validation)
});

/// Ours against `jsonwebtoken`: where both accept, the same claims; where only it accepts, one of the listed reasons.
pub(crate) fn against_jsonwebtoken(data: &[u8]) {
    let Some(token) = token(data) else { return };
    let (key, validation) = &*THEIRS;
    let Ok(theirs) = jsonwebtoken::decode::<Value>(&token, key, validation) else { return };
    let ours: Result<_, VerifyError> = UnverifiedToken::parse(&token)
        .map_err(VerifyError::from)
        .and_then(|token| token.verify::<Value>(&KEYS, &expectations(), NOW));
    match ours {
        Ok(ours) => assert_eq!(ours.into_claims(), theirs.claims),
        Err(error) => assert!(REASONS.contains(&error.code()), "refused by us alone: {} ({error})", error.code()),
    }
}
