//! A real nginx, as a process in a folder of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// nginx as the user that the test runs as. Killed when dropped.
pub struct Nginx {
    child: Child,
    pub address: SocketAddr,
}

impl Nginx {
    /// Starts it with what `site` makes of the address to listen on: all that stands in `http`.
    pub fn start(folder: &Path, site: impl FnOnce(SocketAddr) -> String) -> Self {
        // Found to be free; somebody else could take it before nginx does, then nginx says so and the test fails.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = folder.join("nginx.conf");
        fs::write(&config, wrapped(&site(address))).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&config).args(["-e", "stderr"]);
        // Debian has it where the PATH of most users does not lead.
        command.env("PATH", std::env::var("PATH").unwrap_or_default() + ":/usr/sbin");
        let child = command.stdin(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("nginx can't be run ({error}): install the package nginx"));
        let mut nginx = Self { child, address };
        while TcpStream::connect(address).is_err() {
            assert!(nginx.child.try_wait().unwrap().is_none(), "nginx ended: its error log is above");
            thread::park_timeout(Duration::from_millis(20));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process, and nothing outside the folder.
fn wrapped(site: &str) -> String {
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("    {kind}_temp_path {kind};\n"))
        .collect();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{}}\nhttp {{\n    access_log off;\n{folders}{site}}}\n"
    )
}
