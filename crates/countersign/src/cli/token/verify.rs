//! `countersign token verify`

use super::explain::{Asked, Explanation};
use super::{fetch, key_file};
use crate::cli::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, Output, Page};
use crate::secrets;
use crate::times::{duration, time};
use clap::Args;
use countersign_core::Time;
use countersign_jose::{
    Algorithm, Expectations, KeyId, KeySet, Leeway, TokenType, UnverifiedToken, VerifiedToken, VerifyError,
};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// Check a token: signature, kind, times, issuer, audience
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign token verify --jwks jwks.json --issuer https://auth.example.com --audience https://api.example.com TOKEN
  countersign token verify --jwks http://localhost:8420/.well-known/jwks.json < token.txt
  countersign token verify --key public.pem --at 2026-01-31T12:00:00Z < token.txt

Exit code 1, a code and a sentence say what failed, and what was found and expected. What was not asked for is not checked, and the answer says so.
Whether a token was revoked can't be seen from the token.")]
pub(super) struct VerifyArgs {
    /// The token; without one, or with -, standard input is read
    token: Option<String>,
    #[command(flatten)]
    keys: KeysSource,
    /// What the key is for, where its file does not say: `PS256` for an RSA key in PEM, `HS512` for a secret
    #[arg(long, value_name = "ALG", conflicts_with = "jwks")]
    algorithm: Option<Algorithm>,
    /// Who must have issued it (`iss`)
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// For whom it must be (`aud`)
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// What kind of token it must be
    #[arg(long, default_value = "at+jwt")]
    typ: String,
    /// How far clocks may be apart, 60s at most
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    leeway: Duration,
    /// Check as if it were this time: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Time>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeysSource {
    /// Published keys: a file, or an http URL
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    /// A public key: PEM or JWK
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A secret of 32 bytes or more, or an `oct` JWK
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

/// What verification found.
#[derive(Serialize)]
#[serde(untagged)]
enum Verdict {
    Valid(Box<Valid>),
    Refused(Box<Refused>),
}

#[derive(Serialize)]
struct Refused {
    valid: bool,
    code: &'static str,
    message: String,
    #[serde(flatten)]
    explanation: Explanation,
}

#[derive(Serialize)]
struct Valid {
    valid: bool,
    kid: String,
    algorithm: String,
    not_checked: Vec<&'static str>,
    claims: Value,
    #[serde(skip)]
    expires: Time,
}

impl VerifyArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let leeway = if self.leeway.subsec_nanos() == 0 { self.leeway.as_secs() } else { self.leeway.as_secs() + 1 };
        let leeway = Leeway::seconds(leeway).map_err(Failure::usage)?;
        let token = secrets::argument_or_stdin(self.token.as_deref(), "token")?;
        let token = token.strip_prefix("Bearer ").unwrap_or(&token).trim();
        let (mut keys, at) = (KeySet::default(), self.at.unwrap_or(context.now));
        let verified = match UnverifiedToken::parse(token) {
            Ok(parsed) => {
                keys = self.keys.read(parsed.header().key_id(), self.algorithm).await?;
                self.verify(parsed, &keys, leeway, at)
            }
            Err(error) => Err(error.into()),
        };
        let (verdict, failed) = match verified {
            Ok(token) => (Verdict::Valid(Box::new(Valid::of(token, self.not_checked()))), false),
            Err(error) => {
                (Verdict::Refused(Box::new(Refused::of(&error, token, &self.asked(&keys, leeway, at)))), true)
            }
        };
        out.answer(&verdict)?;
        if failed { Err(Failure::answered(Exit::Failed)) } else { Ok(()) }
    }

    fn verify(
        &self,
        token: UnverifiedToken<'_>,
        keys: &KeySet,
        leeway: Leeway,
        at: Time,
    ) -> Result<VerifiedToken<Value>, VerifyError> {
        // What was not asked for is expected to be what the token says: so it is not checked, and the answer tells.
        let said = token.claims_json_unverified().unwrap_or_default();
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let said_audience = said.get("aud").map(|aud| aud.get(0).unwrap_or(aud));
        let issuer = self.issuer.clone().or_else(|| text(said.get("iss"))).unwrap_or_default();
        let audience = self.audience.clone().or_else(|| text(said_audience)).unwrap_or_default();
        let typ = TokenType::named(self.typ.clone());
        token.verify(keys, &Expectations::new(issuer, audience, typ, leeway), at.timestamp())
    }

    fn asked<'a>(&'a self, keys: &'a KeySet, leeway: Leeway, at: Time) -> Asked<'a> {
        let (issuer, audience) = (self.issuer.as_deref(), self.audience.as_deref());
        Asked { keys, issuer, audience, typ: &self.typ, leeway, at }
    }

    fn not_checked(&self) -> Vec<&'static str> {
        let issuer = self.issuer.is_none().then_some("issuer");
        let audience = self.audience.is_none().then_some("audience");
        issuer.into_iter().chain(audience).chain(["revocation"]).collect()
    }
}

impl KeysSource {
    /// The keys. One key alone checks whatever id the token names: the signature decides.
    async fn read(&self, kid: Option<&str>, algorithm: Option<Algorithm>) -> Result<KeySet, Failure> {
        let named = kid.and_then(|kid| KeyId::new(kid).ok());
        let key = match self {
            Self { jwks: Some(source), .. } => {
                let json = fetch::file_or_url(source).await?;
                return KeySet::from_json(&json)
                    .map_err(|error| Failure::usage(error).about(format!("{source} is no set of keys")));
            }
            Self { key: Some(file), .. } => key_file::verifying_key(file, algorithm)?,
            Self { secret_file: Some(file), .. } => {
                let unnamed = KeyId::new("secret").map_err(Failure::failed)?;
                key_file::secret(file, unnamed, algorithm)?.verifying_key()
            }
            _ => return Err(Failure::usage("no key").hint("give one with `--jwks`, `--key` or `--secret-file`")),
        };
        let key = match named {
            Some(named) => key.with_id(named),
            None => key,
        };
        KeySet::new([key]).map_err(Failure::usage)
    }
}

impl Valid {
    fn of(token: VerifiedToken<Value>, not_checked: Vec<&'static str>) -> Self {
        Self {
            valid: true,
            kid: token.key_id().to_string(),
            algorithm: token.algorithm().to_string(),
            not_checked,
            expires: Time::from_timestamp(token.expires_at()),
            claims: token.into_claims(),
        }
    }
}

impl Answer for Verdict {
    fn show(&self, page: &mut Page) {
        match self {
            Self::Valid(valid) => {
                page.good("valid");
                page.field("signed by", &format!("key {} ({})", valid.kid, valid.algorithm));
                page.time("expires", valid.expires);
                page.field("not checked", &valid.not_checked.join(", "));
                page.line(&serde_json::to_string_pretty(&valid.claims).unwrap_or_default());
            }
            Self::Refused(refused) => refused.show(page),
        }
    }
}

impl Refused {
    fn of(error: &VerifyError, token: &str, asked: &Asked<'_>) -> Self {
        let explanation = Explanation::of(error, token, asked);
        Self { valid: false, code: error.code(), message: error.to_string(), explanation }
    }

    fn show(&self, page: &mut Page) {
        page.bad(&format!("refused: {}", self.code));
        page.line(&self.message);
        page.field("check", &self.explanation.check);
        for (name, value) in [("found", &self.explanation.found), ("expected", &self.explanation.expected)] {
            if let Some(value) = value {
                page.field(name, value);
            }
        }
        if let Some(hint) = &self.explanation.hint {
            page.hint(hint);
        }
    }
}
