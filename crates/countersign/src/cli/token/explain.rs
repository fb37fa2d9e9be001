//! Why a token was refused, in words: which check, what was found, what was expected.
//!
//! The library's errors hold nothing of a token. This tool shows what whoever runs it has in hand anyway, cut to a length
//! and, like all output, without control characters.

use crate::times::{in_words, length, rfc3339};
use countersign_core::{Span, Time};
use countersign_jose::{Algorithm, KeySet, Leeway, ParseError, UnverifiedToken, VerifyError};
use serde::Serialize;
use serde_json::Value;

const SHOWN_CHARACTERS_MAX: usize = 200;
const KEYS_SHOWN_MAX: usize = 8;

/// One refusal explained.
#[derive(Debug, Default, Serialize)]
pub(super) struct Explanation {
    /// Which check failed.
    pub(super) check: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
}

/// What the token was checked against.
pub(super) struct Asked<'a> {
    pub(super) keys: &'a KeySet,
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
    pub(super) typ: &'a str,
    pub(super) leeway: Leeway,
    pub(super) at: Time,
}

/// What the token says, unverified; null where it says nothing that can be read.
struct Said {
    header: Value,
    claims: Value,
}

impl Explanation {
    /// Explains why `token` was refused.
    pub(super) fn of(error: &VerifyError, token: &str, asked: &Asked<'_>) -> Self {
        let said = Said::of(token);
        match error {
            VerifyError::Parse(error) => Self::of_form(error, token),
            VerifyError::WrongType { .. } => Self::check("kind: `typ` in the header")
                .found(said.header_member("typ"))
                .expected(asked.typ)
                .hint("`--typ` names the kind that is expected"),
            VerifyError::UnknownAlgorithm => Self::check("algorithm: `alg` in the header")
                .found(said.header_member("alg"))
                .expected(format!("one of {}", Algorithm::ALL.map(Algorithm::as_str).join(", "))),
            VerifyError::AlgNotAllowed { key, found, expected } => Self::check("algorithm: `alg` in the header")
                .found(found.as_str())
                .expected(format!("{expected}, the one algorithm of key `{key}`"))
                .hint(format!("if the key is meant for it: `--algorithm {found}` with `--key`, or `alg` in the JWK")),
            VerifyError::KeyNotFound => Self::check("key: `kid` in the header")
                .found(said.header_member("kid"))
                .expected(key_ids(asked.keys))
                .hint("is the token from this issuer, and is the key set current?"),
            VerifyError::BadSignature => Self::check("signature")
                .found(format!("{} characters that the key did not make for this header and payload", signature(token)))
                .expected(signer(asked.keys, said.header.get("kid").and_then(Value::as_str)))
                .hint("the token was changed on its way, or another key made it under the same id"),
            VerifyError::MissingClaim(name) => {
                Self::check(format!("claim `{name}`")).found("no such claim").expected(expected_type(name))
            }
            VerifyError::ClaimType(name) => Self::check(format!("claim `{name}`"))
                .found(said.claims.get(*name).map_or_else(|| "nothing that can be read".to_owned(), described))
                .expected(expected_type(name)),
            VerifyError::Expired { .. } => Self::of_expiry(&said, asked),
            VerifyError::NotYetValid { .. } => Self::of_beginning(&said, asked),
            VerifyError::WrongIssuer => {
                Self::check("issuer: `iss`").found(said.claim("iss")).expected(asked.issuer.unwrap_or("(any)"))
            }
            VerifyError::WrongAudience => Self::check("audience: `aud`")
                .found(said.claim("aud"))
                .expected(
                    asked
                        .audience
                        .map_or_else(|| "an audience".to_owned(), |audience| format!("`{audience}` among them")),
                )
                .hint("strings are compared byte for byte: a slash at the end or another case is another audience"),
            _ => Self::check("token"),
        }
    }

