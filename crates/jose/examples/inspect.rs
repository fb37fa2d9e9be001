//! Shows what a token says, without believing it: `cargo run --example inspect TOKEN`.

use std::{error::Error, io::Write as _};

use countersign_jose::UnverifiedToken;

const EXAMPLE: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiJhbmEifQ.AAAA";

fn main() -> Result<(), Box<dyn Error>> {
    let token = std::env::args().nth(1).unwrap_or_else(|| EXAMPLE.to_owned());
    let token = UnverifiedToken::parse(&token)?;
    let mut out = std::io::stdout();
    writeln!(out, "header: {:#}", token.header_json()?)?;
    writeln!(out, "claims, not verified: {:#}", token.claims_json_unverified()?)?;
    Ok(())
}
