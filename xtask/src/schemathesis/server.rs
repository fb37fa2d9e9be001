//! A server on a folder of its own, with an administrator and a machine.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::SchemathesisError;

pub(super) const LOGIN: &str = "administrator";
/// Of accounts that live as long as the run.
pub(super) const PASSWORD: &str = "six herons in the shallow water";
pub(super) const MACHINE: &str = "machine";

/// A running `countersign serve`; ends when dropped.
pub(super) struct Server {
    process: Child,
    listen: String,
    folder: PathBuf,
    pub(super) machine_secret: String,
}

impl Server {
    /// Starts `binary` on the emptied folder `data`.
    pub(super) fn start(binary: &Path, data: &Path, settings: &[(&str, &str)]) -> Result<Self, SchemathesisError> {
        let folder = |error| SchemathesisError::Folder(data.to_owned(), error);
        match fs::remove_dir_all(data) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(folder(error)),
            _ => fs::create_dir_all(data).map_err(folder)?,
        }
        let mut command = countersign(binary, data);
        command.args(["serve", "--json", "--listen", "127.0.0.1:0"]).envs(settings.iter().copied());
        let log = fs::File::create(data.join("../server.log")).map_err(folder)?;
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().map_err(cannot_run(binary))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(cannot_run(binary))?;
        }
        let mut server =
            Self { process, listen: String::new(), folder: data.to_owned(), machine_secret: String::new() };
        server.listen = member(&line, "listen").ok_or(SchemathesisError::NotReady(line))?;
        let role = ["--role", "admin", "--password-stdin"];
        answer(countersign(binary, data).args(["account", "add", LOGIN]).args(role), "id")?;
        let scope = ["--kind", "machine", "--scope", "feed:read"];
        server.machine_secret =
            answer(countersign(binary, data).args(["client", "add", MACHINE]).args(scope), "client_secret")?;
        Ok(server)
    }

    /// Where it keeps its data; gone with the next run.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; its folder is made anew in any case.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The binary on this folder; nothing of the caller's environment counts.
fn countersign(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().arg("--data").arg(data);
    command
}

/// Runs a command with the password as its standard input; this member of what it printed.
fn answer(command: &mut Command, name: &'static str) -> Result<String, SchemathesisError> {
    let program = command.get_program().to_owned();
    let failed = cannot_run(Path::new(&program));
    let mut process = command.arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(&failed)?;
    if let Some(mut input) = process.stdin.take() {
        // A command that reads no password has closed it.
        drop(input.write_all(PASSWORD.as_bytes()));
    }
    let output = process.wait_with_output().map_err(&failed)?;
    let text = String::from_utf8_lossy(&output.stdout);
    member(&text, name).ok_or_else(|| SchemathesisError::Answer(program.to_string_lossy().into_owned(), name))
}

fn member(text: &str, name: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.get(name)?.as_str().map(str::to_owned)
}

fn cannot_run(program: &Path) -> impl Fn(std::io::Error) -> SchemathesisError {
    let program = program.display().to_string();
    move |error| SchemathesisError::Command(program.clone(), error)
}
