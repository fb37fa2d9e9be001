//! `countersign token decode`

use super::{Presented, PresentedRefresh};
use crate::cli::Context;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::secrets;
use clap::Args;
use countersign_core::Time;
use countersign_jose::UnverifiedToken;
use serde::Serialize;
use serde_json::Value;

/// Show what a token says and what each part means, without believing it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign token decode eyJhbGciOiJFUzI1NiIs...
  echo $TOKEN | countersign token decode --json

Nothing is verified: anybody can write such a token. `countersign token verify` checks one.")]
pub(super) struct DecodeArgs {
    /// The token; without one, or with -, standard input is read
    token: Option<String>,
}

/// What a token says, unverified.
#[derive(Serialize)]
#[serde(untagged)]
enum Decoded {
    Signed(Box<Signed>),
    Refresh(Refresh),
}

#[derive(Serialize)]
struct Signed {
    kind: &'static str,
    verified: bool,
    bytes: usize,
    header: Value,
    claims: Value,
}

#[derive(Serialize)]
struct Refresh {
    kind: &'static str,
    verified: bool,
    mac_key: u8,
    session_id: String,
    generation: u32,
}

impl DecodeArgs {
    pub(super) fn run(self, _: &Context, out: &mut Output) -> Result<(), Failure> {
        let token = secrets::argument_or_stdin(self.token.as_deref(), "token")?;
        let decoded = match Presented::read(&token)? {
            Presented::Access(parsed) => Decoded::Signed(Box::new(Signed::of(&parsed, token.len())?)),
            Presented::Refresh(refresh) => Decoded::Refresh(Refresh::of(&refresh)),
            Presented::Id(_) => {
                return Err(Failure::failed("this is an id (`sid`, `jti` or `sub`), not a token: it says nothing")
                    .hint("countersign session show ID"));
            }
        };
        out.answer(&decoded)
    }
}

impl Signed {
    fn of(token: &UnverifiedToken<'_>, bytes: usize) -> Result<Self, Failure> {
        let refused = |error: countersign_jose::ParseError| Failure::failed(format!("{}: {error}", error.code()));
        let header = token.header_json().map_err(refused)?;
        let claims = token.claims_json_unverified().map_err(refused)?;
        Ok(Self { kind: "signed_token", verified: false, bytes, header, claims })
    }
}

impl Refresh {
    fn of(refresh: &PresentedRefresh) -> Self {
        Self {
            kind: "refresh_token",
            verified: false,
            mac_key: refresh.mac_key.0,
            session_id: refresh.session.to_string(),
            generation: refresh.generation.0,
        }
    }
}

impl Answer for Decoded {
    fn show(&self, page: &mut Page) {
        match self {
            Self::Signed(token) => token.show(page),
            Self::Refresh(token) => token.show(page),
        }
    }
}

impl Signed {
    fn show(&self, page: &mut Page) {
        page.title(&format!("signed token, {} bytes (header.claims.signature)", self.bytes));
        page.bad("not verified: anybody can write this");
        for (title, part) in [("Header", &self.header), ("Claims", &self.claims)] {
            page.gap();
            page.title(title);
            let members = part.as_object().into_iter().flatten();
            let rows: Vec<_> = members.map(|(name, value)| row(name, value, page)).collect();
            page.table(["NAME", "VALUE", "MEANING"], &rows);
        }
    }
}

impl Refresh {
    fn show(&self, page: &mut Page) {
        page.title("refresh token");
        page.bad("not verified: only the server can tell whether it made this");
        page.field("session", &self.session_id);
        page.field("generation", &format!("{}: so many refreshes led to it", self.generation));
        page.field("MAC key", &format!("{}: proves that the server made it", self.mac_key));
        page.field("secret", "128 bits, not shown");
        page.hint(&format!("countersign session show {}", self.session_id));
    }
}

fn row(name: &str, value: &Value, page: &Page) -> [String; 3] {
    let shown = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let is_time = ["exp", "iat", "nbf", "auth_time"].contains(&name);
    let seconds = value.as_u64().filter(|_| is_time);
    let when = seconds.map(|seconds| page.words(Time::from_millis(seconds.saturating_mul(1000))));
    let meaning = meaning(name);
    [name.to_owned(), shown, when.map_or_else(|| meaning.to_owned(), |when| format!("{meaning}: {when}"))]
}

fn meaning(name: &str) -> &'static str {
    match name {
        "alg" => "how it is signed; the key decides, not this",
        "kid" => "which of the issuer's keys signed it",
        "typ" => "what kind of token; at+jwt is an access token (RFC 9068)",
        "iss" => "who issued it",
        "sub" => "who it is about: the account",
        "aud" => "for which resource server",
        "client_id" => "which client it was issued to",
        "exp" => "expires",
        "iat" => "issued",
        "nbf" => "not valid before",
        "auth_time" => "when they last proved who they are",
        "jti" => "this one token",
        "sid" => "the session: ending it refuses all its tokens",
        "scope" => "what it may be used for",
        "roles" => "what the account may do",
        "amr" => "how they proved who they are",
        "acr" => "how strong that proof was",
        "act" => "who acts for the subject",
        "cnf" => "the key that its holder must prove to have",
        _ => "",
    }
}
