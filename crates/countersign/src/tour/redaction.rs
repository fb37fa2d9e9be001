//! What is shown of what was on the wire: all of it, but of a token only its beginning and length, of a password
//! nothing. A record of the tour is made from these alone, so that no printer can let a secret out.

use super::http::{Answer, Request};
use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, SET_COOKIE};
use serde::Serialize;
use serde_json::Value;
use url::Url;

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

const TOKEN_PREFIX_CHARACTERS: usize = 12;
const TOKEN_MEMBERS: [&str; 2] = ["access_token", "refresh_token"];
const PASSWORD_MEMBERS: [&str; 3] = ["password", "current_password", "new_password"];

impl ShownRequest {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            method: request.method.to_string(),
            path: Url::parse(&request.url).map_or_else(|_| String::new(), |url| url.path().to_owned()),
            headers: request.headers.iter().map(|(name, value)| field(name, value)).collect(),
            body: request.body.as_ref().map_or(Value::Null, body),
        }
    }
}

impl ShownAnswer {
    pub(super) fn of(answer: &Answer) -> Self {
        let headers =
            answer.headers.iter().map(|(name, value)| field(name, &String::from_utf8_lossy(value.as_bytes())));
        Self { status: answer.status.as_u16(), headers: headers.collect(), body: body(&answer.body) }
    }
}

/// A token's beginning and its length. The first characters are the same for every token of a kind, or name a session.
pub(super) fn token(token: &str) -> String {
    let prefix: String = token.chars().take(TOKEN_PREFIX_CHARACTERS).collect();
    if prefix.len() == token.len() { prefix } else { format!("{prefix}… ({} bytes)", token.len()) }
}

fn field(name: &HeaderName, value: &str) -> (String, String) {
    let shown = match *name {
        AUTHORIZATION => match value.split_once(' ') {
            Some((scheme, credentials)) => format!("{scheme} {}", token(credentials)),
            None => token(value),
        },
        COOKIE => value.split("; ").map(pair).collect::<Vec<_>>().join("; "),
        SET_COOKIE => match value.split_once(';') {
            Some((cookie, attributes)) => format!("{};{attributes}", pair(cookie)),
            None => pair(value),
        },
        _ => value.to_owned(),
    };
    (name.as_str().to_owned(), shown)
}

fn pair(cookie: &str) -> String {
    cookie.split_once('=').map_or_else(|| token(cookie), |(name, value)| format!("{name}={}", token(value)))
}

fn body(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), member(name, value))).collect(),
        Value::Array(items) => items.iter().map(body).collect(),
        other => other.clone(),
    }
}

fn member(name: &str, value: &Value) -> Value {
    match value {
        Value::String(secret) if TOKEN_MEMBERS.contains(&name) => token(secret).into(),
        Value::String(secret) if PASSWORD_MEMBERS.contains(&name) => {
            format!("… ({} characters)", secret.chars().count()).into()
        }
        other => body(other),
    }
}

#[cfg(test)]
mod tests {
    use super::{ShownAnswer, ShownRequest};
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
        let shown = serde_json::to_string(&ShownRequest::of(&request)).unwrap();
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("Bearer csr_AQEBAAAA… (30 bytes)"), "{shown}");
    }

    #[test]
    fn an_answer_is_shown_without_its_secrets_but_with_the_attributes_of_its_cookies() {
        let cookie = format!("countersign={SECRET}; Path=/; HttpOnly; SameSite=Lax");
        let headers = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_str(&cookie).unwrap())]);
        let answer = Answer { status: hyper::StatusCode::OK, headers, body: json!({ "access_token": SECRET }) };
        let shown = serde_json::to_string(&ShownAnswer::of(&answer)).unwrap();
        assert!(!shown.contains(SECRET) && shown.contains("; Path=/; HttpOnly; SameSite=Lax"), "{shown}");
    }
}
