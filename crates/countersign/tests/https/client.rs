//! A client of HTTP/1.1, plain or over TLS, from an address of its choice.

use crate::certificates::Authority;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Whom it connects to, from where, and whom it trusts.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    from: IpAddr,
    tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
}

/// A kept-alive connection.
pub(crate) struct Connection {
    stream: BufReader<Stream>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Client {
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self { address, from: Ipv4Addr::LOCALHOST.into(), tls: None }
    }

    /// Expects `host`'s certificate, from one of these authorities; no session is resumed.
    pub(crate) fn tls(address: SocketAddr, host: &str, authorities: &[&Authority]) -> Self {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.certificate.der().clone()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        let host = ServerName::try_from(host.to_owned()).unwrap();
        Self { tls: Some((host, Arc::new(config))), ..Self::plain(address) }
    }

    /// Connects from this address of the loopback network.
    pub(crate) fn from(self, from: [u8; 4]) -> Self {
        Self { from: from.into(), ..self }
    }

    pub(crate) fn connect(&self) -> io::Result<Connection> {
        let stream = self.tcp()?;
        let Some((host, config)) = &self.tls else {
            return Ok(Connection { stream: BufReader::new(Stream::Plain(stream)) });
        };
        let connection = ClientConnection::new(Arc::clone(config), host.clone()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Connection { stream: BufReader::new(Stream::Tls(Box::new(stream))) })
    }

    /// One request on a connection of its own.
    pub(crate) fn send(&self, request: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
        self.connect()?.send(request, headers, body)
    }

    /// The standard library can't choose the address that it connects from.
    fn tcp(&self) -> io::Result<TcpStream> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let stream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.bind(SocketAddr::new(self.from, 0))?;
            socket.connect(self.address).await?.into_std()
        })?;
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(stream)
    }
}

impl Connection {
    /// The certificate that the server showed.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        match self.stream.get_ref() {
            Stream::Plain(_) => panic!("no TLS"),
            Stream::Tls(stream) => stream.conn.peer_certificates().unwrap()[0].clone(),
        }
    }

    /// Sends `METHOD /path`, with a JSON body unless it is empty.
    pub(crate) fn send(&mut self, request: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
        self.write(request, headers, body)?;
        self.answer()
    }

    pub(crate) fn write(&mut self, request: &str, headers: &[(&str, &str)], body: &str) -> io::Result<()> {
        let mut text = format!("{request} HTTP/1.1\r\nHost: auth.example.com\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        self.stream.get_mut().write_all((text + "\r\n" + body).as_bytes())?;
        self.stream.get_mut().flush()
    }

    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let status = self.line()?.get(9..12).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        answer.body = vec![0; answer.header("content-length").map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:?} {}", self.headers, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
