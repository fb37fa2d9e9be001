//! Clients that nobody here wrote, as processes against the real server: what they need of the standards must be there.
//! `./test` installs their packages beside the build.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the test waits in real time for a real process")]
#![allow(clippy::disallowed_macros, reason = "what a client said is the test's report")]

mod document;
mod mcp;
mod recipes;
mod resource_server;
#[path = "../support/mod.rs"]
mod support;

use countersign_jose::{Algorithm, JwkSet, ProofNonces, SigningKey};
use resource_server::{READ, ResourceServer};
use serde_json::Value;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{ServerProcess, countersign};

const CALLBACK: &str = "https://app.example.com/callback";
const BYE: &str = "https://app.example.com/bye";
const LOGIN: &str = "ana@example.com";
const STRICT: [(&str, &str); 2] = [("COUNTERSIGN_SESSIONS__GRACE", "0s"), ("COUNTERSIGN_SESSIONS__FORGIVENESS", "0")];
const PASSWORD: &str = "four geese in a tin boat";

/// Where `./test` installs what the clients are made of; none where it could not, and said so.
fn packages(what: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/clients").join(what);
    if folder.exists() {
        return Some(folder);
    }
    let known = std::env::var_os("TESTS_WITHOUT_CLIENTS").is_some();
    assert!(known, "{} is not there: ./test installs it", folder.display());
    println!("SKIPPED: the packages of {what} are not there");
    None
}

/// A deployment with an account, clients of every kind, and what they know.
struct Place {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Place {
    fn new() -> Self {
        let mut place = Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() };
        place.run(&["account", "add", LOGIN, "--password-stdin"]);
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let (private, public) = (place.folder.path().join("key.pem"), place.folder.path().join("keys.json"));
        std::fs::write(&private, key.to_pkcs8_pem().unwrap().as_bytes()).unwrap();
        let keys = JwkSet { keys: vec![key.verifying_key().to_jwk().unwrap()] };
        std::fs::write(&public, serde_json::to_vec(&keys).unwrap()).unwrap();
        let keys = public.display().to_string();
        for (secret, id, options) in [
            ("SECRET_NONE", "spa", &["--kind", "spa", "--post-logout-redirect-uri", BYE][..]),
            ("SECRET_NONE", "pushing", &["--kind", "spa", "--require-par"]),
            ("SECRET_BASIC", "web-basic", &["--kind", "web"]),
            ("SECRET_POST", "web-post", &["--kind", "web", "--auth", "client_secret_post"]),
            ("SECRET_KEY", "web-key", &["--kind", "web", "--jwk-file", &keys]),
        ] {
            place.add_client(secret, id, &[options, &["--redirect-uri", CALLBACK]].concat());
        }
        place.add_client("SECRET_MACHINE", "machine", &["--kind", "machine", "--scope", "feed:read"]);
        let known = [("LOGIN", LOGIN.to_owned()), ("PASSWORD", PASSWORD.to_owned())];
        place.environment.extend(known);
        place.environment.push(("KEY_FILE", private.display().to_string()));
        place
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn add_client(&mut self, secret: &'static str, id: &str, options: &[&str]) {
        let added = self.run(&[&["client", "add", id], options].concat());
        self.environment.extend(added["client_secret"].as_str().map(|shown| (secret, shown.to_owned())));
    }

