//! `countersign guard`

mod relay;
mod reload;

use super::{Context, serve::bind};
use crate::config::{ForeignType, GuardConfig, GuardFlags, GuardIssuer, LogFormat};
use crate::data::DataFolder;
use crate::descriptors;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, Output, Page};
use crate::shutdown::Shutdown;
use crate::telling::Telling;
use clap::Args;
use countersign_guard::{Guard, Settings};
use countersign_server::telemetry::{LogFormat as Written, LogPolicy};
use countersign_verifier::{TokenType, Verifier};
use reload::Reload;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Verify tokens for nginx, Traefik, Caddy or Envoy, or hand on the revocation feed
#[derive(Debug, Args)]
// An issuer alone does not say what for: to judge its tokens, or to hand on its feed.
#[command(group(clap::ArgGroup::new("purpose").args(["audience", "relay"])))]
#[command(after_help = "\
Examples:
  countersign client add guard --kind machine --scope feed:read --secret-out guard.secret
  countersign guard --issuer https://auth.example.com --audience https://app.example.com \\
      --client-id guard --secret-file guard.secret --proxy nginx
  countersign guard --config /etc/countersign/countersign-guard.toml --check
  countersign guard --relay --issuer https://auth.example.com --client-id relay --secret-file relay.secret

Rules are in the file: ./countersign-guard.toml, or in DIR. It is read again on SIGHUP and when it changes.
Logs go to standard error. SIGTERM stops it: no new work, at most 10 seconds for what runs.")]
pub(super) struct GuardArgs {
    /// URL of an issuer whose tokens are good here, beside those of the file
    #[arg(long, value_name = "URL", requires = "purpose")]
    issuer: Option<String>,
    /// What its tokens must be for
    #[arg(long, value_name = "URI", requires = "issuer")]
    audience: Option<String>,
    /// The machine client as which its revocation feed is read; a public feed needs none
    #[arg(long, value_name = "ID", requires_all = ["issuer", "secret_file"], allow_hyphen_values = true)]
    client_id: Option<String>,
    /// A file with the client's secret
    #[arg(long, value_name = "FILE", requires = "client_id")]
    secret_file: Option<String>,
    /// A relay to read that feed from, instead of the issuer; keys still come from the issuer
    #[arg(long, value_name = "URL", requires = "issuer")]
    upstream: Option<String>,
    /// Be a relay: hand on the issuer's feed to verifiers, guards and other relays, and judge nothing
    #[arg(long, conflicts_with = "proxy")]
    relay: bool,
    /// Address and port to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The proxy that asks: nginx, traefik, caddy or envoy
    #[arg(long, value_name = "PROXY")]
    proxy: Option<String>,
    /// Check the configuration, tell every problem, and do not start
    #[arg(long)]
    check: bool,
}

/// The line that says that the guard answers.
#[derive(Serialize)]
struct Ready {
    event: &'static str,
    listen: String,
    /// The first of them, as `serve` names its own.
    issuer: String,
    issuers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    pid: u32,
}

#[derive(Serialize)]
struct Checked {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    rules: usize,
    problems: Vec<super::config::ProblemView>,
}

impl GuardArgs {
    pub(super) async fn run(self, context: Context, out: &mut Output) -> Result<(), Failure> {
        let (is_check, is_relay) = (self.check, self.relay);
        let flags = self.flags(&context);
        if is_check {
            return check(&flags, &context.cwd, out);
        }
        let config = GuardConfig::load(&flags, &context.cwd).map_err(|errors| {
            Failure::usage(errors).hint("`countersign guard --check` looks again without starting")
        })?;
        let shutdown = Shutdown::listen().map_err(|error| Failure::failed(error).about("signals can't be heard"))?;
        let telling = Telling::begin(&log_policy(&config))?;
        let data = flags.data.as_deref().map(|data| DataFolder::at(context.cwd.join(data)));
        data.as_ref().map(DataFolder::create).transpose()?;
        let _lock = data.as_ref().map(DataFolder::lock).transpose()?;
        descriptors::make_room();
        let listener = bind(config.fixed.listen, "guard", "listen")?;
        let address = listener.local_addr().map_err(|error| Failure::failed(error).about("no address was bound"))?;
        if is_relay {
            let ended = relay::run(&config, listener, data.as_ref().map(DataFolder::path), shutdown, out).await;
            telling.end();
            return ended;
        }
        let verifiers = verifiers(&config, data.as_ref().map(DataFolder::path)).await?;
        let issuers: Vec<String> = config.fixed.issuers.iter().map(|issuer| issuer.url.clone()).collect();
        let guard = Guard::new(settings(&config), verifiers, config.rules.clone());
        let ready = Ready {
            event: "ready",
            listen: address.to_string(),
            issuer: issuers.first().cloned().unwrap_or_default(),
            issuers,
            data: data.as_ref().map(|data| data.path().display().to_string()),
            pid: std::process::id(),
        };
        tell(&ready, &config);
        let reload = Reload::listen(flags, context.cwd, config)
            .map_err(|error| Failure::failed(error).about("signals can't be heard"))?;
        // The listener is bound and what answers is made: who connects from here on is answered.
        if out.is_json() {
            out.document(&ready)?;
        }
        let stop = async {
            let signal = shutdown.requested().await;
            tracing::info!(signal, "stopping: what runs may finish");
        };
        tokio::select! {
            () = countersign_guard::serve(listener, guard.router(), stop) => {}
            // It never ends by itself.
            () = reload.keep(&guard) => {}
        }
        tracing::info!("stopped");
        telling.end();
        Ok(())
    }

