//! Two levels of relays between the issuer and twenty verifiers.

use crate::process::RelayProcess;
use crate::stage::{Stage, current, judge, until_judged};
use crate::support::Connection;
use countersign_verifier::Verifier;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::task::block_in_place;

struct Tree {
    stage: Stage,
    top: RelayProcess,
    below: [RelayProcess; 2],
    verifiers: Vec<Verifier>,
}

impl Tree {
    async fn grow(verifiers_each: usize) -> Self {
        let stage = Stage::start(&[]);
        let top = RelayProcess::start(&stage, "top", None);
        let below = ["left", "right"].map(|name| RelayProcess::start(&stage, name, Some(&top)));
        let mut verifiers = Vec::new();
        for relay in &below {
            for _ in 0..verifiers_each {
                verifiers.push(current(stage.verifier().feed_from(relay.url())).await);
            }
        }
        Self { stage, top, below, verifiers }
    }

    /// Ends a session, and gives the time from the answer to the last verifier that heard of it.
    async fn sign_out_everywhere(&self) -> Duration {
        let tokens = self.stage.sign_in();
        let held: Vec<_> =
            self.verifiers.iter().map(|verifier| verifier.verify::<Value>(&tokens.access).unwrap()).collect();
        self.stage.sign_out(&tokens);
        let answered = Instant::now();
        for token in &held {
            assert!(tokio::time::timeout(crate::stage::LONG, token.revoked()).await.is_ok(), "not in time");
        }
        let took = answered.elapsed();
        assert!(self.verifiers.iter().all(|verifier| judge(verifier, &tokens.access) == "revoked"));
        took
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_out_reaches_twenty_verifiers_through_two_levels_of_relays() {
    let tree = Tree::grow(10).await;
    let mut took = Vec::new();
    for _ in 0..50 {
        took.push(tree.sign_out_everywhere().await);
    }
    took.sort_unstable();
    println!("answer to the last of 20, two relays between: p50 {:?}, p99 {:?}", took[25], took[49]);

    // Whoever waits for all verifiers waits for those below relays, too; to the issuer they are one.
    let place = &tree.stage.place;
    place.run_with(&["account", "add", "root", "--role", "admin", "--password-stdin"], crate::stage::PASSWORD, &[]);
    let root = tree.stage.sign_in_for(&json!({ "login": "root", "password": crate::stage::PASSWORD }));
    let tokens = tree.stage.sign_in();
    let told = block_in_place(|| prefer_wait(&tree.stage, &root.access, &tokens.session));
    assert!(tree.verifiers.iter().all(|verifier| judge(verifier, &tokens.access) == "revoked"), "before all knew");
    assert_eq!(told["verifiers"]["connected"], 1, "{told}");
    assert_eq!(told["verifiers"]["applied"], 1, "{told}");
}

/// Revokes a session and waits until everybody knows.
fn prefer_wait(stage: &Stage, bearer: &str, session: &str) -> Value {
    use std::io::{Read as _, Write as _};
    let body = json!({ "kind": "session", "id": session }).to_string();
    let mut stream = std::net::TcpStream::connect(stage.issuer().strip_prefix("http://").unwrap()).unwrap();
    let request = format!(
        "POST /api/v1/admin/revocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nPrefer: wait=30\r\n\
         Authorization: Bearer {bearer}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201"), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn verifiers_go_on_after_relays_and_issuer_were_killed() {
    let mut tree = Tree::grow(1).await;
    tree.sign_out_everywhere().await;
    // The middle, then the top: who is below resumes, or joins anew.
    let meanwhile = tree.stage.sign_in();
    tree.below[0].kill();
    tree.stage.sign_out(&meanwhile);
    tree.below[0].start_again(&tree.stage);
    for verifier in &tree.verifiers {
        until_judged(verifier, &meanwhile, "revoked").await;
    }
    let meanwhile = tree.stage.sign_in();
    tree.top.kill();
    tree.stage.sign_out(&meanwhile);
    tree.top.start_again(&tree.stage);
    for verifier in &tree.verifiers {
        until_judged(verifier, &meanwhile, "revoked").await;
    }
    let meanwhile = tree.stage.sign_in();
    tree.stage.sign_out(&meanwhile);
    tree.stage.kill();
    tree.stage.start_again();
    for verifier in &tree.verifiers {
        until_judged(verifier, &meanwhile, "revoked").await;
        until_judged(verifier, &tree.stage.sign_in(), "fresh").await;
    }
    // With the issuer down a relay that starts has what it kept.
    tree.stage.kill();
    tree.top.start_again(&tree.stage);
    let ready = || block_in_place(|| Connection::open(tree.top.address)?.send("GET", "/readyz", None, None));
    crate::stage::until("ready from its folder", || ready().is_ok_and(|(status, _)| status == 200)).await;
    assert_eq!(tree.top.terminate(), Some(0));
}
