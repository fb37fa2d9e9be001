//! `countersign doctor`

mod database;
mod findings;
mod folder;
mod keys;
mod settings;

use super::Context;
use crate::bootstrap::Deployment;
use crate::config::Purpose;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use clap::Args;
use countersign_server::SystemSource;
use countersign_store_sqlite::{Options, SqliteStore};
use findings::Findings;
use std::sync::Arc;

/// Look for what is wrong with a deployment, or will be, and say what to do
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign doctor                                        beside a running server, or without one
  countersign doctor --json | jq '.findings[] | select(.severity == \"problem\")'

Exit code 1 if there is a problem. It changes nothing, beside a small file that it writes to measure the disk.")]
pub(super) struct DoctorArgs {}

impl DoctorArgs {
    pub(super) async fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let mut findings = Findings::default();
        look(context, &mut findings).await;
        let report = findings.report();
        out.answer(&report)?;
        if report.is_sound() { Ok(()) } else { Err(Failure::answered(Exit::Failed)) }
    }
}

/// Each part looks as far as the parts before it let it.
async fn look(context: &Context, findings: &mut Findings) {
    let config = match context.load(Purpose::Serve) {
        Ok(config) => config,
        Err(errors) => return settings::unreadable(&errors, findings),
    };
    settings::look(&config, findings);
    if !folder::look(context, &config, findings) || !database::look(&config, context.now, findings) {
        return;
    }
    let store = match SqliteStore::open(&Options::at(config.database())) {
        Ok(store) => Arc::new(store),
        Err(error) => return findings.failure("database", &Failure::from(error)),
    };
    let data = crate::data::DataFolder::at(&config.server.data_dir);
    let deployment = Deployment { config, data, store: store.clone(), source: Arc::new(SystemSource::new()) };
    let looked = async {
        database::look_inside(&deployment, context.now, findings).await?;
        keys::look(&deployment, context.now, findings).await
    };
    if let Err(failure) = looked.await {
        findings.failure("database", &failure);
    }
    drop(deployment);
    store.close().await;
}