    fn flags(self, context: &Context) -> GuardFlags {
        GuardFlags {
            config: context.flags.config.clone(),
            data: context.flags.data.clone(),
            listen: self.listen,
            proxy: self.proxy,
            issuer: self.issuer,
            audience: self.audience,
            relay: self.relay,
            upstream: self.upstream,
            client_id: self.client_id,
            secret_file: self.secret_file,
        }
    }
}

fn check(flags: &GuardFlags, cwd: &Path, out: &mut Output) -> Result<(), Failure> {
    match GuardConfig::load(flags, cwd) {
        Ok(config) => {
            if flags.relay {
                relay::only(&config)?;
            }
            let file = config.file().map(|(shown, _)| shown.display().to_string());
            out.answer(&Checked { ok: true, file, rules: config.rules.len(), problems: Vec::new() })
        }
        Err(errors) if out.is_json() => {
            let problems = errors.problems().iter().map(super::config::ProblemView::of).collect();
            out.answer(&Checked { ok: false, file: None, rules: 0, problems })?;
            Err(Failure::answered(Exit::Usage))
        }
        Err(errors) => Err(Failure::usage(errors)),
    }
}

fn log_policy(config: &GuardConfig) -> LogPolicy {
    LogPolicy {
        format: match config.fixed.log_format {
            LogFormat::Pretty => Written::Pretty,
            LogFormat::Json => Written::Json,
        },
        filter: config.fixed.log_level.as_str().to_owned(),
    }
}

fn settings(config: &GuardConfig) -> Settings {
    let fixed = &config.fixed;
    let mut settings = Settings::new(fixed.proxy);
    settings.scheme = fixed.scheme;
    settings.cookie.clone_from(&fixed.cookie);
    settings.trusted_origins.clone_from(&fixed.trusted_origins);
    settings
}

/// One for each issuer, each with a folder of its own.
async fn verifiers(config: &GuardConfig, data: Option<&Path>) -> Result<Vec<Verifier>, Failure> {
    let mut verifiers = Vec::new();
    for issuer in &config.fixed.issuers {
        let verifier = verifier(issuer, config, data.map(|data| folder(data, &issuer.url))).await;
        verifiers
            .push(verifier.map_err(|failure| failure.about(format!("tokens of {} can't be verified", issuer.url)))?);
    }
    Ok(verifiers)
}

async fn verifier(issuer: &GuardIssuer, config: &GuardConfig, folder: Option<PathBuf>) -> Result<Verifier, Failure> {
    let typ = match issuer.token_type {
        ForeignType::AccessToken => TokenType::AccessToken,
        ForeignType::Jwt => TokenType::IdToken,
    };
    let mut builder = Verifier::builder(&issuer.url)
        .audience(&issuer.audience)
        .leeway(config.fixed.leeway)
        .max_staleness(config.fixed.max_staleness)
        .foreign_tokens(typ, issuer.token_lifetime);
    if let Some((id, secret)) = &issuer.client {
        builder = builder.client(id, secret.as_str());
    }
    if let Some(relay) = &issuer.upstream {
        builder = builder.feed_from(relay);
    }
    if let Some(folder) = folder {
        builder = builder.data_folder(folder);
    }
    builder.build().await.map_err(Failure::usage)
}

/// The issuer's URL as a name that a file may have, and no other issuer's.
fn folder(data: &Path, issuer: &str) -> PathBuf {
    data.join(url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect::<String>())
}

fn tell(ready: &Ready, config: &GuardConfig) {
    let file = config.file().map(|(shown, _)| shown.display().to_string()).unwrap_or_default();
    let rules = config.rules.len();
    tracing::info!(address = ready.listen, issuers = ready.issuers.join(" "), file, rules, "guarding");
    if !config.fixed.listen.ip().is_loopback() {
        tracing::warn!(
            address = ready.listen,
            "tokens come in here in the clear: let nobody but the proxy reach this address"
        );
    }
}

impl Answer for Checked {
    fn show(&self, page: &mut Page) {
        match &self.file {
            Some(file) => page.good(&format!("{file}: nothing wrong, {} rules", self.rules)),
            None => page.good("no file, and nothing wrong with the flags"),
        }
    }
}
