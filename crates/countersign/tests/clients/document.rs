//! A client's own web site, which says what the client is (OAuth Client ID Metadata Document).

use super::CALLBACK;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the document is, and who vouches for the site.
pub(crate) struct Document {
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) authority: PathBuf,
}

/// Answers for as long as the test runs.
pub(crate) fn publish(folder: &Path) -> Document {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let (url, authority) = (format!("https://{host}/agent.json"), folder.join("site.pem"));
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&authority, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key);
    let config = Arc::new(config.unwrap());
    let body = json!({
        "client_id": url,
        "client_name": "Agent",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    });
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // One that goes away before its answer is none of the test's.
            let _ = answer(stream.unwrap(), config.clone(), &body.to_string());
        }
    });
    Document { url, host, authority }
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>, body: &str) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        line.clear();
    }
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close");
    write!(stream.get_mut(), "{head}\r\n\r\n{body}")?;
    stream.get_mut().conn.send_close_notify();
    stream.get_mut().flush()
}
