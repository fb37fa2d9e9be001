//! An MCP server whose callers come with access tokens for it and for nothing else. The README tells how to try it.

mod mcp;
#[cfg(test)]
mod tests;

use std::{env, error::Error, fs};

use countersign_verifier::{ResourceMetadata, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = fs::read_to_string(env::var("CLIENT_SECRET_FILE")?)?;
    // The URL that people give to their agents. Tokens must name it in `aud`, so one for another server opens nothing.
    let resource = env::var("RESOURCE").unwrap_or_else(|_| "http://localhost:3000/mcp".to_owned());
    let verifier = Verifier::builder(env::var("ISSUER")?)
        .audience(resource)
        .client(env::var("CLIENT_ID")?, secret.trim())
        // What an agent asks for first; the rest it asks for when a tool needs it.
        .metadata(ResourceMetadata::new().name("Notes").scope(mcp::READ))
        .build()
        .await?;
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    axum::serve(tokio::net::TcpListener::bind(listen).await?, mcp::router(&verifier)).await?;
    Ok(())
}
