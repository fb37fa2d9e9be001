//! A resource server that clients bring tokens to: `examples/mcp-server`, in this process.

use super::Place;
use countersign_verifier::{Builder, Complete, ResourceMetadata, Verifier};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[path = "../../../../examples/mcp-server/src/mcp.rs"]
mod server;

pub(crate) use server::{READ, WRITE};

/// It has a port and is known to the issuer, and nobody answers there yet.
pub(crate) struct ResourceServer {
    pub(crate) url: String,
    listener: TcpListener,
    runtime: Runtime,
}

/// It answers until this is dropped.
pub(crate) struct Running(#[expect(dead_code, reason = "the server's tasks end with it")] Runtime);

impl ResourceServer {
    pub(crate) fn register(place: &Place, more: &[&str]) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://localhost:{}/mcp", listener.local_addr().unwrap().port());
        place.run(&[&["resource", "add", &url, "--scope", READ, "--scope", WRITE], more].concat());
        Self { url, listener, runtime }
    }

    /// As the example's `main` does, but for the leeway, so that a token that is over is over, and for what is `wanted`.
    pub(crate) fn serve(self, place: &Place, wanted: impl FnOnce(Builder<Complete>) -> Builder<Complete>) -> Running {
        let Self { url, listener, runtime } = self;
        let builder = Verifier::builder(place.known("ISSUER"))
            .audience(url)
            .client("machine", place.known("SECRET_MACHINE"))
            .leeway(Duration::ZERO)
            .metadata(ResourceMetadata::new().name("Notes").scope(READ));
        let verifier = runtime.block_on(wanted(builder).build()).unwrap();
        assert!(runtime.block_on(verifier.wait_until_current(Duration::from_secs(30))));
        runtime.spawn(async move { axum::serve(listener, server::router(&verifier)).await });
        Running(runtime)
    }
}
