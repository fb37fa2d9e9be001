//! The processes that verify: this very program with a role, told over standard input what to watch.

use crate::{PROCESSES, VERIFIERS_EACH};
use countersign_benches::shared_clock;
use countersign_verifier::{Registered, Verifier};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// The argument that makes a process one of them.
pub const ROLE: &str = "verifiers";
const CURRENT_WITHIN: Duration = Duration::from_secs(30);
/// Between two questions to each verifier.
const TICK: Duration = Duration::from_millis(1);
/// The promise is a question every so many nanoseconds.
const GAP_MAX: u64 = 2_000_000;

/// What they have to know.
#[derive(Serialize, Deserialize)]
pub struct Told {
    pub issuer: String,
    pub client: String,
    pub secret: String,
    /// Tokens that no ending takes back.
    pub live: Vec<String>,
    /// One for each ending.
    pub tokens: Vec<String>,
}

/// What one of them tells.
#[derive(Serialize, Deserialize)]
enum Tells {
    Ready,
    /// Every verifier accepted the token of this ending just now.
    Watching(usize),
    /// When each verifier first refused it.
    Refused(usize, Vec<u64>),
    Summary(Summary),
}

/// What one of them saw in all.
#[derive(Serialize, Deserialize, Default)]
pub struct Summary {
    /// Questions about tokens that were refused before.
    pub afterwards: u64,
    /// Those that were answered with yes.
    pub accepted_afterwards: u64,
    /// Questions about live tokens.
    pub live: u64,
    /// Those that were answered with no.
    pub live_refused: u64,
    /// Rounds of questions, and those that came too late after the one before.
    pub rounds: u64,
    pub rounds_late: u64,
    pub gap_max_ms: f64,
}

/// The processes, as the caller of the endings sees them.
pub struct Watchers(Vec<(Child, ChildStdin, BufReader<ChildStdout>)>);

impl Watchers {
    /// Starts them all, and waits until every verifier is current and has accepted every live token.
    pub fn start(told: &Told) -> Self {
        let told = serde_json::to_string(told).expect("plain data");
        let start = |_| {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            let mut child = command.arg(ROLE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
            let mut input = child.stdin.take().expect("a pipe");
            writeln!(input, "{told}").expect("it reads");
            let output = BufReader::new(child.stdout.take().expect("a pipe"));
            (child, input, output)
        };
        let mut all = Self((0..PROCESSES).map(start).collect());
        assert!(all.hear().iter().all(|tells| matches!(tells, Tells::Ready)));
        all
    }

    /// From when this returns on every verifier is asked about the token of that ending, and has accepted it.
    pub fn watch(&mut self, number: usize) {
        self.say(&number.to_string());
        assert!(self.hear().iter().all(|tells| matches!(tells, Tells::Watching(watched) if *watched == number)));
    }

    /// When each of all verifiers first refused it.
    pub fn refusals(&mut self, number: usize) -> Vec<u64> {
        let of_one = |tells| match tells {
            Tells::Refused(refused, at) if refused == number => at,
            _ => panic!("something else than the refusals of ending {number}"),
        };
        self.hear().into_iter().flat_map(of_one).collect()
    }

    /// Ends them all.
    pub fn stop(mut self) -> Vec<Summary> {
        self.say("end");
        let summary = |tells| if let Tells::Summary(summary) = tells { summary } else { panic!("no summary") };
        let summaries = self.hear().into_iter().map(summary).collect();
        self.0.iter_mut().for_each(|(child, ..)| assert!(child.wait().expect("it ends").success()));
        summaries
    }

    fn say(&mut self, line: &str) {
        self.0.iter_mut().for_each(|(_, input, _)| writeln!(input, "{line}").expect("it reads"));
    }

    fn hear(&mut self) -> Vec<Tells> {
        let hear = |(_, _, output): &mut (Child, ChildStdin, BufReader<ChildStdout>)| {
            let mut line = String::new();
            output.read_line(&mut line).expect("it tells");
            serde_json::from_str(&line).expect("a verifier process that goes on")
        };
        self.0.iter_mut().map(hear).collect()
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(child, ..)| drop(child.kill()));
    }
}

