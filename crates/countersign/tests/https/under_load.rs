//! A certificate that changes while clients are at work: no request fails, and new connections see the new one.

use crate::certificates::{Authority, replace};
use crate::client::Client;
use crate::support::ServerProcess;
use crate::{ana, settings};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// How a client connects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Anew for each request.
    Fresh,
    /// Once.
    KeptAlive,
}

/// What the clients did.
#[derive(Default)]
struct Tally {
    stop: AtomicBool,
    fresh: AtomicU64,
    kept_alive: AtomicU64,
}

impl Tally {
    /// Asks again and again until it is told to stop.
    fn ask(&self, client: &Client, bearer: &str, kind: Kind) {
        let count = match kind {
            Kind::Fresh => &self.fresh,
            Kind::KeptAlive => &self.kept_alive,
        };
        let headers = [("Authorization", bearer)];
        let mut connection = client.connect().unwrap();
        while !self.stop.load(SeqCst) {
            if kind == Kind::Fresh {
                connection = client.connect().unwrap();
            }
            let me = connection.send("GET /api/v1/me", &headers, "").unwrap();
            assert_eq!(me.json(200)["login"], "ana");
            count.fetch_add(1, SeqCst);
        }
    }

    /// Waits until both kinds of clients have had many more answers; a client that failed never gets there.
    fn much_more(&self, clients: &[thread::ScopedJoinHandle<'_, ()>]) {
        let goal = [&self.fresh, &self.kept_alive].map(|count| (count, count.load(SeqCst) + 50));
        while goal.iter().any(|(count, goal)| count.load(SeqCst) < *goal) {
            let failed = clients.iter().any(thread::ScopedJoinHandle::is_finished);
            assert!(!failed, "a request failed");
            pause();
        }
    }
}

/// A tenth of a second between two looks at something.
fn pause() {
    thread::park_timeout(Duration::from_millis(100));
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[test]
fn a_certificate_changes_under_load_and_no_request_fails() {
    let (first, second) = (Authority::new(), Authority::new());
    let (old, new) = (first.issue(&["localhost"]), second.issue(&["localhost"]));
    let folder = tempfile::tempdir().unwrap();
    let files = old.put(folder.path());
    let server = ServerProcess::start(&folder.path().join("data"), "127.0.0.1:0", &settings(&files));
    let client = Client::tls(server.address, "localhost", &[&first, &second]);
    client.send("POST /api/v1/accounts", &[], &ana()).unwrap().json(201);
    let tokens = client.send("POST /api/v1/sign-in", &[], &ana()).unwrap().json(200);
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let tally = Tally::default();
    let seen = || client.connect().unwrap().certificate();
    let mut old_connection = client.connect().unwrap();
    thread::scope(|scope| {
        // However this ends, the clients stop: a scope waits for them.
        let stop = Stop(&tally);
        let (tally, client, bearer) = (&tally, &client, bearer.as_str());
        let clients: Vec<_> = [Kind::Fresh, Kind::KeptAlive, Kind::Fresh, Kind::KeptAlive]
            .map(|kind| scope.spawn(move || tally.ask(client, bearer, kind)))
            .into();
        tally.much_more(&clients);
        // The certificate without its key: refused, and nobody notices.
        replace(&files.certificate, &new.certificate, 0o644);
        for _ in 0..30 {
            assert_eq!(seen(), der(&old.certificate));
            pause();
        }
        tally.much_more(&clients);
        replace(&files.key, &new.key, 0o600);
        while seen() != der(&new.certificate) {
            pause();
        }
        tally.much_more(&clients);
        drop(stop);
        for client in clients {
            client.join().expect("no request failed");
        }
    });
    // A connection of before the change is as good as new.
    let headers = [("Authorization", bearer.as_str())];
    old_connection.send("GET /api/v1/me", &headers, "").unwrap().json(200);
    assert_eq!(old_connection.certificate(), der(&old.certificate));
}

struct Stop<'a>(&'a Tally);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, SeqCst);
    }
}
