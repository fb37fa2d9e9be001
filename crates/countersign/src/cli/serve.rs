//! `countersign serve`

use super::Context;
use crate::bootstrap::Deployment;
use crate::config::Config;
use crate::data::DataFolder;
use crate::failure::Failure;
use crate::output::Output;
use crate::policies;
use crate::shutdown::Shutdown;
use crate::telling::Telling;
use clap::Args;
use countersign_core::account::Role;
use countersign_core::ops::{Foundation, OnIssuerChange};
use countersign_core::store::{Page, Store};
use countersign_server::{Listener, Server, StartError, SystemSource, Tls, TlsProblem};
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

// Whether there is an administrator is looked for among so many accounts; who has more knows how to make one.
const ACCOUNTS_LOOKED_AT_MAX: usize = 1_000;

/// Start the server; the first start makes data folder, keys and database
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign serve
  countersign serve --listen 127.0.0.1:0 --json             any free port; one line tells which
  countersign serve --data /var/lib/countersign --issuer https://auth.example.com

Logs go to standard error. SIGTERM stops it: no new work, at most 10 seconds for what runs.")]
pub(super) struct ServeArgs {
    /// Address and port to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// URL that clients know the server by, and that every token names
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Take another issuer than the one that this data was founded under, and end all sessions
    #[arg(long)]
    change_issuer: bool,
}

/// The line that says that the server answers.
#[derive(Serialize)]
struct Ready {
    event: &'static str,
    listen: String,
    issuer: String,
    data: String,
    pid: u32,
}

impl ServeArgs {
    pub(super) async fn run(self, context: Context, out: &mut Output) -> Result<(), Failure> {
        let context = context.with_flags(self.listen, self.issuer);
        let config = context.config_to_serve()?;
        let shutdown = Shutdown::listen().map_err(|error| Failure::failed(error).about("signals can't be heard"))?;
        let telling = Telling::begin(&policies::of_log(&config))?;
        let data = DataFolder::at(&config.server.data_dir);
        data.create()?;
        let _lock = data.lock()?;
        data.check_room()?;
        // Bound before the issuer is known: port 0 gives any free port, and the default issuer names it.
        let listener = bind(config.server.listen, "serve", "server.listen").await?;
        let address = listener.local_addr().map_err(|error| Failure::failed(error).about("no address was bound"))?;
        let issuer = config.server.issuer_at(address.port());
        let tls = open_tls(&config)?;
        let keeping = keep(tls.clone(), issuer.host());
        let listener = Listener::new(listener, tls);
        let issuer = issuer.to_string();
        let deployment = Deployment::open_or_make(config)?;
        let on_change = if self.change_issuer { OnIssuerChange::EndSessions } else { OnIssuerChange::Refuse };
        let store = Arc::clone(&deployment.store);
        let server = start(deployment, issuer.clone(), on_change).await?;
        let ready = Ready {
            event: "ready",
            listen: address.to_string(),
            issuer,
            data: data.path().display().to_string(),
            pid: std::process::id(),
        };
        tell(server.foundation(), &ready, &*store).await?;
        let stopped = stopping(server, listener, keeping, shutdown);
        // The listener is bound and what answers is made: who connects from here on is answered.
        if out.is_json() {
            out.document(&ready)?;
        }
        stopped.await;
        telling.end();
        Ok(())
    }
}

/// Serves until a signal comes; then takes nothing new and lets what runs finish.
async fn stopping(server: Server, listener: Listener, keeping: impl Future<Output = ()>, shutdown: Shutdown) {
    let stop = async {
        let signal = shutdown.requested().await;
        tracing::info!(signal, "stopping: what runs may finish");
        server.close_feed();
    };
    tokio::select! {
        () = countersign_server::serve(listener, server.router(), stop) => {}
        // They never end by themselves.
        () = server.jobs() => {}
        () = keeping => {}
    }
    tracing::info!("stopped");
}

