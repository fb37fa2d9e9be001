//! The command line: one command a file. Here is the tree, and what is common to all.

mod account;
mod audit;
mod backup;
mod client;
mod completions;
mod config;
mod doctor;
mod feed;
mod guard;
mod key;
mod migrate;
mod new_file;
#[cfg(test)]
mod reference;
mod resource;
mod restore;
mod revoke;
mod serve;
mod session;
mod token;

use crate::config::{Config, ConfigErrors, Environment, Flags, Purpose, load_for};
use crate::failure::Failure;
use crate::output::{Format, Output};
use clap::{Args, Parser, Subcommand};
use countersign_core::{Source as _, Time};
use countersign_server::SystemSource;
use std::path::PathBuf;

/// Token-based authentication: sign-in, signed access tokens, rotating refresh tokens, and taking them back.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "\
First steps:
  countersign tour                                          see the whole flow, each step explained
  countersign serve                                         start a server; it needs no configuration
  countersign account add you@example.com --role admin      make the first administrator

Exit codes: 0 done, 1 what was asked for failed, 2 usage or configuration, 3 storage.")]
pub(crate) struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
struct Common {
    /// Folder of database and keys
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file, instead of ./countersign.toml or DIR/countersign.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Tour(crate::tour::TourArgs),
    Account(account::AccountArgs),
    Session(session::SessionArgs),
    Client(client::ClientArgs),
    Resource(resource::ResourceArgs),
    Key(key::KeyArgs),
    Token(token::TokenArgs),
    Revoke(revoke::RevokeArgs),
    Feed(feed::FeedArgs),
    Audit(audit::AuditArgs),
    Guard(guard::GuardArgs),
    Config(config::ConfigArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Migrate(migrate::MigrateArgs),
    Doctor(doctor::DoctorArgs),
    Completions(completions::CompletionsArgs),
}

/// What a command is given.
pub(crate) struct Context {
    /// When the command began.
    pub(crate) now: Time,
    flags: Flags,
    environment: Environment,
    cwd: PathBuf,
}

impl Context {
    /// What the operator decided, from all layers.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(self.load(Purpose::Command)?)
    }

    /// The same, and what the server opens at its start is as it should be.
    fn config_to_serve(&self) -> Result<Config, Failure> {
        Ok(self.load(Purpose::Serve)?)
    }

    /// The time now, for commands that run for long.
    fn wall(&self) -> Time {
        SystemSource::new().now()
    }

    /// The same, its problems one by one.
    fn load(&self, purpose: Purpose) -> Result<Config, ConfigErrors> {
        load_for(purpose, &self.flags, &self.environment, &self.cwd)
    }

    /// The same with flags that one command alone has.
    fn with_flags(self, listen: Option<String>, issuer: Option<String>) -> Self {
        Self { flags: Flags { listen, issuer, ..self.flags }, ..self }
    }
}

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { common, command } = cli;
    let now = SystemSource::new().now();
    let format = if common.json { Format::Json } else { Format::Text };
    let mut out = Output::new(format, now);
    let cwd =
        std::env::current_dir().map_err(|error| Failure::usage(error).about("the current directory can't be found"))?;
    let flags = Flags { config: common.config, data: common.data, ..Flags::default() };
    let context = Context { now, flags, environment: std::env::vars_os().collect(), cwd };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(error).about("the runtime can't be started"))?;
    runtime.block_on(Box::pin(command.run(context, &mut out)))
}

impl Command {
    async fn run(self, context: Context, out: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Serve(args) => args.run(context, out).await,
            Self::Tour(args) => crate::tour::run(args, out).await,
            Self::Account(args) => args.run(&context, out).await,
            Self::Session(args) => args.run(&context, out).await,
            Self::Client(args) => args.run(&context, out).await,
            Self::Resource(args) => args.run(&context, out).await,
            Self::Key(args) => args.run(&context, out).await,
            Self::Token(args) => args.run(&context, out).await,
            Self::Revoke(args) => args.run(&context, out).await,
            Self::Feed(args) => args.run(&context, out).await,
            Self::Audit(args) => args.run(&context, out).await,
            Self::Guard(args) => args.run(context, out).await,
            Self::Config(args) => args.run(&context, out),
            Self::Backup(args) => args.run(&context, out).await,
            Self::Restore(args) => args.run(&context, out).await,
            Self::Migrate(args) => args.run(&context, out),
            Self::Doctor(args) => args.run(&context, out).await,
            Self::Completions(args) => args.run(out),
        }
    }
}
