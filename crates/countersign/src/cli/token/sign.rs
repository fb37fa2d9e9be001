//! `countersign token sign`

use super::key_file;
use crate::cli::Context;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page, is_interactive};
use crate::secrets;
use crate::times::{duration, rfc3339, time};
use clap::Args;
use countersign_core::{Span, Time};
use countersign_jose::{Algorithm, KeyId, Signer, SigningKey};
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Make a token with a key of your own, never with the server's
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign token sign --key key.pem --issuer https://auth.example.com --audience https://api.example.com
  countersign token sign --secret-file secret.txt --subject ana --claim scope=orders:read
  countersign token sign --key key.jwk '{\"iss\":\"https://auth.example.com\",\"aud\":\"api\",\"sub\":\"ana\"}'

`iat` is now and `exp` is --lifetime later, unless the claims say otherwise.")]
pub(super) struct SignArgs {
    /// Claims as a JSON object; - reads them from standard input
    claims: Option<String>,
    #[command(flatten)]
    key: KeySource,
    /// What the key is for, where its file does not say: `PS256` for an RSA key in PEM, `HS512` for a secret
    #[arg(long, value_name = "ALG")]
    algorithm: Option<Algorithm>,
    /// The key's id in the header, instead of the key's own
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    kid: Option<String>,
    /// What kind of token it is
    #[arg(long, default_value = "at+jwt")]
    typ: String,
    /// `iss`
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// `sub`
    #[arg(long)]
    subject: Option<String>,
    /// `aud`; may be given again
    #[arg(long = "audience", value_name = "URI")]
    audiences: Vec<String>,
    /// Another claim; what reads as JSON is taken as JSON. May be given again
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    others: Vec<String>,
    /// From `iat` to `exp`
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    lifetime: Duration,
    /// When it is made, instead of now: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Time>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeySource {
    /// A private key: PKCS#8, PKCS#1 or SEC1 in PEM, or a private JWK
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A secret of 32 bytes or more, or an `oct` JWK
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Signed {
    token: String,
    kid: String,
    algorithm: Algorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    bytes: usize,
}

impl SignArgs {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let key = self.signing_key()?;
        let claims = self.claims(self.at.unwrap_or(context.now))?;
        let expires_at = claims.get("exp").and_then(Value::as_u64);
        let (kid, algorithm) = (key.id().to_string(), key.algorithm());
        let token = Signer::new(Arc::new(key), &self.typ).sign(&claims).map_err(Failure::failed)?;
        let expires_at = expires_at.map(|seconds| rfc3339(Time::from_millis(seconds.saturating_mul(1000))));
        out.answer(&Signed { bytes: token.len(), token, kid, algorithm, expires_at })
    }

    fn signing_key(&self) -> Result<SigningKey, Failure> {
        let kid = self.kid.as_deref().map(KeyId::new).transpose().map_err(Failure::usage)?;
        let key = match (&self.key.key, &self.key.secret_file) {
            (Some(file), _) => key_file::signing_key(file, self.algorithm)?,
            (None, Some(file)) => {
                let unnamed = KeyId::new("secret").map_err(Failure::failed)?;
                key_file::secret(file, kid.clone().unwrap_or(unnamed), self.algorithm)?
            }
            (None, None) => return Err(Failure::usage("no key").hint("give one with `--key` or `--secret-file`")),
        };
        Ok(match kid {
            Some(kid) => key.with_id(kid),
            None => key,
        })
    }

    fn claims(&self, now: Time) -> Result<Map<String, Value>, Failure> {
        let mut claims = self.given_claims()?;
        let text = |text: &String| Value::from(text.as_str());
        let audience = match self.audiences.as_slice() {
            [] => None,
            [one] => Some(text(one)),
            many => Some(many.iter().map(text).collect()),
        };
        let flags =
            [("iss", self.issuer.as_ref().map(text)), ("sub", self.subject.as_ref().map(text)), ("aud", audience)];
        for (name, value) in flags {
            value.into_iter().for_each(|value| drop(claims.insert(name.to_owned(), value)));
        }
        for other in &self.others {
            let (name, value) = claim(other)?;
            claims.insert(name, value);
        }
        let issued_at = claims.entry("iat").or_insert_with(|| now.timestamp().as_seconds().into());
        let issued_at = issued_at.as_u64().unwrap_or_else(|| now.timestamp().as_seconds());
        let lives = Span::from(self.lifetime).as_seconds();
        claims.entry("exp").or_insert_with(|| issued_at.saturating_add(lives).into());
        Ok(claims)
    }

    fn given_claims(&self) -> Result<Map<String, Value>, Failure> {
        let text = match self.claims.as_deref() {
            Some("-") => secrets::utf8(&secrets::read_stdin()?)?,
            Some(text) => text.to_owned().into(),
            None if is_interactive() => return Ok(Map::new()),
            None => secrets::utf8(&secrets::read_stdin()?)?,
        };
        if text.trim().is_empty() {
            return Ok(Map::new());
        }
        serde_json::from_str(&text).map_err(|error| Failure::usage(error).about("the claims are not a JSON object"))
    }
}

impl Answer for Signed {
    fn show(&self, page: &mut Page) {
        page.line(&self.token);
    }
}

/// `NAME=VALUE`; a value that reads as JSON is JSON, any other is text.
fn claim(text: &str) -> Result<(String, Value), Failure> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err(Failure::usage(format!("not a claim: {text:?}")).hint("as in `scope=orders:read`"));
    };
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

#[cfg(test)]
mod tests {
    use super::claim;
    use serde_json::json;

    #[test]
    fn a_claim_is_json_where_it_reads_as_json() {
        let value = |text| claim(text).unwrap().1;
        assert_eq!(value("scope=orders:read"), json!("orders:read"));
        assert_eq!(value("level=3"), json!(3));
        assert_eq!(value("roles=[\"admin\"]"), json!(["admin"]));
        assert_eq!(value("next=a=b"), json!("a=b"));
        assert!(claim("scope").is_err());
        assert!(claim("=x").is_err());
    }
}
