//! An API on axum whose callers come with access tokens. The README tells how to try it.

use std::{convert::Infallible, env, error::Error, fs, time::Duration};

use axum::{
    Router,
    response::{Sse, sse::Event},
    routing::{get, post},
};
use countersign_verifier::{Bearer, BearerFor, Demand, Needs, StalePolicy, Verifier};
use futures_util::{Stream, StreamExt as _, stream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = fs::read_to_string(env::var("CLIENT_SECRET_FILE")?)?;
    let verifier = Verifier::builder(env::var("ISSUER")?)
        .audience(env::var("AUDIENCE")?)
        .client(env::var("CLIENT_ID")?, secret.trim())
        .build()
        .await?;
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    axum::serve(tokio::net::TcpListener::bind(listen).await?, router(verifier)).await?;
    Ok(())
}

/// The extractors find the verifier in the router's state.
fn router(verifier: Verifier) -> Router {
    Router::new()
        .route("/", get(public))
        .route("/orders", get(orders))
        .route("/transfers", post(transfer))
        .route("/events", get(events))
        .with_state(verifier)
}

async fn public() -> &'static str {
    "anybody may read this\n"
}

/// Any token that holds.
async fn orders(Bearer(token): Bearer) -> String {
    format!("orders of {}\n", token.subject().unwrap_or("nobody"))
}

/// What a kind of route demands: a scope, and 503 rather than a token whose revocation might not be known yet.
struct Transfer;

impl Demand for Transfer {
    fn needs() -> Needs {
        Needs::any_token().scope("transfers:write").stale(StalePolicy::Refuse)
    }
}

async fn transfer(bearer: BearerFor<Transfer>) -> String {
    format!("transferred by {}\n", bearer.token.subject().unwrap_or("nobody"))
}

/// An event a second, until the token is revoked or expires.
async fn events(Bearer(token): Bearer) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok(Event::default().data("tick")), ()))
    });
    Sse::new(ticks.take_until(async move { token.revoked().await }))
}
