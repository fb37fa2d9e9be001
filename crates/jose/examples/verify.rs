//! Checks a token against a published key set: `cargo run --example verify`.

use std::{error::Error, io::Write as _};

use countersign_jose::{Expectations, KeySet, Leeway, Timestamp, TokenType, UnverifiedToken};
use serde::Deserialize;

const JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2025-06","alg":"EdDSA","use":"sig",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// What this service wants to know beside the registered claims.
#[derive(Deserialize)]
struct Claims {
    scope: String,
}

const TOKEN: &str = concat!(
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjIwMjUtMDYiLCJ0eXAiOiJhdCtqd3QifQ.",
    "eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYW5hIiwiYXVkIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZSIsImlh",
    "dCI6MTc1MDAwMDAwMCwiZXhwIjoxNzUwMDAwNjAwLCJzY29wZSI6Im9yZGVyczpyZWFkIn0.",
    "fb-lPatnpZ5K4ixshO6IKp0ewybqxDBDQLhiP3TdjZSOEaAXGYPpFzOBtSRzT902CJXlYspLm6VtDAm4su4sDw",
);

fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeySet::from_json(JWKS.as_bytes())?;
    let expect = Expectations::new(
        "https://issuer.example",
        "https://api.example",
        TokenType::AccessToken,
        Leeway::seconds(10)?,
    );

    let mut out = std::io::stdout();
    for now in [1_750_000_000, 1_750_000_700] {
        match UnverifiedToken::parse(TOKEN)?.verify::<Claims>(&keys, &expect, Timestamp::from_seconds(now)) {
            Ok(token) => writeln!(out, "at {now}: {:?} may {}", token.subject(), token.claims().scope)?,
            Err(error) => writeln!(out, "at {now}: {}: {error}", error.code())?,
        }
    }
    Ok(())
}
