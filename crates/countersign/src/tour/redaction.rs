//! What is shown of what was on the wire: all of it, but of a token only its beginning and length, of a password
//! nothing. The record of the tour is made of this alone, so that no printer can let a secret out.

use super::http::{Answer, Request};
use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, SET_COOKIE};
use serde::Serialize;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

/// Shows messages, and numbers the tokens as they turn up: a reader must be able to tell one from the next.
#[derive(Default)]
pub(super) struct Redaction {
    access: Vec<Zeroizing<String>>,
    refresh: Vec<Zeroizing<String>>,
}

/// A request as it may be shown.
#[derive(Serialize)]
pub(super) struct ShownRequest {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(super) body: Value,
}

/// An answer as it may be shown.
#[derive(Serialize)]
pub(super) struct ShownAnswer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(super) body: Value,
}

const TOKEN_MEMBERS: [&str; 2] = ["access_token", "refresh_token"];
const PASSWORD_MEMBERS: [&str; 3] = ["password", "current_password", "new_password"];
/// The same for all access tokens; of a refresh token a part of its session's id.
const PREFIX_CHARACTERS: usize = 12;
const REFRESH_TOKEN_PREFIX: &str = "csr_";

impl Redaction {
    pub(super) fn request(&mut self, request: &Request) -> ShownRequest {
        ShownRequest {
            method: request.method.to_string(),
            path: Url::parse(&request.url).map_or_else(|_| String::new(), |url| url.path().to_owned()),
            headers: request.headers.iter().map(|(name, value)| self.field(name, value)).collect(),
            body: request.body.as_ref().map_or(Value::Null, |body| self.body(body)),
        }
    }

    pub(super) fn answer(&mut self, answer: &Answer) -> ShownAnswer {
        let fields = answer.headers.iter().map(|(name, value)| (name, String::from_utf8_lossy(value.as_bytes())));
        ShownAnswer {
            status: answer.status.as_u16(),
            headers: fields.map(|(name, value)| self.field(name, &value)).collect(),
            body: self.body(&answer.body),
        }
    }

    /// What a token is called: `refresh token 2`.
    pub(super) fn name(&mut self, token: &str) -> String {
        let (kind, seen) = if token.starts_with(REFRESH_TOKEN_PREFIX) {
            ("refresh", &mut self.refresh)
        } else {
            ("access", &mut self.access)
        };
        let at = seen.iter().position(|seen| **seen == token).unwrap_or_else(|| {
            seen.push(Zeroizing::new(token.to_owned()));
            seen.len() - 1
        });
        format!("{kind} token {}", at + 1)
    }

    fn token(&mut self, token: &str) -> String {
        if token.is_empty() {
            return String::new();
        }
        let prefix: String = token.chars().take(PREFIX_CHARACTERS).collect();
        format!("{prefix}… ({}, {} bytes)", self.name(token), token.len())
    }

    fn field(&mut self, name: &HeaderName, value: &str) -> (String, String) {
        let shown = match *name {
            AUTHORIZATION => match value.split_once(' ') {
                Some((scheme, credentials)) => format!("{scheme} {}", self.token(credentials)),
                None => self.token(value),
            },
            COOKIE => value.split("; ").map(|cookie| self.cookie(cookie)).collect::<Vec<_>>().join("; "),
            SET_COOKIE => match value.split_once(';') {
                Some((cookie, attributes)) => format!("{};{attributes}", self.cookie(cookie)),
                None => self.cookie(value),
            },
            _ => value.to_owned(),
        };
        (name.as_str().to_owned(), shown)
    }

    fn cookie(&mut self, cookie: &str) -> String {
        let (name, value) = cookie.split_once('=').unwrap_or(("", cookie));
        format!("{name}={}", self.token(value))
    }

    fn body(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.member(name, value))).collect()
            }
            Value::Array(items) => items.iter().map(|item| self.body(item)).collect(),
            other => other.clone(),
        }
    }

    fn member(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::String(secret) if TOKEN_MEMBERS.contains(&name) => self.token(secret).into(),
            Value::String(secret) if PASSWORD_MEMBERS.contains(&name) => {
                format!("… ({} characters)", secret.chars().count()).into()
            }
            other => self.body(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Redaction;
    use crate::tour::http::{Answer, Request};
    use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};
    use serde_json::json;

    const SECRET: &str = "csr_AQEBAAAAsecretsecretsecret";

    #[test]
    fn a_request_is_shown_without_its_secrets() {
        let request = Request::post("http://127.0.0.1:1/api/v1/refresh".to_owned())
            .bearer(SECRET)
            .cookies(&[("countersign-refresh".to_owned(), SECRET.to_owned())])
            .json(json!({ "refresh_token": SECRET, "password": SECRET, "nested": [{ "new_password": SECRET }] }));
        let shown = serde_json::to_string(&Redaction::default().request(&request)).unwrap();
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("Bearer csr_AQEBAAAA… (refresh token 1, 30 bytes)"), "{shown}");
    }

    #[test]
    fn an_answer_is_shown_without_its_secrets_but_with_the_attributes_of_its_cookies() {
        let cookie = format!("countersign={SECRET}; Path=/; HttpOnly; SameSite=Lax");
        let headers = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_str(&cookie).unwrap())]);
        let answer = Answer { status: hyper::StatusCode::OK, headers, body: json!({ "access_token": SECRET }) };
        let shown = serde_json::to_string(&Redaction::default().answer(&answer)).unwrap();
        assert!(!shown.contains("secret") && shown.contains("; Path=/; HttpOnly; SameSite=Lax"), "{shown}");
    }

    #[test]
    fn a_token_keeps_its_number() {
        let mut redaction = Redaction::default();
        let names = ["csr_a", "eyJ", "csr_b", "csr_a"].map(|token| redaction.name(token));
        assert_eq!(names, ["refresh token 1", "access token 1", "refresh token 2", "refresh token 1"]);
    }
}
