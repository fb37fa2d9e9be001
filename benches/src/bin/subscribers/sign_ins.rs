//! Sign-ins at a steady pace, whatever becomes of the ones before: four a second, each on a connection of its own.

use crate::site::{PASSWORD, PEOPLE, login};
use countersign_benches::{Connection, quantiles, shared_clock};
use serde_json::json;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(250);

/// What came of them.
#[derive(Default, Clone)]
pub(crate) struct SignIns(Vec<SignIn>);

#[derive(Clone, Copy)]
struct SignIn {
    began: u64,
    /// Milliseconds; none where nobody listened.
    took: Option<f64>,
}

impl SignIns {
    /// Those that begin until `until` is over, and what that gave.
    pub(crate) async fn during<T>(address: SocketAddr, until: impl Future<Output = T>) -> (Self, T) {
        let all = Arc::new(Mutex::new(Vec::new()));
        let mut pace = tokio::time::interval(EVERY);
        let mut until = std::pin::pin!(until);
        let mut running = Vec::new();
        let given = loop {
            tokio::select! {
                given = &mut until => break given,
                _ = pace.tick() => {
                    let (all, login) = (Arc::clone(&all), login(running.len() % PEOPLE));
                    running.push(tokio::task::spawn_blocking(move || {
                        let one = SignIn::make(address, &login);
                        all.lock().expect("nobody panics").push(one);
                    }));
                }
            }
        };
        for one in running {
            one.await.expect("a sign-in does not panic");
        }
        let mut all = all.lock().expect("nobody panics").clone();
        all.sort_by_key(|one| one.began);
        (Self(all), given)
    }

    /// Those that began within that time.
    pub(crate) fn between(&self, from: u64, to: u64) -> Self {
        Self(self.0.iter().filter(|one| (from..=to).contains(&one.began)).copied().collect())
    }

    pub(crate) fn quantiles(&self) -> [f64; 3] {
        quantiles(&self.0.iter().filter_map(|one| one.took).collect::<Vec<_>>(), [0.5, 0.99, 1.0])
    }

    pub(crate) fn print(&self, what: &str) {
        let failed = self.0.iter().filter(|one| one.took.is_none()).count();
        let [median, high, most] = self.quantiles();
        println!("{what}: {} ({failed} found nobody), p50 {median:.1}, p99 {high:.1}, max {most:.1} ms", self.0.len());
    }
}

impl SignIn {
    fn make(address: SocketAddr, login: &str) -> Self {
        let began = shared_clock();
        if TcpStream::connect(address).is_err() {
            return Self { began, took: None };
        }
        let sign_in = json!({ "login": login, "password": PASSWORD });
        let (status, answer) = Connection::open(address).send("POST /api/v1/sign-in", None, &sign_in);
        assert_eq!(status, 200, "{answer}");
        Self { began, took: Some((shared_clock() - began) as f64 / 1e6) }
    }
}
