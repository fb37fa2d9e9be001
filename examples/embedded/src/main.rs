//! An application that has its own sign-in: the server's routes beside its own, in one process. The README tells how
//! to try it.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use countersign_core::{Source as _, key_ring::MasterKey};
use countersign_server::{Server, SignUpPolicy, SystemSource, serve};
use countersign_store_sqlite::{Options, SqliteStore};
use std::{env, error::Error, fs, io::Write as _, path::Path, sync::Arc};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let data = env::var("DATA").unwrap_or_else(|_| "embedded-data".to_owned());
    let listener = TcpListener::bind(env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8420".to_owned())).await?;
    let server = open(Path::new(&data), &format!("http://localhost:{}", listener.local_addr()?.port())).await?;
    run(listener, server, async {
        tokio::signal::ctrl_c().await.ok();
    })
    .await;
    Ok(())
}

/// The server on the data in this folder, made if there is none.
async fn open(data: &Path, issuer: &str) -> Result<Server, Box<dyn Error>> {
    fs::create_dir_all(data)?;
    let store = SqliteStore::open(&Options::at(data.join("countersign.db")))?;
    let builder = Server::builder(Arc::new(store), master_key(&data.join("master.key"))?, issuer);
    Ok(builder.sign_up(SignUpPolicy::Open).build().await?)
}

/// Serves until `stop`. Without the jobs keys would not rotate; our own `serve` tells each request's address.
async fn run(listener: TcpListener, server: Server, stop: impl Future<Output = ()>) {
    let stopping = async {
        stop.await;
        server.close_feed();
    };
    tokio::select! {
        () = serve(listener, router(&server), stopping) => {}
        () = server.jobs() => {}
    }
}

/// The application's routes beside the server's.
fn router(server: &Server) -> Router {
    let own = Router::new()
        .route("/", get(|| async { "anybody may read this\n" }))
        .route("/hello", get(hello))
        .with_state(server.router());
    own.merge(server.router())
}

/// For whoever is signed in. The server is asked in this process, so that a session that ended is refused at once.
async fn hello(State(server): State<Router>, request: Request) -> Response {
    let mut me = Request::new(Body::empty());
    *me.uri_mut() = axum::http::Uri::from_static("/api/v1/me");
    if let Some(bearer) = request.headers().get(AUTHORIZATION) {
        me.headers_mut().insert(AUTHORIZATION, bearer.clone());
    }
    let Ok(answer) = server.oneshot(me).await;
    if answer.status() == StatusCode::OK { "hello, whom we know\n".into_response() } else { answer }
}

/// What seals the keys in the database: made at the first start, for its owner alone.
fn master_key(path: &Path) -> Result<MasterKey, Box<dyn Error>> {
    if !path.exists() {
        let mut bytes = [0; MasterKey::BYTES];
        SystemSource::new().fill(&mut bytes);
        let mut options = fs::File::options();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.write(true).create_new(true).open(path)?.write_all(&bytes)?;
    }
    let bytes = fs::read(path)?;
    Ok(MasterKey::from_bytes(bytes.try_into().map_err(|_| "master.key holds no key")?))
}

#[cfg(test)]
mod tests {
    use super::{open, run};
    use serde_json::{Value, json};
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;

    async fn send(address: SocketAddr, request: &str, token: &str, body: &Value) -> (u16, String) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let text = format!(
            "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    #[tokio::test]
    async fn a_person_signs_up_signs_in_and_is_known_to_both_until_signing_out() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = open(&folder.path().join("data"), &format!("http://localhost:{}", address.port())).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(run(listener, server, async { stopped.await.unwrap_or_default() }));
        let ana = json!({ "login": "ana", "password": "a long enough phrase" });
        assert_eq!(send(address, "GET /", "", &Value::Null).await, (200, "anybody may read this\n".to_owned()));
        assert_eq!(send(address, "GET /hello", "none", &Value::Null).await.0, 401);
        assert_eq!(send(address, "POST /api/v1/accounts", "", &ana).await.0, 201);
        let (status, tokens) = send(address, "POST /api/v1/sign-in", "", &ana).await;
        assert_eq!(status, 200, "{tokens}");
        let tokens: Value = serde_json::from_str(&tokens).unwrap();
        let token = tokens["access_token"].as_str().unwrap();
        let (status, me) = send(address, "GET /api/v1/me", token, &Value::Null).await;
        assert_eq!((status, serde_json::from_str::<Value>(&me).unwrap()["login"].as_str()), (200, Some("ana")));
        assert_eq!(send(address, "GET /hello", token, &Value::Null).await.0, 200);
        assert_eq!(send(address, "POST /api/v1/sign-out", token, &Value::Null).await.0, 204);
        assert_eq!(send(address, "GET /hello", token, &Value::Null).await.0, 401);
        stop.send(()).unwrap();
        running.await.unwrap();
    }
}
