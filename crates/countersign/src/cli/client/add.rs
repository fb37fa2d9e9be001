//! `countersign client add`

use super::{SecretOut, refused_until};
use crate::bootstrap::{Deployment, actor};
use crate::cli::Context;
use crate::data;
use crate::failure::Failure;
use crate::output::{Answer, Output, Page};
use crate::times::duration;
use clap::Args;
use countersign_core::client::{
    AuthenticationMethod, ClientId, ClientKind, ClientProfile, ClientSecret, LogoutProfile,
};
use countersign_core::ops::{ClientRegistered, RegisterClient};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::{IDENTITY, MACHINES_ONLY, Scope, ScopeSet};
use countersign_core::{Draw, Span, Time};
use countersign_jose::{Jwk, JwkSet};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Register a client; its secret is shown once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign client add shop --kind web --redirect-uri https://shop.example.com/callback
  countersign client add billing --kind machine --scope orders:read --resource https://orders.example.com
  countersign client add guard --kind machine --scope feed:read --secret-out guard.secret

The scope feed:read is built in: it reads the revocations at the issuer. Any other is served by a resource server,
and a scope that needs a role is not granted to a machine.")]
pub(super) struct AddArgs {
    /// Its id: 1 to 256 printable ASCII characters
    id: String,
    /// What it is: web, spa or native, an application on a server, in a browser or on a device, at which people sign in;
    /// mcp, an agent that acts for somebody; machine, a program that acts for itself
    #[arg(long, value_name = "KIND")]
    kind: ClientKind,
    /// Where people come back to once they have signed in, compared character by character; may be given again
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where people may come back to once they have signed out, compared character by character; may be given again
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told of sessions that end, by logout tokens (OpenID Connect Back-Channel Logout)
    #[arg(long = "backchannel-logout-uri", value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// It needs the session's id in each logout token, which is always there
    #[arg(long = "backchannel-logout-session-required", requires = "backchannel_logout_uri")]
    backchannel_logout_session_required: bool,
    /// Take its authorization requests only if it pushed them (RFC 9126)
    #[arg(long = "require-par")]
    requires_pushed_requests: bool,
    /// How it authenticates: none, client_secret_basic, client_secret_post or private_key_jwt [default: as its kind does]
    #[arg(long = "auth", value_name = "METHOD")]
    authentication: Option<AuthenticationMethod>,
    /// Its public keys for private_key_jwt: a file with a JWK or a JWK Set
    #[arg(long = "jwk-file", value_name = "FILE")]
    keys: Option<PathBuf>,
    /// A scope that it may ask for; may be given again
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A resource server for which it may have tokens, by its URI; may be given again
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// How long a refresh token stays good beside its successor, up to 1h, for workers that each hold a copy. It gives up
    /// that a stolen one is noticed: bind the session to a key (DPoP) instead where the client can
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    overlap: Option<Duration>,
    #[command(flatten)]
    secret: SecretOut,
}

/// A secret that was made, with whose it is.
#[derive(Serialize)]
pub(super) struct Shown {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip)]
    what: &'static str,
    #[serde(skip)]
    refused_until: Option<Time>,
}

