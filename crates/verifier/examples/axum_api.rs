//! An API on axum: any token, a scope, a role, a route that must be fresh, and a stream that ends with its token.
//!
//! `ISSUER=http://localhost:8420 AUDIENCE=https://orders.example CLIENT_ID=orders CLIENT_SECRET=css_… cargo run
//! --package countersign-verifier --features axum --example axum_api`

use std::{convert::Infallible, env, error::Error, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::FromRef,
    routing::{get, post},
};
use countersign_verifier::{Bearer, BearerFor, Demand, Needs, Refusal, StalePolicy, Verifier, VerifierLayer};
use http_body_util::channel::Channel;
use serde::Deserialize;

// [app]
#[derive(Clone)]
struct App {
    verifier: Verifier,
}

/// How the extractors find the verifier.
impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

fn router(verifier: Verifier) -> Router {
    // One layer for a whole group of routes.
    let reports =
        Router::new().route("/reports", get(reports)).layer(VerifierLayer::new(verifier.clone()).require_role("clerk"));
    Router::new()
        .route("/orders", get(orders))
        .route("/tenant", get(tenant))
        .route("/transfers", post(transfer))
        .route("/events", get(events))
        .merge(reports)
        .with_state(App { verifier })
}
// [app]

// [handlers]
/// Any token that holds; the handler asks for a scope itself.
async fn orders(Bearer(token): Bearer) -> Result<String, Refusal> {
    token.require_scope("orders:read")?;
    Ok(format!("orders of {}\n", token.subject().unwrap_or("nobody")))
}

/// Claims of our own, as a type.
#[derive(Deserialize)]
struct Tenant {
    tenant: String,
}

async fn tenant(Bearer(token): Bearer<Tenant>) -> String {
    format!("{}\n", token.claims().tenant)
}

/// What a kind of route demands: a scope, and that a revocation would be known.
struct Transfer;

impl Demand for Transfer {
    fn needs() -> Needs {
        Needs::any_token().scope("transfers:write").stale(StalePolicy::Refuse)
    }
}

async fn transfer(bearer: BearerFor<Transfer>) -> String {
    format!("transferred by {}\n", bearer.token.subject().unwrap_or("nobody"))
}

async fn reports() -> &'static str {
    "reports for clerks\n"
}
// [handlers]

// [stream]
/// A line each second, until the token behind it has ended.
async fn events(Bearer(token): Bearer) -> Body {
    let (mut lines, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        let revoked = token.revoked();
        tokio::pin!(revoked);
        loop {
            tokio::select! {
                _ = &mut revoked => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            if lines.send_data("tick\n".into()).await.is_err() {
                return;
            }
        }
    });
    Body::new(body)
}
// [stream]

// [main]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let verifier = Verifier::builder(env::var("ISSUER")?)
        .audience(env::var("AUDIENCE")?)
        .client(env::var("CLIENT_ID")?, env::var("CLIENT_SECRET")?)
        .data_folder("verifier-data")
        .build()
        .await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, router(verifier)).await?;
    Ok(())
}
// [main]
