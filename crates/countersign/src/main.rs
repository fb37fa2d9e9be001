//! Countersign: token-based authentication in one binary. See `docs/architecture.md` for the map.

mod bootstrap;
mod cli;
// The reference page is made by a test, and a few sections are read whole: not every name is used from here yet.
#[allow(dead_code, unused_imports, reason = "the configuration's own names; its reference page is made by a test")]
mod config;
mod data;
mod descriptors;
mod failure;
mod output;
mod policies;
mod secrets;
mod shutdown;
mod telling;
mod times;
mod tour;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            output::usage(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::tell(&failure);
            failure.exit_code()
        }
    }
}