impl AddArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let id = ClientId::parse(&self.id).map_err(Failure::usage)?;
        let scopes = self.scopes.iter().map(|scope| Scope::parse(scope)).collect::<Result<ScopeSet, _>>();
        let resources = self.resources.iter().map(|uri| ResourceUri::parse(uri)).collect::<Result<_, _>>();
        let profile = ClientProfile {
            name: self.name,
            scopes: scopes.map_err(Failure::usage)?,
            resources: resources.map_err(Failure::usage)?,
            redirect_uris: self.redirect_uris,
            overlap: self.overlap.map_or(Span::ZERO, Span::from),
            logout: LogoutProfile {
                post_logout_redirect_uris: self.post_logout_redirect_uris,
                backchannel_logout_uri: self.backchannel_logout_uri,
                backchannel_logout_session_required: self.backchannel_logout_session_required,
            },
            requires_pushed_requests: self.requires_pushed_requests,
        };
        let keys = self.keys.as_deref().map(read_keys).transpose()?;
        let served = profile.scopes.iter().all(|scope| MACHINES_ONLY.contains(&scope) || IDENTITY.contains(&scope));
        let nowhere = profile.resources.is_empty() && !served;
        let register = RegisterClient { id, kind: self.kind, profile, authentication: self.authentication, keys };
        let deployment = Deployment::open_or_found(context).await?;
        let draw = deployment.draw();
        // Read before: once the secret counts, nothing may stand between it and whoever asked for it.
        let until = refused_until(&deployment, &register.id).await?;
        let secret_out = if register.makes_secret() { self.secret } else { SecretOut { file: None } };
        let kept = KeptSecret::write(secret_out, &draw)?;
        let registered = Box::pin(register.run(actor(), &*deployment.store, &draw)).await?;
        let refused = match registered {
            Ok(ClientRegistered::Registered(client, secret)) => {
                if !client.overlap.is_zero() {
                    out.note(
                        "with --overlap a stolen refresh token is not noticed; a key of its own (DPoP) needs none",
                    );
                }
                if nowhere {
                    out.note("without --resource its tokens are for the issuer, which serves no scope but feed:read");
                }
                return out.answer(&kept.shown(client.id.as_str(), secret.as_ref(), "registered", until));
            }
            Ok(ClientRegistered::IdTaken) => Failure::failed(format!("there is a client `{}` already", self.id))
                .hint(format!("countersign client show {}", self.id)),
            Ok(ClientRegistered::UnknownResource(uri)) => {
                Failure::failed(format!("there is no resource server {}", uri.as_str()))
                    .hint(format!("countersign resource add {}", uri.as_str()))
            }
            Err(invalid) => Failure::usage(invalid),
        };
        kept.discard();
        Err(refused)
    }
}

/// A JWK Set, or one JWK as a set of one.
fn read_keys(path: &Path) -> Result<JwkSet, Failure> {
    let about = |failure: Failure| failure.about(format!("{} holds no public keys", path.display()));
    let text = std::fs::read(path).map_err(|error| about(Failure::usage(error)))?;
    let one = |error| Jwk::parse(&text).map(|key| JwkSet { keys: vec![key] }).map_err(|_| error);
    JwkSet::parse(&text).or_else(one).map_err(|error| about(Failure::usage(error)))
}

/// Where a secret is kept before storage holds its hash: a full disk must not leave a client whose secret nobody knows.
/// If storage fails, whether the secret counts is unknown, and the file stays.
pub(super) struct KeptSecret(Option<PathBuf>);

impl KeptSecret {
    pub(super) fn write(to: SecretOut, draw: &Draw) -> Result<Self, Failure> {
        if let Some(path) = &to.file {
            let line = Zeroizing::new(format!("{}\n", draw.client_secret().expose()));
            data::write_private(path, line.as_bytes())
                .map_err(|error| Failure::usage(error).about(format!("{} can't be made", path.display())))?;
        }
        Ok(Self(to.file))
    }

    /// The secret counts: what is shown of it.
    pub(super) fn shown(
        self,
        client: &str,
        secret: Option<&ClientSecret>,
        what: &'static str,
        refused_until: Option<Time>,
    ) -> Shown {
        let client_secret = secret.filter(|_| self.0.is_none()).map(|secret| secret.expose().to_owned());
        Shown { client_id: client.to_owned(), client_secret, what, refused_until }
    }

    /// The secret does not count.
    pub(super) fn discard(self) {
        // If it can't be removed, it holds a secret that opens nothing.
        let _ = self.0.map(std::fs::remove_file);
    }
}

impl Answer for Shown {
    fn show(&self, page: &mut Page) {
        page.good(&format!("{} client {}", self.what, self.client_id));
        if let Some(secret) = &self.client_secret {
            page.field("secret", secret);
            page.aside("It is not kept: this is the only time that it is shown.");
        }
        if let Some(until) = self.refused_until {
            page.time("refused", until);
            page.aside("Until then every verifier refuses its tokens: a client of this id was disabled or removed.");
        }
    }
}
