//! A proxy as a process, with the configuration that its users are told to use.

use crate::http::{Answer, Ask, HOST};
use crate::site::until;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Caddy,
    Traefik,
    Envoy,
}

/// Killed when dropped.
pub(crate) struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Kind {
    /// As `--proxy` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Caddy => "caddy",
            Self::Traefik => "traefik",
            Self::Envoy => "envoy",
        }
    }

    /// Where `./test` installs it; none where it could not, and said so.
    pub(crate) fn program(self) -> Option<PathBuf> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/proxies");
        let program = folder.join(match self {
            Self::Caddy => "bin/caddy",
            Self::Traefik => "bin/traefik",
            Self::Envoy => "envoy/_bin/envoy",
        });
        if program.exists() {
            return Some(program);
        }
        let known = std::env::var_os("COUNTERSIGN_TESTS_WITHOUT_PROXIES").is_some();
        assert!(known, "{} is not there: ./test installs it", program.display());
        println!("SKIPPED: {} is not there", self.name());
        None
    }

    /// The configuration of the documentation; nothing but addresses is put in the place of others.
    fn documented(self, listen: SocketAddr, guard: SocketAddr, application: SocketAddr) -> String {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/integrating/guard-proxies.md");
        let page = fs::read_to_string(page).unwrap();
        let (fence, number) = match self {
            Self::Caddy => ("```caddyfile\n", 1),
            Self::Traefik => ("```yaml\n", 1),
            Self::Envoy => ("```yaml\n", 2),
        };
        let config = page.split(fence).nth(number).and_then(|rest| rest.split("```").next()).unwrap();
        let port = listen.port();
        let replacements = match self {
            Self::Caddy => vec![
                ("app.example.com {", format!("http://{HOST}:{port} {{\n\tbind 127.0.0.1")),
                ("127.0.0.1:8421", guard.to_string()),
                ("127.0.0.1:3000", application.to_string()),
            ],
            Self::Traefik => vec![
                // Without a certificate.
                ("      tls: {}\n", String::new()),
                ("127.0.0.1:8421", guard.to_string()),
                ("127.0.0.1:3000", application.to_string()),
            ],
            Self::Envoy => vec![
                ("address: 0.0.0.0, port_value: 8080", format!("address: 127.0.0.1, port_value: {port}")),
                ("port_value: 8421", format!("port_value: {}", guard.port())),
                ("port_value: 3000", format!("port_value: {}", application.port())),
            ],
        };
        replacements.into_iter().fold(config.to_owned(), |config, (from, to)| {
            assert_eq!(config.matches(from).count(), 1, "{from}");
            config.replace(from, &to)
        })
    }

    fn command(self, program: &Path, config: &Path, listen: SocketAddr) -> Command {
        let mut command = Command::new(program);
        match self {
            Self::Caddy => command.args(["run", "--adapter", "caddyfile", "--config"]).arg(config),
            Self::Traefik => command.args([
                &format!("--entryPoints.websecure.address={listen}"),
                &format!("--providers.file.filename={}", config.display()),
                "--log.level=ERROR",
                "--global.checkNewVersion=false",
                "--global.sendAnonymousUsage=false",
            ]),
            Self::Envoy => {
                command.arg("-c").arg(config).args(["--disable-hot-restart", "--concurrency", "1", "-l", "error"])
            }
        };
        command
    }
}

impl Proxy {
    pub(crate) fn start(kind: Kind, program: &Path, folder: &Path, guard: SocketAddr, application: SocketAddr) -> Self {
        // Found to be free; somebody else could take it before the proxy does, which then ends, and the test fails.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut config = kind.documented(address, guard, application);
        if matches!(kind, Kind::Caddy) {
            config = format!("{{\n\tadmin off\n\tpersist_config off\n}}\n{config}");
        }
        // Traefik would take a `traefik.yaml` where it starts for its static configuration.
        let path = folder.join("proxy.yaml");
        fs::write(&path, config).unwrap();
        let mut command = kind.command(program, &path, address);
        command.env_clear().env("HOME", folder).current_dir(folder);
        let log = folder.join(format!("{}.log", kind.name()));
        let written = fs::File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(written.try_clone().unwrap()).stderr(written);
        let child = command.spawn().unwrap();
        let mut proxy = Self { child, address };
        // Traefik listens before it has read its rules: an answer of the guard shows that it has.
        until(&format!("{} asks the guard", kind.name()), || {
            let has_ended = proxy.child.try_wait().unwrap().is_some();
            assert!(!has_ended, "{} ended: {}", kind.name(), fs::read_to_string(&log).unwrap());
            TcpStream::connect(address).is_ok()
                && Ask::get("/orders/0").send(address).is_ok_and(|answer| answer.status == 401)
        });
        proxy
    }

    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        ask.send(self.address).unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