/// The other end: what such a process does.
pub async fn run() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("text");
    let told: Told = serde_json::from_str(&line).expect("what to know");
    let mut verifiers = Vec::new();
    for _ in 0..VERIFIERS_EACH {
        let builder = Verifier::builder(&told.issuer).audience(&told.issuer).client(&told.client, &told.secret);
        let verifier = builder.build().await.expect("a verifier");
        assert!(verifier.wait_until_current(CURRENT_WITHIN).await, "{:?}", verifier.metrics());
        assert!(told.live.iter().all(|token| accepts(&verifier, token)), "a live token is refused");
        verifiers.push(verifier);
    }
    tell(&Tells::Ready);
    let (orders, ordered) = channel();
    // A thread, as the questions must not wait for the verifiers' own work, nor for input.
    let asking = std::thread::spawn(move || Asker { told, verifiers, summary: Summary::default() }.ask(&ordered));
    tokio::task::spawn_blocking(move || obey(&orders)).await.expect("it reads on");
    asking.join().expect("it asks on");
}

fn obey(orders: &Sender<usize>) {
    for line in std::io::stdin().lines() {
        // Anything else is the end: the channel closes.
        let Ok(number) = line.expect("text").parse() else { return };
        orders.send(number).expect("it asks on");
    }
}

/// Whether that verifier accepts a token now. A stale one would, by its policy, accept anything: that is a failure here.
fn accepts(verifier: &Verifier, token: &str) -> bool {
    match verifier.verify::<Registered>(token) {
        Ok(token) => {
            assert!(token.is_fresh(), "the verifier is stale");
            true
        }
        Err(error) => {
            assert_eq!(error.code(), "revoked");
            false
        }
    }
}

fn tell(what: &Tells) {
    println!("{}", serde_json::to_string(what).expect("plain data"));
}

/// Asks all verifiers of this process, once each tick.
struct Asker {
    told: Told,
    verifiers: Vec<Verifier>,
    summary: Summary,
}

impl Asker {
    fn ask(mut self, orders: &Receiver<usize>) {
        let (mut watched, mut refused_at): (Option<usize>, Vec<Option<u64>>) = (None, Vec::new());
        let (mut ended, mut asked_at) = (0, shared_clock());
        loop {
            match orders.try_recv() {
                Ok(number) => {
                    ended = number;
                    (watched, refused_at) = (Some(number), vec![None; VERIFIERS_EACH]);
                    let token = &self.told.tokens[number];
                    assert!(self.verifiers.iter().all(|verifier| accepts(verifier, token)), "refused before it ended");
                    tell(&Tells::Watching(number));
                }
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return tell(&Tells::Summary(self.summary)),
                Err(std::sync::mpsc::TryRecvError::Empty) => {}
            }
            if let Some(number) = watched {
                let was_open = refused_at.contains(&None);
                self.ask_about(number, &mut refused_at);
                if was_open && !refused_at.contains(&None) {
                    tell(&Tells::Refused(number, refused_at.iter().copied().flatten().collect()));
                    ended = number + 1;
                }
            }
            self.ask_beside(ended);
            std::thread::sleep(TICK);
            asked_at = self.gap(asked_at);
        }
    }

    fn ask_about(&mut self, number: usize, refused_at: &mut [Option<u64>]) {
        let token = &self.told.tokens[number];
        for (verifier, refused_at) in self.verifiers.iter().zip(refused_at) {
            let is_accepted = accepts(verifier, token);
            match refused_at {
                Some(_) => self.summary.after(is_accepted),
                None if !is_accepted => *refused_at = Some(shared_clock()),
                None => {}
            }
        }
    }

    /// One live token, and one of those that ended before, at one verifier each time.
    fn ask_beside(&mut self, ended: usize) {
        let round = self.summary.rounds as usize;
        let verifier = &self.verifiers[round % VERIFIERS_EACH];
        let number = round / VERIFIERS_EACH;
        let is_accepted = accepts(verifier, &self.told.live[number % self.told.live.len()]);
        self.summary.live += 1;
        self.summary.live_refused += u64::from(!is_accepted);
        if ended > 0 {
            let is_accepted = accepts(verifier, &self.told.tokens[number % ended]);
            self.summary.after(is_accepted);
        }
    }

    fn gap(&mut self, asked_at: u64) -> u64 {
        let now = shared_clock();
        let gap = now - asked_at;
        self.summary.rounds += 1;
        self.summary.rounds_late += u64::from(gap > GAP_MAX);
        self.summary.gap_max_ms = self.summary.gap_max_ms.max(gap as f64 / 1e6);
        now
    }
}

impl Summary {
    fn after(&mut self, is_accepted: bool) {
        self.afterwards += 1;
        self.accepted_afterwards += u64::from(is_accepted);
    }
}
