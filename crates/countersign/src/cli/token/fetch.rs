//! A key set from a file, or over plain HTTP from an issuer that is being tried out.

use crate::failure::Failure;
use crate::secrets::read_file;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;
use url::Url;

// 64 keys of RSA 4096 are half of it.
const BODY_BYTES_MAX: usize = 64 << 10;
const TIME_MAX: Duration = Duration::from_secs(10);

/// What stands in the file, or is answered at the URL.
pub(super) async fn file_or_url(source: &str) -> Result<Vec<u8>, Failure> {
    let failed =
        |error: Box<dyn Error + Send + Sync>| Failure::failed(error).about(format!("{source} can't be fetched"));
    if source.starts_with("https://") {
        let failure = Failure::usage("fetching over https is not in this version yet");
        return Err(failure.hint(format!("curl --output jwks.json {source}, then --jwks jwks.json")));
    }
    if !source.starts_with("http://") {
        return read_file(Path::new(source)).map(|bytes| bytes.to_vec());
    }
    let url = Url::parse(source).map_err(Failure::usage)?;
    match tokio::time::timeout(TIME_MAX, get(&url)).await {
        Ok(answered) => answered.map_err(failed),
        Err(late) => Err(failed(late.into())),
    }
}

/// One request on one connection; no redirects.
async fn get(url: &Url) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let host = url.host_str().ok_or("the URL has no host")?;
    let port = url.port_or_known_default().ok_or("the URL has no port")?;
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = Request::get(target).header(header::HOST, format!("{host}:{port}")).body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("the answer was {}", response.status()).into());
    }
    let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await?.to_bytes();
    driver.abort();
    Ok(body.to_vec())
}
