//! The MCP TypeScript SDK as an agent: `mcp.mjs` against two MCP servers of one issuer.

use super::resource_server::{READ, ResourceServer, WRITE};
use super::{CALLBACK, LOGIN, Place, copied, document, packages};
use std::process::Command;

#[test]
fn the_typescript_sdk_of_mcp() {
    let Some(packages) = packages("node") else { return };
    copied("node", &packages);
    let mut place = Place::new();
    place.run(&["account", "role", LOGIN, "add", "admin"]);
    let notes = ResourceServer::register(&place, &[]);
    let brief = ResourceServer::register(&place, &["--lifetime", "5s"]);
    let agent =
        ["client", "add", "agent", "--kind", "mcp", "--redirect-uri", CALLBACK, "--scope", READ, "--scope", WRITE];
    place.run(&[&agent[..], &["--resource", &notes.url, "--resource", &brief.url]].concat());
    let document = document::publish(place.folder.path());
    let authority = document.authority.display().to_string();
    let allowed =
        [("COUNTERSIGN_SERVER__OUTBOUND_ALLOW", &*document.host), ("COUNTERSIGN_SERVER__OUTBOUND_CA_FILE", &authority)];
    let _issuer = place.serve_with(&allowed);
    let known = [
        ("CLIENT_ID", "agent"),
        ("DOCUMENT_URL", &document.url),
        ("MCP_URL", &notes.url),
        ("MCP_BRIEF_URL", &brief.url),
    ];
    place.environment.extend(known.map(|(name, value)| (name, value.to_owned())));
    let _running = [notes.serve(&place, |verifier| verifier), brief.serve(&place, |verifier| verifier)];
    place.client_runs(Command::new("node").arg("mcp.mjs").current_dir(packages));
}
