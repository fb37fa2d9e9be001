//! A plain HTTP/1.1 client: one connection a request, every byte under the test's control, the whole answer kept.

use super::conformance;
use countersign_jose::base64url;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

// A test that would wait for ever fails after this instead.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A request to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    server: SocketAddr,
    from: IpAddr,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// All that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A cookie as `Set-Cookie` set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) attributes: Vec<String>,
}

/// The tokens of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_in: u64,
    pub(crate) scope: String,
    pub(crate) session_id: String,
}

impl Request {
    pub(crate) fn new(server: SocketAddr, method: &str, target: &str) -> Self {
        Self {
            server,
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// From another address; all of 127.0.0.0/8 is this machine, so 127.0.1.1 is another network.
    pub(crate) fn from(mut self, address: [u8; 4]) -> Self {
        self.from = IpAddr::from(address);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn cookie(self, name: &str, value: &str) -> Self {
        self.header("cookie", &format!("{name}={value}"))
    }

    /// As a page of `origin` would send it.
    pub(crate) fn origin(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    #[expect(clippy::needless_pass_by_value, reason = "`json(json!({…}))` reads best")]
    pub(crate) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) async fn send(self) -> Response {
        let answer = self.clone().try_send().await;
        answer.unwrap_or_else(|| panic!("{} {} was not answered", self.method, self.target))
    }

    /// `None` where the connection was closed without an answer.
    pub(crate) async fn try_send(self) -> Option<Response> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.target, self.server);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("connection: close\r\n\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(self.body.unwrap_or_default());
        let response = exchange(self.server, self.from, &bytes).await?;
        conformance::check(&self.method, &self.target, &response);
        Some(response)
    }
}

/// Sends bytes as they are and reads one answer.
pub(crate) async fn send_raw(server: SocketAddr, bytes: &[u8]) -> Option<Response> {
    exchange(server, IpAddr::V4(Ipv4Addr::LOCALHOST), bytes).await
}

async fn exchange(server: SocketAddr, from: IpAddr, bytes: &[u8]) -> Option<Response> {
    let answered = timeout(ANSWER_WITHIN, async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(from, 0)).expect("a loopback address");
        let mut stream = socket.connect(server).await.expect("the server listens");
        // The server may answer, and close, before it has read it all: then writing fails and the answer counts.
        let (mut reader, mut writer) = stream.split();
        let (_, answer) = tokio::join!(writer.write_all(bytes), read_answer(&mut reader));
        answer
    });
    answered.await.expect("an answer in time")
}

async fn read_answer(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<Response> {
    let mut bytes = Vec::new();
    loop {
        if let Some(response) = Response::complete(&bytes) {
            return Some(response);
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return Response::at_end(&bytes),
            Ok(_) => {}
        }
    }
}

/// A connection that is kept, to send what belongs together.
pub(crate) async fn connect(server: SocketAddr) -> TcpStream {
    TcpStream::connect(server).await.expect("the server listens")
}

impl Response {
    fn complete(bytes: &[u8]) -> Option<Self> {
        let (response, rest) = Self::head(bytes)?;
        let length: usize = response.header("content-length")?.parse().expect("a length");
        (rest.len() >= length).then(|| Self { body: rest[..length].to_vec(), ..response })
    }

    fn at_end(bytes: &[u8]) -> Option<Self> {
        let (response, rest) = Self::head(bytes)?;
        Some(Self { body: rest.to_vec(), ..response })
    }

    fn head(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).expect("a head in ASCII");
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Some((Self { status, headers, body: Vec::new() }, &bytes[end + 4..]))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }

    /// The status, and that nothing but a problem document has another.
    #[track_caller]
    pub(crate) fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// A whole problem document (RFC 9457) that nobody may keep.
    #[track_caller]
    pub(crate) fn assert_problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.problem_code().as_str()), (status, code), "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.header("x-request-id").is_some(), "a request id: {:?}", self.headers);
        assert_eq!(self.json()["status"], status);
        self
    }

    pub(crate) fn problem_code(&self) -> String {
        let problem = serde_json::from_slice::<Value>(&self.body).ok();
        problem.and_then(|problem| Some(problem.get("code")?.as_str()?.to_owned())).unwrap_or_default()
    }

    /// A whole answer with tokens in its body (RFC 6749 §5.1).
    #[track_caller]
    pub(crate) fn tokens(self) -> Tokens {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.set_cookies().is_empty(), "no cookies beside tokens in the body");
        let body = self.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(6), "{body}");
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no `{name}`: {body}")).to_owned();
        Tokens {
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
            expires_in: body["expires_in"].as_u64().expect("a number of seconds"),
            scope: text("scope"),
            session_id: text("session_id"),
        }
    }

    pub(crate) fn set_cookies(&self) -> Vec<SetCookie> {
        let lines = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        lines.map(|(_, value)| SetCookie::parse(value)).collect()
    }

    #[track_caller]
    pub(crate) fn set_cookie(&self, name: &str) -> SetCookie {
        let cookies = self.set_cookies();
        let found = cookies.iter().find(|cookie| cookie.name == name);
        found.unwrap_or_else(|| panic!("no cookie `{name}`: {} {cookies:?} {}", self.status, self.text())).clone()
    }
}

impl SetCookie {
    fn parse(value: &str) -> Self {
        let mut parts = value.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let mut attributes: Vec<_> = parts.map(str::to_owned).collect();
        attributes.sort();
        Self { name: name.to_owned(), value: value.to_owned(), attributes }
    }
}

impl Tokens {
    /// What the access token claims; not verified.
    pub(crate) fn claims(&self) -> Value {
        part(&self.access_token, 1)
    }

    /// The access token's header.
    pub(crate) fn header(&self) -> Value {
        part(&self.access_token, 0)
    }
}

pub(crate) fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("three parts");
    serde_json::from_slice(&base64url::decode(part).expect("base64url")).expect("JSON")
}