    fn of_form(error: &ParseError, token: &str) -> Self {
        let segments = token.split('.').count();
        let form = format!("{} characters in {segments} segment{}", token.len(), if segments == 1 { "" } else { "s" });
        let check = match error {
            ParseError::TooLarge { what, .. } => format!("size: {what}"),
            ParseError::Malformed(_) => "form".to_owned(),
            ParseError::Base64 { segment } => format!("base64url: the {segment}"),
            ParseError::Header(_) | ParseError::UnknownCritical => "header".to_owned(),
            ParseError::DuplicateMember(what) => format!("members of the {what}"),
            _ => "form".to_owned(),
        };
        let explained = Self::check(check).found(form);
        match error {
            ParseError::Malformed(_) => explained.expected("header.payload.signature, three segments of base64url"),
            ParseError::TooLarge { limit, .. } => explained.expected(format!("at most {limit}")),
            _ => explained,
        }
    }

    fn of_expiry(said: &Said, asked: &Asked<'_>) -> Self {
        Self::check("time: `exp`")
            .found(said.time("exp", asked.at))
            .expected(format!("later than {}{}", rfc3339(asked.at), with_leeway(asked.leeway)))
            .hint("refresh the token, or check both clocks; `--at` checks as of another time")
    }

    fn of_beginning(said: &Said, asked: &Asked<'_>) -> Self {
        // The first of them that lies too far ahead is what was refused.
        let limit = asked.at.timestamp().plus_seconds(asked.leeway.as_seconds()).as_seconds();
        let is_ahead = |name: &&str| said.claims.get(*name).and_then(Value::as_f64).is_some_and(|at| at > limit as f64);
        let name = ["nbf", "iat"].into_iter().find(is_ahead).unwrap_or("nbf");
        Self::check(format!("time: `{name}`"))
            .found(said.time(name, asked.at))
            .expected(format!("not later than {}{}", rfc3339(asked.at), with_leeway(asked.leeway)))
            .hint("check both clocks; `--at` checks as of another time")
    }

    fn check(check: impl Into<String>) -> Self {
        Self { check: check.into(), ..Self::default() }
    }

    fn found(self, found: impl Into<String>) -> Self {
        Self { found: Some(cut(found.into())), ..self }
    }

    fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(cut(expected.into())), ..self }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl Said {
    fn of(token: &str) -> Self {
        let parsed = UnverifiedToken::parse(token).ok();
        let header = parsed.as_ref().and_then(|token| token.header_json().ok());
        let claims = parsed.as_ref().and_then(|token| token.claims_json_unverified().ok());
        Self { header: header.unwrap_or_default(), claims: claims.unwrap_or_default() }
    }

    fn header_member(&self, name: &str) -> String {
        self.header.get(name).map_or_else(|| format!("no `{name}`"), shown)
    }

    fn claim(&self, name: &str) -> String {
        self.claims.get(name).map_or_else(|| format!("no `{name}`"), shown)
    }

    /// A time in RFC 3339 and in words.
    fn time(&self, name: &str, now: Time) -> String {
        let Some(seconds) = self.claims.get(name).and_then(Value::as_f64) else { return self.claim(name) };
        // It was a time within the limits: else its type would have been refused.
        let time = Time::from_millis((seconds.max(0.0) as u64).saturating_mul(1000));
        format!("{} ({})", rfc3339(time), in_words(time, now))
    }
}

fn with_leeway(leeway: Leeway) -> String {
    match leeway.as_seconds() {
        0 => String::new(),
        seconds => format!(", give or take the leeway of {}", length(Span::from_seconds(seconds))),
    }
}

fn signature(token: &str) -> usize {
    token.rsplit_once('.').map_or(0, |(_, signature)| signature.len())
}

fn signer(keys: &KeySet, kid: Option<&str>) -> String {
    let named = kid.and_then(|kid| keys.get(kid)).or_else(|| keys.iter().next());
    named.map_or_else(
        || "a signature by a key of the set".to_owned(),
        |key| format!("a signature by key `{}` ({})", key.id(), key.algorithm()),
    )
}

