//! Makes a key and a token: `cargo run --example sign`.

use std::{error::Error, io::Write as _, sync::Arc};

use countersign_jose::{Algorithm, JwkSet, Signer, SigningKey, Timestamp};
use serde::Serialize;

#[derive(Serialize)]
struct Claims {
    iss: &'static str,
    sub: &'static str,
    aud: &'static str,
    iat: Timestamp,
    exp: Timestamp,
}

fn main() -> Result<(), Box<dyn Error>> {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256)?);
    let published = JwkSet { keys: key.verifying_key().to_jwk().into_iter().collect() };

    // Key and header are prepared once, for all the tokens of this key.
    let signer = Signer::new(key, "at+jwt");
    let iat = Timestamp::from_seconds(1_750_000_000); // time is a value: take it from your own clock
    let exp = iat.plus_seconds(600);
    let token =
        signer.sign(&Claims { iss: "https://issuer.example", sub: "ana", aud: "https://api.example", iat, exp })?;

    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::to_string_pretty(&published)?)?;
    writeln!(out, "{token}")?;
    Ok(())
}
