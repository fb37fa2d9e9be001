//! A page whose JavaScript keeps a session across tabs, and the server that it talks to, in one process on throw-away
//! data. The README tells how to try it; what to copy is `static/session.js`.

use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::{Router, routing::get};
use countersign_core::{Source as _, Span, key_ring::MasterKey};
use countersign_server::{Listener, Server, SignUpPolicy, SystemSource, Tls, TlsFiles, serve};
use countersign_store_sqlite::{Options, SqliteStore};
use std::{env, error::Error, path::Path, sync::Arc};
use tokio::net::TcpListener;

#[cfg(test)]
mod tests;

// Nothing inline, nothing from elsewhere, and the form is sent by the script alone.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8420".to_owned())).await?;
    let tls = match (env::var_os("TLS_CERT_FILE"), env::var_os("TLS_KEY_FILE")) {
        (Some(certificate), Some(key)) => Some(open_tls(certificate.as_ref(), key.as_ref())?),
        _ => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let issuer = format!("{scheme}://localhost:{}", listener.local_addr()?.port());
    // Short, so that refreshes can be seen.
    let lifetime = env::var("ACCESS_LIFETIME_SECONDS").map_or(Ok(20), |seconds| seconds.parse())?;

    let data = tempfile::tempdir()?;
    let store = SqliteStore::open(&Options::at(data.path().join("countersign.db")))?;
    let mut master = [0; MasterKey::BYTES];
    SystemSource::new().fill(&mut master);
    let server = Server::builder(Arc::new(store), MasterKey::from_bytes(master), issuer)
        .sign_up(SignUpPolicy::Open)
        .access_lifetime(Span::from_seconds(lifetime))
        .build()
        .await?;
    tokio::select! {
        () = serve(Listener::new(listener, tls), router(&server), interrupted()) => {}
        () = server.jobs() => {}
    }
    Ok(())
}

async fn interrupted() {
    tokio::signal::ctrl_c().await.ok();
}

fn open_tls(certificate: &Path, key: &Path) -> Result<Tls, String> {
    let files = TlsFiles { certificate: certificate.to_owned(), key: key.to_owned() };
    Tls::open(files).map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// The page beside the server's routes: one origin, so that its cookies are never cross-site.
fn router(server: &Server) -> Router {
    let page = Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("../static/index.html")))
        .route("/page.js", file("text/javascript", include_str!("../static/page.js")))
        .route("/session.js", file("text/javascript", include_str!("../static/session.js")));
    page.merge(server.router())
}

fn file(kind: &'static str, text: &'static str) -> axum::routing::MethodRouter {
    let headers: [(HeaderName, &'static str); 4] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    get(move || async move { (headers, text) })
}
