//! One of those that are compared by what they answer and what it takes them.

use crate::{Round, Series, processor_time_of, round};
use std::net::SocketAddr;
use std::time::Duration;

/// One server, by one kind of request.
pub struct Side {
    /// Answers a second.
    pub rate: Series,
    /// Processor time an answer, of all its processes.
    pub cost: Series,
    /// Whatever works for it; the kernel's own work for its sockets is in it.
    pub processes: Vec<u32>,
    address: SocketAddr,
    /// One for each client.
    pub requests: Vec<String>,
}

impl Side {
    /// Without a request yet.
    #[must_use]
    pub fn new(rate: &'static str, processes: &[u32], address: SocketAddr) -> Self {
        let (rate, cost) = (Series::new(rate, "1/s"), Series::new("  processor time", "us"));
        Self { rate, cost, processes: processes.to_vec(), address, requests: Vec::new() }
    }

    /// With these.
    #[must_use]
    pub fn asked(self, requests: Vec<String>) -> Self {
        Self { requests, ..self }
    }

    /// Adds a round of that length.
    pub async fn round(&mut self, next: fn(&[u8]) -> Option<String>, time: Duration) {
        let before = self.spent();
        let requests = std::mem::take(&mut self.requests);
        let round: Round = round(self.address, requests, next, time).await;
        self.rate.add(round.rate());
        self.cost.add((self.spent() - before) * 1e6 / round.answered as f64);
        self.requests = round.next;
    }

    /// Prints both.
    pub fn print(&self) {
        self.rate.print();
        self.cost.print();
    }

    /// Prints how many times the other's rate this is, and how many times its processor time the other takes.
    pub fn print_ratios(&self, other: &Self) {
        self.rate.print_ratio(&other.rate, "more");
        print!("  and of processor time the other way: ");
        other.cost.print_ratio(&self.cost, "more");
    }

    fn spent(&self) -> f64 {
        self.processes.iter().map(|process| processor_time_of(*process)).sum()
    }
}
