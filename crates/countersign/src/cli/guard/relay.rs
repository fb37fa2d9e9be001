//! `countersign guard --relay`

use super::{Ready, folder};
use crate::config::{GuardConfig, GuardIssuer};
use crate::failure::Failure;
use crate::output::Output;
use crate::shutdown::Shutdown;
use countersign_guard::relay::{Relay, RelaySettings};
use std::path::Path;
use tokio::net::TcpListener;

/// Hands on until a signal comes; then ends all streams, and lets what else runs finish.
pub(super) async fn run(
    config: &GuardConfig,
    listener: TcpListener,
    data: Option<&Path>,
    shutdown: Shutdown,
    out: &mut Output,
) -> Result<(), Failure> {
    let issuer = only(config)?;
    let address = listener.local_addr().map_err(|error| Failure::failed(error).about("no address was bound"))?;
    let relay = Relay::start(settings(issuer, data)).await.map_err(Failure::usage)?;
    let ready = Ready {
        event: "ready",
        listen: address.to_string(),
        issuer: issuer.url.clone(),
        issuers: vec![issuer.url.clone()],
        data: data.map(|data| data.display().to_string()),
        pid: std::process::id(),
    };
    let upstream = issuer.upstream.as_ref().unwrap_or(&issuer.url);
    tracing::info!(address = ready.listen, issuer = ready.issuer, upstream, "handing on the revocation feed");
    // The listener is bound: who connects from here on is answered, if only that nothing is held yet.
    if out.is_json() {
        out.document(&ready)?;
    }
    let stop = async {
        let signal = shutdown.requested().await;
        tracing::info!(signal, "stopping: what runs may finish");
        relay.close();
    };
    countersign_guard::serve(listener, relay.router(), stop).await;
    tracing::info!("stopped");
    Ok(())
}

fn settings(issuer: &GuardIssuer, data: Option<&Path>) -> RelaySettings {
    let mut settings = RelaySettings::new(&issuer.url);
    if let Some((id, secret)) = &issuer.client {
        settings = settings.client(id, secret.as_str());
    }
    if let Some(upstream) = &issuer.upstream {
        settings = settings.upstream(upstream);
    }
    if let Some(data) = data {
        settings = settings.data_folder(folder(data, &issuer.url));
    }
    settings
}

/// A relay has one issuer, and nothing to judge.
pub(super) fn only(config: &GuardConfig) -> Result<&GuardIssuer, Failure> {
    if !config.rules.is_empty() {
        return Err(Failure::usage("a relay judges no requests, and the file has rules")
            .hint("give the relay a file of its own with `--config`, or flags alone"));
    }
    match &*config.fixed.issuers {
        [issuer] => Ok(issuer),
        issuers => {
            Err(Failure::usage(format!("a relay hands on the feed of one issuer, and {} are named", issuers.len()))
                .hint("start a relay for each"))
        }
    }
}
