//! An API of plain `tower` services on hyper whose callers come with access tokens. The README tells how to try it.

use std::{convert::Infallible, env, error::Error, fs, time::Duration};

use countersign_verifier::{StalePolicy, VerifiedToken, Verifier, VerifierLayer};
use futures_util::{StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper_util::rt::TokioIo;
use tower::{Layer as _, ServiceExt as _, service_fn};

type Answer = Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = fs::read_to_string(env::var("CLIENT_SECRET_FILE")?)?;
    let verifier = Verifier::builder(env::var("ISSUER")?)
        .audience(env::var("AUDIENCE")?)
        .client(env::var("CLIENT_ID")?, secret.trim())
        .build()
        .await?;
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(listen).await?;
    loop {
        let (stream, verifier) = (listener.accept().await?.0, verifier.clone());
        let service = hyper::service::service_fn(move |request| route(verifier.clone(), request));
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// The layer lets a request through with its token among the extensions, or answers itself.
async fn route(verifier: Verifier, request: Request<Incoming>) -> Answer {
    let any_token = VerifierLayer::new(verifier);
    match request.uri().path() {
        "/" => text("anybody may read this\n".to_owned()),
        "/orders" => any_token.layer(service_fn(orders)).oneshot(request).await,
        "/transfers" => {
            // A scope, and 503 rather than a token whose revocation might not be known yet.
            let layer = any_token.require_scope("transfers:write").stale(StalePolicy::Refuse);
            layer.layer(service_fn(transfer)).oneshot(request).await
        }
        "/events" => any_token.layer(service_fn(events)).oneshot(request).await,
        _ => text(String::new()).map(|mut answer| {
            *answer.status_mut() = StatusCode::NOT_FOUND;
            answer
        }),
    }
}

async fn orders(request: Request<Incoming>) -> Answer {
    text(format!("orders of {}\n", subject(&request)))
}

async fn transfer(request: Request<Incoming>) -> Answer {
    text(format!("transferred by {}\n", subject(&request)))
}

/// An event a second, until the token is revoked or expires.
async fn events(mut request: Request<Incoming>) -> Answer {
    let Some(token) = request.extensions_mut().remove::<VerifiedToken>() else { return text(String::new()) };
    let ticks = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok(Frame::data(Bytes::from_static(b"data: tick\n\n"))), ()))
    });
    let body = StreamBody::new(ticks.take_until(async move { token.revoked().await }));
    let mut response = Response::new(body.boxed_unsync());
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

fn subject(request: &Request<Incoming>) -> &str {
    request.extensions().get::<VerifiedToken>().and_then(VerifiedToken::subject).unwrap_or("nobody")
}

fn text(text: String) -> Answer {
    Ok(Response::new(Full::new(text.into()).boxed_unsync()))
}
