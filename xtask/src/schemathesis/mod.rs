//! The API as a stranger sees it: schemathesis reads `GET /api/openapi.json` of a real server and asks each operation,
//! well and badly, whether it answers as it is described: as an administrator, as a machine, as nobody.

mod server;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::output;
use server::{LOGIN, MACHINE, PASSWORD, Server};

const FOLDER: &str = "xtask/schemathesis";

/// Why it did not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemathesisError {
    #[error("{0} can't be run")]
    Command(String, #[source] io::Error),
    #[error("{0} failed: {1}")]
    Failed(String, String),
    #[error("{} can't be made anew", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    #[error("the server did not say that it is ready: {0:?}")]
    NotReady(String),
    #[error("{0} answered something else than JSON with `{1}`")]
    Answer(String, &'static str),
}

/// Who asks.
struct Run {
    name: &'static str,
    /// What the server is told beside its defaults.
    settings: &'static [(&'static str, &'static str)],
}

// The administrator's run would soon meet nothing but 429; the others meet the limits as they are.
const RUNS: [Run; 3] = [
    Run {
        name: "administrator",
        settings: &[
            ("COUNTERSIGN_ACCOUNTS__SIGN_UP", "open"),
            ("COUNTERSIGN_LIMITS__SIGN_IN_ACCOUNT_BURST", "0"),
            ("COUNTERSIGN_LIMITS__SIGN_IN_ADDRESS_BURST", "0"),
            ("COUNTERSIGN_LIMITS__SIGN_IN_NETWORK_BURST", "0"),
        ],
    },
    Run { name: "machine", settings: &[] },
    Run { name: "anonymous", settings: &[] },
];

impl SchemathesisError {
    pub(crate) const fn hint(&self) -> &'static str {
        match self {
            Self::Command(..) => "it needs cargo and python3 with the module venv",
            Self::Failed(..) => "the first run fetches schemathesis from the Python package index",
            Self::Folder(..) => "run it from the root of the repository",
            Self::NotReady(_) | Self::Answer(..) => "look at what the server wrote on standard error",
        }
    }
}

/// Asks each operation `examples` times in each way; `false` if the server and its description differ.
pub(crate) fn run(examples: u32) -> Result<bool, SchemathesisError> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let tool = install(&target.join("schemathesis"))?;
    succeed(Command::new(env!("CARGO")).args(["build", "--locked", "--package", "countersign"]))?;
    let mut held = true;
    for Run { name, settings } in RUNS {
        output::line(&format!("schemathesis as {name}"));
        let server = Server::start(&target.join("debug/countersign"), &target.join("schemathesis/data"), settings)?;
        held &= ask(&tool, name, &server, examples)?.success();
    }
    Ok(held)
}

/// An environment of its own, so that nothing of the machine's Python changes.
fn install(folder: &Path) -> Result<PathBuf, SchemathesisError> {
    let programs = folder.join("venv/bin");
    if !programs.exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
    }
    let requirements = format!("{FOLDER}/requirements.txt");
    succeed(Command::new(programs.join("pip")).args(["install", "--quiet", "--requirement", &requirements]))?;
    Ok(programs.join("schemathesis"))
}

fn ask(tool: &Path, name: &str, server: &Server, examples: u32) -> Result<ExitStatus, SchemathesisError> {
    let url = server.url();
    let mut command = Command::new(tool);
    command
        .args(["--config-file", &format!("{FOLDER}/{name}.toml"), "run", &format!("{url}/api/openapi.json")])
        .args(["--url", &url, "--max-examples", &examples.to_string()])
        .envs([("PROOF_URL", url.as_str()), ("PROOF_LOGIN", LOGIN), ("PROOF_PASSWORD", PASSWORD)])
        // It remembers what it tried: not in the tree.
        .env("HYPOTHESIS_STORAGE_DIRECTORY", server.folder().join("hypothesis"))
        .envs([("PROOF_CLIENT", MACHINE), ("PROOF_CLIENT_SECRET", server.machine_secret.as_str())]);
    command.status().map_err(|error| SchemathesisError::Command(told(&command), error))
}

fn succeed(command: &mut Command) -> Result<(), SchemathesisError> {
    let status = command.status().map_err(|error| SchemathesisError::Command(told(command), error))?;
    if status.success() { Ok(()) } else { Err(SchemathesisError::Failed(told(command), status.to_string())) }
}

fn told(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
