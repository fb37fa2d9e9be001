//! The binary asks others as it is configured: what is named, with the authorities that are named, and nothing else.

use crate::certificates::{Authority, Issued, replace};
use crate::client::Client;
use crate::support::ServerProcess;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Serves this body over TLS at every path, and counts who connects.
fn serve(listener: TcpListener, issued: &Issued, body: String) -> Arc<AtomicUsize> {
    let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream.unwrap());
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
            if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                let _ = write!(stream, "{head}: {}\r\n\r\n{body}", body.len()).and_then(|()| stream.flush());
            }
        }
    });
    connections
}

#[test]
fn a_document_is_fetched_where_the_configuration_lets_it_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let file = folder.path().join("ca.pem");
    replace(&file, &authority.certificate.pem(), 0o644);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let url = format!("https://{host}/client.json");
    let redirect = "http://127.0.0.1/callback";
    let document = format!(r#"{{"client_id":"{url}","client_name":"Some Agent","redirect_uris":["{redirect}"]}}"#);
    let connections = serve(listener, &authority.issue(&["localhost"]), document);
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let path = format!(
        "/oauth2/authorize?response_type=code&client_id={url}&redirect_uri={redirect}&code_challenge={challenge}\
         &code_challenge_method=S256"
    );
    let ca = ("COUNTERSIGN_SERVER__OUTBOUND_CA_FILE", file.to_str().unwrap());
    let allow = ("COUNTERSIGN_SERVER__OUTBOUND_ALLOW", host.as_str());
    let off = ("COUNTERSIGN_CLIENTS__METADATA_DOCUMENTS", "off");
    for (number, settings, status, text, connected) in [
        (0, &[ca][..], 400, "could not be fetched", 0),
        (1, &[ca, allow, off], 400, "names no application", 0),
        (2, &[allow], 400, "could not be fetched", 1),
        (3, &[ca, allow], 200, "Some Agent", 2),
    ] {
        let data = folder.path().join(format!("data-{number}"));
        let server = ServerProcess::start(&data, "127.0.0.1:0", settings);
        let answer = Client::plain(server.address).send(&format!("GET {path}"), &[], "").unwrap();
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, status, "{settings:?}: {body}");
        assert!(body.contains(text), "{settings:?}: {body}");
        assert_eq!(connections.load(Ordering::SeqCst), connected, "{settings:?}");
    }
}