    fn run(&self, args: &[&str]) -> Value {
        let mut command = countersign(&self.data());
        let mut child = command.args(args).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // A command that reads no password has closed it.
        let _ = child.stdin.take().unwrap().write_all(PASSWORD.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn serve(&mut self) -> ServerProcess {
        self.serve_with(&[])
    }

    /// The same with further settings.
    fn serve_with(&mut self, more: &[(&str, &str)]) -> ServerProcess {
        let server = ServerProcess::start(&self.data(), "127.0.0.1:0", &[&STRICT, more].concat());
        self.environment.push(("ISSUER", format!("http://localhost:{}", server.address.port())));
        server
    }

    /// The same under an issuer with a path.
    fn serve_below(&mut self, path: &str) -> ServerProcess {
        let port = free_port();
        let issuer = format!("http://localhost:{port}{path}");
        let settings = [&STRICT[..], &[("COUNTERSIGN_SERVER__ISSUER", &issuer)]].concat();
        let server = ServerProcess::start(&self.data(), &format!("127.0.0.1:{port}"), &settings);
        self.environment.push(("ISSUER", issuer));
        server
    }

    /// What the clients know by that name.
    fn known(&self, name: &str) -> &str {
        let known = self.environment.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| &**value).unwrap()
    }

    fn knowing<'a>(&self, client: &'a mut Command) -> &'a mut Command {
        client.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str()))).stdin(Stdio::null())
    }

    /// Runs a client to its end.
    fn client_runs(&self, client: &mut Command) {
        let client = self.knowing(client);
        let output = client.output().unwrap_or_else(|error| panic!("{client:?} can't be run: {error}"));
        println!("{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Somebody else could take it before it is used; then a server says so and the test fails.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The sources beside the packages, where they find them.
fn copied(sources: &str, to: &Path) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(sources);
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn openid_client_for_node() {
    let Some(packages) = packages("node") else { return };
    copied("node", &packages);
    let serve: [fn(&mut Place) -> ServerProcess; 2] = [Place::serve, |place| place.serve_below("/some/auth")];
    for serve in serve {
        let mut place = Place::new();
        let api = ResourceServer::register(&place, &[]);
        let options = ["--kind", "spa", "--redirect-uri", CALLBACK, "--resource", &api.url, "--scope", READ];
        place.add_client("SECRET_NONE", "spa-api", &options);
        let _server = serve(&mut place);
        place.environment.push(("API_URL", api.url.clone()));
        let nonces = ProofNonces::generate().unwrap();
        let _running = api.serve(&place, |verifier| verifier.dpop_nonces(nonces).require_proofs());
        place.client_runs(Command::new("node").arg("openid-client.mjs").current_dir(&packages));
    }
}

/// Whether this process comes to listen there.
fn until_it_listens(process: &mut Child, port: u16) -> bool {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if process.try_wait().unwrap().is_some() || started.elapsed() > Duration::from_secs(30) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// One of the scripts beside, with the packages.
fn python(script: &str, packages: &Path) -> Command {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python").join(script));
    command.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

#[test]
fn authlib_and_pyjwt_for_python() {
    let Some(packages) = packages("python") else { return };
    let mut place = Place::new();
    let _server = place.serve();
    place.client_runs(&mut python("authlib_client.py", &packages));
}

/// Asked to stop when dropped: killed, it would leave its workers behind.
struct Apache(Child);

impl Drop for Apache {
    fn drop(&mut self) {
        // The shell's own `kill`: a bare machine may have no other.
        let _ = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn mod_auth_openidc_of_apache() {
    let Some(packages) = packages("python") else { return };
    let port = free_port();
    let mut place = Place::new();
    let callback = format!("http://localhost:{port}/secure/callback");
    let (bye, told) = (format!("http://localhost:{port}/bye.html"), format!("{callback}?logout=backchannel"));
    let sign_outs = ["--post-logout-redirect-uri", &bye, "--backchannel-logout-uri", &told];
    place.add_client(
        "SECRET_APACHE",
        "apache",
        &[&["--kind", "web", "--redirect-uri", &callback], &sign_outs[..]].concat(),
    );
    let _server = place.serve_with(&[("COUNTERSIGN_SERVER__OUTBOUND_ALLOW", &format!("localhost:{port}"))]);
    let folder = place.folder.path().join("apache");
    std::fs::create_dir_all(folder.join("www/secure")).unwrap();
    std::fs::write(folder.join("www/secure/page.html"), "behind the sign-in").unwrap();
    std::fs::write(folder.join("www/bye.html"), "signed out").unwrap();
    place.environment.push(("FOLDER", folder.display().to_string()));
    place.environment.push(("PORT", port.to_string()));
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/apache/httpd.conf");
    let mut command = Command::new("apache2");
    place.knowing(command.arg("-DFOREGROUND").arg("-f").arg(config)).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap_or_else(|error| panic!("apache2 can't be run ({error}): ./test installs it"));
    let mut apache = Apache(child);
    let listens = until_it_listens(&mut apache.0, port);
    assert!(listens, "{:?}", std::fs::read_to_string(folder.join("error.log")));
    place.client_runs(&mut python("apache.py", &packages));
}
