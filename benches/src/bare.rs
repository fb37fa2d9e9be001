//! axum and one ES256 signature over claims of the same size: what nobody can be faster than.

use axum::Router;
use axum::routing::post;
use countersign_jose::{Algorithm, Signer, SigningKey};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves it at `POST /sign`; gives where it listens.
///
/// # Panics
/// If no port is free.
pub async fn serve_bare() -> SocketAddr {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).expect("a key"));
    let signer = Arc::new(Signer::new(key, "at+jwt"));
    let sign = move || {
        let signer = Arc::clone(&signer);
        async move {
            let claims = serde_json::json!({
                "iss": "http://localhost:8420", "sub": "AAAAAAAAAAAAAAAAAAAAAA", "aud": "http://localhost:8420",
                "client_id": "countersign", "iat": 1_764_000_000, "exp": 1_764_000_600,
                "jti": "AAAAAAAAAAAAAAAAAAAAAA", "sid": "AAAAAAAAAAAAAAAAAAAAAA", "scope": "",
                "auth_time": 1_764_000_000,
            });
            signer.sign(&claims).expect("it signs")
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/sign", post(sign))).await });
    address
}