fn key_ids(keys: &KeySet) -> String {
    if keys.is_empty() {
        return "a key, but the set has none".to_owned();
    }
    let mut ids: Vec<_> = keys.iter().map(|key| key.id().as_str()).collect();
    ids.sort_unstable();
    let more =
        if ids.len() > KEYS_SHOWN_MAX { format!(" and {} more", ids.len() - KEYS_SHOWN_MAX) } else { String::new() };
    ids.truncate(KEYS_SHOWN_MAX);
    format!("one of {}{more}", ids.join(", "))
}

fn expected_type(name: &str) -> &'static str {
    match name {
        "exp" | "nbf" | "iat" => "seconds since 1970, a number from 0 to the year 9999",
        "aud" => "a string, or an array of strings",
        "sub" => "a string that is not empty",
        _ => "a string",
    }
}

fn described(value: &Value) -> String {
    let kind = match value {
        Value::Null => return "null".to_owned(),
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("{kind}: {}", shown(value))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a token says can be long: enough to recognise it.
fn cut(text: String) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((at, _)) => format!("{}\u{2026}", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_jose::{KeyId, Signer, SigningKey, Timestamp, TokenType};
    use serde_json::json;
    use std::sync::Arc;

    const NOW: u64 = 1_750_000_000;

    /// What is said about a token with these claims that is verified by another audience's rules.
    fn explain(claims: &Value) -> Explanation {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap().with_id(KeyId::new("k1").unwrap());
        let keys = KeySet::new([key.verifying_key()]).unwrap();
        let token = Signer::new(Arc::new(key), "at+jwt").sign(claims).unwrap();
        let leeway = Leeway::seconds(10).unwrap();
        let expect = countersign_jose::Expectations::new("https://i", "https://a", TokenType::AccessToken, leeway);
        let at = Time::from_timestamp(Timestamp::from_seconds(NOW));
        let verified = UnverifiedToken::parse(&token).unwrap().verify::<Value>(&keys, &expect, at.timestamp());
        let asked =
            Asked { keys: &keys, issuer: Some("https://i"), audience: Some("https://a"), typ: "at+jwt", leeway, at };
        Explanation::of(&verified.unwrap_err(), &token, &asked)
    }

    fn claims(name: &str, value: Value) -> Value {
        let mut claims = json!({ "iss": "https://i", "aud": "https://a", "sub": "ana", "exp": NOW + 600 });
        claims[name] = value;
        claims
    }

    fn assert_told(explained: &Explanation, check: &str, found: &str, expected: &str) {
        assert_eq!(explained.check, check);
        assert_eq!(explained.found.as_deref(), Some(found));
        assert_eq!(explained.expected.as_deref(), Some(expected));
    }

    #[test]
    fn times_are_told_in_words() {
        let late = explain(&claims("exp", json!(NOW - 120)));
        let expected = "later than 2025-06-15T15:06:40Z, give or take the leeway of 10 seconds";
        assert_told(&late, "time: `exp`", "2025-06-15T15:04:40Z (2 minutes ago)", expected);
        let early = explain(&claims("iat", json!(NOW + 3_600)));
        let expected = "not later than 2025-06-15T15:06:40Z, give or take the leeway of 10 seconds";
        assert_told(&early, "time: `iat`", "2025-06-15T16:06:40Z (in 1 hour)", expected);
    }

    #[test]
    fn both_sides_of_what_differs_are_told() {
        let audience = explain(&claims("aud", json!(["https://a/", "https://b"])));
        assert_told(&audience, "audience: `aud`", r#"["https://a/","https://b"]"#, "`https://a` among them");
        assert_told(&explain(&claims("iss", json!("https://j"))), "issuer: `iss`", "https://j", "https://i");
        let number = explain(&claims("sub", json!(5)));
        assert_told(&number, "claim `sub`", "a number: 5", "a string that is not empty");
    }

    #[test]
    fn what_is_shown_has_a_limit() {
        let long = explain(&claims("iss", json!("é".repeat(1_000)))).found.unwrap();
        assert_eq!(long.chars().count(), SHOWN_CHARACTERS_MAX + 1);
    }
}
