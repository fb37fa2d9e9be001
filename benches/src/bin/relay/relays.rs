//! A relay as a process.

use countersign_benches::countersign;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

/// A running `countersign guard --relay`. Killed when dropped.
pub struct RelayProcess {
    child: Child,
    pub url: String,
}

impl RelayProcess {
    /// Starts one that reads as that client, and waits until it has something to hand on.
    pub fn start(folder: &Path, issuer: &str, (id, secret): &(String, String), upstream: Option<&str>) -> Self {
        let file = folder.join("relay.secret");
        let mut options = std::fs::OpenOptions::new();
        // A secret that others can read is refused.
        let opened = options.create(true).write(true).truncate(true).mode(0o600).open(&file);
        opened.and_then(|mut file| file.write_all(secret.as_bytes())).expect("the bench folder is writable");
        let data = tempfile::tempdir_in(folder).expect("the bench folder is writable").keep();
        let mut command = countersign(&data);
        command.args(["guard", "--relay", "--json", "--listen", "127.0.0.1:0", "--issuer", issuer]);
        command.args(["--client-id", id, "--secret-file"]).arg(&file);
        command.args(upstream.iter().flat_map(|url| ["--upstream", url]));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says something");
        let ready: Value = serde_json::from_str(&line).expect("the ready line");
        let url = format!("http://{}", ready["listen"].as_str().expect("where it listens"));
        Self { child, url }
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
