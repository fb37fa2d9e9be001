//! What the tour speaks HTTP/1.1 with: one connection a request, so that what is shown is what was on the wire.

use super::interrupted::Interrupted;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;
use tokio::net::TcpStream;
use url::Url;

const ANSWER_BYTES_MAX: usize = 64 * 1024;
// A server that hangs must fail the tour, not hang it too.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A request before it is sent. It holds secrets, so it does not print: what is shown is made by `redaction`.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Option<Value>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// `Null` where the answer had no body.
    pub(super) body: Value,
}

impl Request {
    pub(super) fn get(url: String) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), body: None }
    }

    pub(super) fn post(url: String) -> Self {
        Self { method: Method::POST, ..Self::get(url) }
    }

    pub(super) fn put(url: String) -> Self {
        Self { method: Method::PUT, ..Self::get(url) }
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION, format!("Bearer {token}"))
    }

    /// Cookies as a browser sends them: all in one field.
    pub(super) fn cookies(self, cookies: &[(String, String)]) -> Self {
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.header(COOKIE, pairs.join("; "))
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn json(self, body: Value) -> Self {
        Self { body: Some(body), ..self.header(CONTENT_TYPE, "application/json") }
    }

    /// Sends it on a connection of its own.
    pub(super) async fn send(&self) -> Result<Answer, Interrupted> {
        let unreachable = |source| Interrupted::Unreachable { url: self.url.clone(), source };
        match tokio::time::timeout(ANSWER_WITHIN, self.exchange()).await {
            Ok(answer) => answer.map_err(unreachable),
            Err(elapsed) => Err(unreachable(elapsed.into())),
        }
    }

    async fn exchange(&self) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let url = Url::parse(&self.url)?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let mut request =
            hyper::Request::builder().method(&self.method).uri(url.path()).header(HOST, format!("{host}:{port}"));
        for (name, value) in &self.headers {
            request = request.header(name, HeaderValue::from_str(value)?);
        }
        let body = self.body.as_ref().map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(body)))?;

        let stream = TcpStream::connect((host, port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
        connection.abort();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

impl Answer {
    /// Status and error code, as expectations are written: `200`, `401 invalid_grant`.
    pub(super) fn told(&self) -> String {
        match self.body.get("code").and_then(Value::as_str) {
            Some(code) => format!("{} {code}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        }
    }

    /// A member that the tour can't go on without.
    pub(super) fn text(&self, member: &'static str) -> Result<String, Interrupted> {
        let text = self.body.get(member).and_then(Value::as_str);
        text.map(str::to_owned).ok_or(Interrupted::Missing { what: member, answer: self.told() })
    }

    /// A header field, empty where there is none.
    pub(super) fn field(&self, name: HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Every `Set-Cookie`, as it was sent.
    pub(super) fn set_cookies(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok())
    }

    /// Names and values of the cookies that it sets, as a browser would keep them.
    pub(super) fn cookies(&self) -> Vec<(String, String)> {
        let pair = |cookie: &str| {
            let (name, value) = cookie.split(';').next()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        self.set_cookies().filter_map(pair).collect()
    }
}
