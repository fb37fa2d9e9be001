//! The MCP TypeScript SDK: `examples/mcp-server` in this process, the issuer beside it, and the SDK as a process.

use super::{CALLBACK, LOGIN, Place, copied, packages};
use countersign_verifier::{ResourceMetadata, Verifier};
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[path = "../../../../examples/mcp-server/src/mcp.rs"]
mod server;

/// A resource that is known to the issuer, and a port on which nobody answers yet.
struct Resource {
    uri: String,
    listener: TcpListener,
}

impl Resource {
    async fn register(place: &Place, more: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://localhost:{}/mcp", listener.local_addr().unwrap().port());
        place.run(&[&["resource", "add", &uri, "--scope", server::READ, "--scope", server::WRITE], more].concat());
        Self { uri, listener }
    }

    /// As the example's `main` does, but for the leeway: a token that is over is over.
    async fn serve(self, place: &Place) {
        let secret = place.known("SECRET_MACHINE");
        let verifier = Verifier::builder(place.known("ISSUER"))
            .audience(&*self.uri)
            .client("machine", secret)
            .leeway(Duration::ZERO)
            .metadata(ResourceMetadata::new().name("Notes").scope(server::READ))
            .build()
            .await
            .unwrap();
        assert!(verifier.wait_until_current(Duration::from_secs(30)).await);
        tokio::spawn(async move { axum::serve(self.listener, server::router(&verifier)).await });
    }
}

#[test]
fn the_typescript_sdk_of_mcp() {
    let Some(packages) = packages("node") else { return };
    copied("node", &packages);
    let mut place = Place::new();
    place.run(&["account", "role", LOGIN, "add", "admin"]);
    let runtime = Runtime::new().unwrap();
    let (resource, brief) = runtime.block_on(async {
        (Resource::register(&place, &[]).await, Resource::register(&place, &["--lifetime", "5s"]).await)
    });
    let scopes = ["--scope", server::READ, "--scope", server::WRITE];
    let agent = ["--kind", "mcp", "--redirect-uri", CALLBACK, "--resource", &resource.uri, "--resource", &brief.uri];
    place.run(&[&["client", "add", "agent"], &agent[..], &scopes].concat());
    let _server = place.serve();
    for (name, resource) in [("MCP_URL", resource), ("MCP_BRIEF_URL", brief)] {
        place.environment.push((name, resource.uri.clone()));
        runtime.block_on(resource.serve(&place));
    }
    place.environment.push(("CLIENT_ID", "agent".to_owned()));
    place.client_runs(Command::new("node").arg("mcp.mjs").current_dir(packages));
}
