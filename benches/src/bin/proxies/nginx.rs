//! nginx with the same file under three locations.

use crate::SECRET;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) const OPEN: &str = "/open/file.txt";
pub(crate) const GUARDED: &str = "/guarded/file.txt";
pub(crate) const INTROSPECTED: &str = "/introspected/file.txt";

/// A master and its workers. Killed when dropped.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Nginx {
    pub(crate) fn start(folder: &Path, guard: SocketAddr, peer: SocketAddr) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        for location in [OPEN, GUARDED, INTROSPECTED] {
            let file = folder.join(format!("files{location}"));
            fs::create_dir_all(file.parent().expect("below a folder")).expect("writable");
            fs::write(file, "x".repeat(1024)).expect("writable");
        }
        let path = folder.join("nginx.conf");
        fs::write(&path, config(folder, address, guard, peer)).expect("writable");
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&path).args(["-e", "stderr"]).stdin(Stdio::null());
        command.env("PATH", std::env::var("PATH").unwrap_or_default() + ":/usr/sbin");
        let mut child = command.spawn().expect("nginx is installed");
        while TcpStream::connect(address).is_err() {
            assert!(child.try_wait().expect("its state").is_none(), "nginx ended: its error log is above");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, address }
    }

    /// The master and its workers.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let master = self.child.id();
        let workers = fs::read_to_string(format!("/proc/{master}/task/{master}/children")).expect("Linux tells them");
        let workers: Vec<_> = workers.split_whitespace().map(|worker| worker.parse().expect("a number")).collect();
        assert!(!workers.is_empty(), "nginx has no worker");
        [master].into_iter().chain(workers).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A killed master leaves its workers behind.
        let process = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

fn config(folder: &Path, listen: SocketAddr, guard: SocketAddr, peer: SocketAddr) -> String {
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("    {kind}_temp_path {kind};\n"))
        .collect();
    let folder = folder.display();
    format!(
        r#"daemon off;
worker_processes 2;
pid nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
{folders}
    upstream guard {{ server {guard}; keepalive 64; keepalive_requests 1000000000; }}
    upstream peer {{ server {peer}; keepalive 64; keepalive_requests 1000000000; }}
    map $http_authorization $bearer {{ default ""; "~^Bearer (?<token>.+)$" $token; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    server {{
        listen {listen};
        root {folder}/files;
        location /open/ {{ }}
        location /guarded/ {{ auth_request /_guard; }}
        location /introspected/ {{ auth_request /_introspect; }}
        location = /_guard {{
            internal;
            proxy_pass http://guard/verify;
            proxy_pass_request_body off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            proxy_set_header Host $host;
            proxy_set_header X-Original-URI $request_uri;
            proxy_set_header X-Original-Method $request_method;
            proxy_set_header X-Original-Host $host;
        }}
        location = /_introspect {{
            internal;
            proxy_pass http://peer/token/introspection;
            proxy_method POST;
            proxy_set_header Connection "";
            proxy_set_header Host localhost;
            proxy_set_header Authorization "";
            proxy_set_header Content-Type application/x-www-form-urlencoded;
            proxy_set_body "client_id=machine&client_secret={SECRET}&token=$bearer";
        }}
    }}
}}
"#
    )
}
