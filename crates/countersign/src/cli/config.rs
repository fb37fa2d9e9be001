//! `countersign config`

use super::Context;
use crate::config::{Config, Entry, Problem, Purpose};
use crate::failure::{Exit, Failure};
use crate::output::{Answer, Output, Page};
use crate::policies;
use clap::{Args, Subcommand};
use serde::Serialize;

/// Look at the configuration
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign config show                                   each value, and where it came from
  countersign config check --config /etc/countersign.toml   every problem at once; exit code 2 if there is one

A value comes from the first of these that has it: flag, COUNTERSIGN_SECTION__KEY, file, default."
)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum ConfigCommand {
    /// Show each value with where it came from; secrets as set or unset
    Show,
    /// Check everything without starting
    Check,
}

#[derive(Serialize)]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    items: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    key: String,
    value: String,
    origin: String,
    default: String,
}

#[derive(Serialize)]
struct Checked {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    problems: Vec<ProblemView>,
}

/// A problem in JSON.
#[derive(Serialize)]
pub(super) struct ProblemView {
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl ConfigArgs {
    pub(super) fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        match self.command {
            ConfigCommand::Show => {
                let config = context.config()?;
                out.answer(&Shown { file: file(&config), items: config.entries().iter().map(EntryView::of).collect() })
            }
            ConfigCommand::Check => check(context, out),
        }
    }
}

fn check(context: &Context, out: &mut Output) -> Result<(), Failure> {
    match context.load(Purpose::Serve) {
        Ok(config) => {
            // What is only read at a start: files that the configuration names.
            policies::of_rules(&config, String::new())?;
            out.answer(&Checked { ok: true, file: file(&config), problems: Vec::new() })
        }
        Err(errors) if out.is_json() => {
            let problems = errors.problems().iter().map(ProblemView::of).collect();
            out.answer(&Checked { ok: false, file: None, problems })?;
            Err(Failure::answered(Exit::Usage))
        }
        Err(errors) => Err(errors.into()),
    }
}

fn file(config: &Config) -> Option<String> {
    config.file().map(|file| file.display().to_string())
}

impl EntryView {
    fn of(entry: &Entry) -> Self {
        Self {
            key: entry.key.clone(),
            value: entry.value.clone(),
            origin: entry.origin.to_string(),
            default: entry.default.clone(),
        }
    }
}

impl ProblemView {
    pub(super) fn of(problem: &Problem) -> Self {
        Self {
            origin: problem.origin.to_string(),
            key: problem.key.clone(),
            value: problem.value.clone(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        }
    }
}

impl Answer for Shown {
    fn show(&self, page: &mut Page) {
        let row = |entry: &EntryView| [entry.key.clone(), entry.value.clone(), entry.origin.clone()];
        page.table(["KEY", "VALUE", "FROM"], &self.items.iter().map(row).collect::<Vec<_>>());
    }
}

impl Answer for Checked {
    fn show(&self, page: &mut Page) {
        match &self.file {
            Some(file) => page.good(&format!("{file}: nothing wrong")),
            None => page.good("no file, and nothing wrong with flags and variables"),
        }
    }
}