/// Certificate and key, if there are any; the configuration found them good a moment ago.
fn open_tls(config: &Config) -> Result<Option<Tls>, Failure> {
    let Some(files) = config.server.tls_files() else { return Ok(None) };
    let refused = |problem: TlsProblem| {
        let file = files.path(problem.file).display().to_string();
        let hint = problem.fault.hint();
        Failure::usage(problem).about(format!("{file} can't be used for TLS")).hint(hint)
    };
    Tls::open(files.clone()).map(Some).map_err(|problems| {
        let mut problems = problems.into_iter().map(refused);
        problems.next().unwrap_or_else(|| Failure::usage("certificate and key can't be used for TLS"))
    })
}

/// Keeps the certificate current, if there is one. Never ends.
async fn keep(tls: Option<Tls>, host: String) {
    match tls {
        Some(tls) => tls.keep(Arc::new(SystemSource::new()), host).await,
        None => std::future::pending().await,
    }
}

/// Listens where `key` says.
pub(super) async fn bind(address: SocketAddr, command: &str, key: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let busy = error.kind() == std::io::ErrorKind::AddrInUse;
        let failure = Failure::usage(error).about(format!("{address} can't be listened on"));
        if busy {
            let any = SocketAddr::new(address.ip(), 0);
            failure.hint(format!(
                "another program listens there: `countersign {command} --listen {any}` takes any free port"
            ))
        } else {
            failure.hint(format!("`{key}` is an address of this machine, and a port that you may use"))
        }
    })
}

async fn start(deployment: Deployment, issuer: String, on_change: OnIssuerChange) -> Result<Server, Failure> {
    let ring = deployment.store.key_ring().await?;
    let master = deployment.master(&ring)?.key();
    let config = &deployment.config;
    let builder = Server::builder(Arc::clone(&deployment.store), master, issuer)
        .source(Arc::clone(&deployment.source))
        .on_issuer_change(on_change);
    policies::of_server(config, builder)?.build().await.map_err(|error| refused(error, config))
}

fn refused(error: StartError, config: &Config) -> Failure {
    match error {
        StartError::Store(store) => store.into(),
        StartError::Ring(ring) => ring.into(),
        StartError::IssuerChanged { ref stored, .. } => {
            let keep = format!("to keep the issuer: countersign serve --issuer {stored}");
            let origin = config.origin("server.issuer").map(ToString::to_string).unwrap_or_default();
            Failure::usage(error)
                .hint(format!("`server.issuer` was given by: {origin}"))
                .hint(keep)
                .hint("to change it, which ends all sessions: countersign serve --change-issuer")
        }
        other => Failure::failed(other),
    }
}

/// What an operator wants to know at a start, in the log.
async fn tell(foundation: &Foundation, ready: &Ready, store: &dyn Store) -> Result<(), Failure> {
    match foundation {
        Foundation::New => tracing::info!(data = ready.data, "made a new deployment: database, master key and keys"),
        Foundation::Changed { from, ended } => {
            tracing::warn!(from, to = ready.issuer, sessions_ended = ended.sessions, "the issuer changed");
        }
        _ => {}
    }
    tracing::info!(address = ready.listen, issuer = ready.issuer, data = ready.data, "serving");
    if !has_administrator(store).await? {
        tracing::info!(
            "there is no administrator yet; make the first: countersign account add you@example.com --role admin"
        );
    }
    Ok(())
}

async fn has_administrator(store: &dyn Store) -> Result<bool, Failure> {
    let (mut page, mut looked_at) = (Page::first(), 0);
    loop {
        let accounts = store.accounts(page).await?;
        looked_at += accounts.items.len();
        if accounts.items.iter().any(|account| account.roles.contains(Role::ADMIN)) {
            return Ok(true);
        }
        match accounts.next {
            Some(_) if looked_at >= ACCOUNTS_LOOKED_AT_MAX => return Ok(true),
            Some(next) => page = Page::new(u16::MAX, Some(next)),
            None => return Ok(false),
        }
    }
}
