//! `countersign guard`: from its start to the first answer about a token, and what it holds in memory, with nothing
//! revoked and with 10^6 entries; with an empty folder and with what it kept there.
//!
//! `cargo build --release && cargo run --release --manifest-path benches/Cargo.toml --bin guard`

use countersign_benches::{
    Announced, Connection, Series, ServerProcess, command, countersign, disk, memory_of, print_machine,
    processor_time_of,
};
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::revocation::Revocation;
use countersign_core::store::RevocationStore as _;
use countersign_core::{SessionId, Source as _, Span};
use countersign_server::SystemSource;
use countersign_store_sqlite::{Options, SqliteStore};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const AUDIENCE: &str = "https://orders.example.com";
const ENTRIES: u64 = 1_000_000;
const AT_ONCE: u64 = 4_096;

fn main() {
    print_machine();
    let folder = disk();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for entries in [0, ENTRIES] {
        println!("\n{entries} entries");
        let folder = folder.path().join(entries.to_string());
        std::fs::create_dir(&folder).expect("the bench folder is writable");
        let site = Site::start(&folder, |data| runtime.block_on(fill(data, entries)));
        let mut empty =
            Figures::new(["empty folder: to the first answer", "  memory then", "  peak", "  processor time"]);
        let mut kept =
            Figures::new(["kept folder: to the first answer", "  memory then", "  peak", "  processor time"]);
        for round in 0..ROUNDS {
            let data = folder.join(format!("guard-{round}"));
            empty.start(&site, &data);
            kept.start(&site, &data);
            std::fs::remove_dir_all(&data).ok();
        }
        empty.print();
        kept.print();
    }
}

/// Sessions that ended a moment ago.
async fn fill(data: &Path, entries: u64) {
    let store = SqliteStore::open(&Options::at(data.join("countersign.db"))).expect("the database");
    let now = SystemSource::new().now();
    let until = now + Span::from_seconds(7_200);
    let session = |number: u64| {
        // Random as real ones are.
        let mixed = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number);
        Revocation::of_session(SessionId::from_bytes(mixed.to_be_bytes()), until, now).expect("it has tokens")
    };
    for from in (1..=entries).step_by(AT_ONCE as usize) {
        let chunk = (from..(from + AT_ONCE).min(entries + 1)).map(session).collect();
        let audit = AuditEvent::new(now, "session.ended", Actor::named("bench"));
        store.publish_revocations(chunk, audit).await.expect("they are published");
    }
    store.close().await;
}

/// The issuer, and what a guard needs of it.
struct Site {
    server: ServerProcess,
    token: String,
    secret: std::path::PathBuf,
}

impl Site {
    fn start(folder: &Path, fill: impl FnOnce(&Path)) -> Self {
        let data = folder.join("data");
        let _ = command(&data, &["resource", "add", AUDIENCE, "--scope", "orders:read"], "");
        let add = ["client", "add", "machine", "--kind", "machine", "--scope", "orders:read", "--resource", AUDIENCE];
        let machine = command(&data, &add, "");
        let secret = folder.join("guard.secret");
        let path = secret.display().to_string();
        let guard = ["client", "add", "guard", "--kind", "machine", "--scope", "feed:read", "--secret-out", &path];
        let _ = command(&data, &guard, "");
        fill(&data);
        let server = ServerProcess::start(&data, &[("COUNTERSIGN_TOKENS__ACCESS_LIFETIME", "1h")]);
        let form = "grant_type=client_credentials&resource=https%3A%2F%2Forders.example.com";
        let client = ("machine", machine["client_secret"].as_str().expect("a secret"));
        let (status, answer) = Connection::open(server.address).post_form("/oauth2/token", client, form);
        assert_eq!(status, 200, "{answer}");
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        Self { server, token, secret }
    }
}

/// Of one way to start.
struct Figures {
    first_answer: Series,
    memory: Series,
    peak: Series,
    spent: Series,
}

impl Figures {
    fn new([first_answer, memory, peak, spent]: [&'static str; 4]) -> Self {
        let megabytes = |name| Series::new(name, "MB");
        Self {
            first_answer: Series::new(first_answer, "ms"),
            memory: megabytes(memory),
            peak: megabytes(peak),
            spent: Series::new(spent, "ms"),
        }
    }

    fn start(&mut self, site: &Site, data: &Path) {
        let mut command = countersign(data);
        command.args(["guard", "--json", "--listen", "127.0.0.1:0", "--audience", AUDIENCE, "--proxy", "nginx"]);
        command.args(["--issuer", &site.server.issuer, "--client-id", "guard", "--secret-file"]).arg(&site.secret);
        let began = Instant::now();
        let guard = Announced::start(&mut command);
        let mut connection = Connection::open(guard.address);
        while connection.send("GET /readyz", None, &Value::Null).0 != 200 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let status = connection.judge(&site.token);
        self.first_answer.add(began.elapsed().as_secs_f64() * 1e3);
        assert_eq!(status, 200, "a good token");
        self.spent.add(processor_time_of(guard.id()) * 1e3);
        // What was needed only to start goes, and the folder is written.
        std::thread::sleep(Duration::from_secs(3));
        self.memory.add(memory_of(guard.id(), "VmRSS:"));
        self.peak.add(memory_of(guard.id(), "VmHWM:"));
        guard.stop();
    }

    fn print(&self) {
        [&self.first_answer, &self.memory, &self.peak, &self.spent].into_iter().for_each(Series::print);
    }
}
