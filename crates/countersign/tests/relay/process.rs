//! `countersign guard --relay` as a process.

use crate::stage::Stage;
use crate::support::countersign;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use tokio::task::block_in_place;

/// A running relay. Killed when dropped.
pub(crate) struct RelayProcess {
    child: Child,
    pub(crate) address: SocketAddr,
    told: Told,
}

/// What it is started with.
struct Told {
    client: String,
    secret: PathBuf,
    data: PathBuf,
    upstream: Option<String>,
}

impl RelayProcess {
    /// A relay with a client of its own, which reads at the issuer or at another relay.
    pub(crate) fn start(stage: &Stage, client: &str, upstream: Option<&Self>) -> Self {
        let secret = stage.place.path(&format!("{client}.secret"));
        let file = secret.display().to_string();
        stage.command(&["client", "add", client, "--kind", "machine", "--scope", "feed:read", "--secret-out", &file]);
        let (data, upstream) = (stage.place.path(client), upstream.map(Self::url));
        let told = Told { client: client.to_owned(), secret, data, upstream };
        let (child, address) = told.spawn(stage, "127.0.0.1:0");
        Self { child, address, told }
    }

    /// At the same address, with what it kept, after `kill -9`.
    pub(crate) fn start_again(&mut self, stage: &Stage) {
        self.kill();
        (self.child, self.address) = self.told.spawn(stage, &self.address.to_string());
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; gives the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
        block_in_place(|| self.child.wait()).unwrap().code()
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Told {
    fn spawn(&self, stage: &Stage, listen: &str) -> (Child, SocketAddr) {
        let mut command = countersign(&self.data);
        command.args(["guard", "--relay", "--json", "--listen", listen, "--issuer", &stage.issuer()]);
        command.args(["--client-id", &self.client, "--secret-file"]).arg(&self.secret);
        command.args(self.upstream.iter().flat_map(|url| ["--upstream", url]));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        block_in_place(|| BufReader::new(child.stdout.take().unwrap()).read_line(&mut line)).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}"));
        assert_eq!((&ready["event"], &ready["issuer"]), (&"ready".into(), &stage.issuer().into()));
        (child, ready["listen"].as_str().unwrap().parse().unwrap())
    }
}
