//! HTTP/1.1 by hand: paths and headers exactly as a test writes them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The host that the recipes name.
pub(crate) const HOST: &str = "app.example.com";

/// What is asked.
pub(crate) struct Ask {
    line: String,
    headers: String,
    body: String,
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn get(path: &str) -> Self {
        Self { line: format!("GET {path}"), headers: String::new(), body: String::new() }
    }

    pub(crate) fn post(path: &str, body: &str) -> Self {
        let headers = format!("Content-Length: {}\r\n", body.len());
        Self { line: format!("POST {path}"), headers, body: body.to_owned() }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.headers(&[("Authorization", &format!("Bearer {token}"))])
    }

    pub(crate) fn headers(mut self, headers: &[(&str, &str)]) -> Self {
        headers.iter().for_each(|(name, value)| self.headers += &format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn send(&self, address: SocketAddr) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let Self { line, headers, body } = self;
        let head = format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Answer::read(&bytes).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}
