//! `kill -9`, and an older copy of the database put back while nobody ran.

use crate::stage::{Stage, Tokens, claims, current, judge, until, until_judged};
use countersign_verifier::Verifier;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_verifiers_come_back_and_go_on_refusing() {
    let mut stage = Stage::start(&[]);
    let verifier = stage.current_verifier().await;
    let (ended, good, later) = (stage.sign_in(), stage.sign_in(), stage.sign_in());
    stage.sign_out(&ended);
    until_judged(&verifier, &ended, "revoked").await;
    // Ended in the last moment: on disk, whether or not anybody heard of it.
    stage.sign_out(&later);
    stage.kill();
    stage.start_again();
    until_judged(&verifier, &later, "revoked").await;
    until_judged(&verifier, &good, "fresh").await;
    assert_eq!(judge(&verifier, &ended.access), "revoked");
    let fresh = stage.current_verifier().await;
    assert_eq!([&ended, &later].map(|tokens| judge(&fresh, &tokens.access)), ["revoked"; 2]);
    assert_eq!(judge(&fresh, &good.access), "fresh");
}

/// A deployment whose database was replaced by an older copy while nobody ran.
struct PutBack {
    stage: Stage,
    /// Ended before the copy.
    early: Tokens,
    /// Live in the copy, and ended after it, as `other` is not.
    lost: Tokens,
    good: Tokens,
    other: Tokens,
    in_memory: Verifier,
    with_folder: Verifier,
    folder: PathBuf,
}

impl PutBack {
    async fn new() -> Self {
        let mut stage = Stage::start(&[]);
        let [early, lost, good, other] = [stage.sign_in(), stage.sign_in(), stage.sign_in(), stage.sign_in()];
        let folder = stage.place.path("verifier");
        let in_memory = stage.current_verifier().await;
        let with_folder = current(stage.verifier().data_folder(&folder)).await;
        stage.sign_out(&early);
        until_judged(&with_folder, &early, "revoked").await;
        stage.kill();
        let copy = stage.place.path("copy");
        copy_database(&stage.place.data(), &copy);
        stage.start_again();
        stage.sign_out(&lost);
        for verifier in [&in_memory, &with_folder] {
            until_judged(verifier, &lost, "revoked").await;
        }
        until("kept", || said_in(&folder.join("feed-tail"), &lost.session)).await;
        stage.kill();
        copy_database(&copy, &stage.place.data());
        Self { stage, early, lost, good, other, in_memory, with_folder, folder }
    }

    /// Whoever begins with what was kept, while the issuer is down, refuses these.
    async fn refused_from_the_folder(mut self, revoked: &[&Tokens]) {
        drop(self.with_folder);
        self.stage.kill();
        let from_folder = self.stage.verifier().data_folder(&self.folder).build().await.unwrap();
        for tokens in revoked {
            assert_eq!(judge(&from_folder, &tokens.access), "revoked");
        }
        assert_eq!(judge(&from_folder, &self.good.access), "stale");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_the_database_un_revokes_nothing_that_a_verifier_had() {
    let mut put_back = PutBack::new().await;
    let refused_throughout = Watch::start(&put_back.in_memory, &put_back.lost.access);
    put_back.stage.start_again();
    // Verifiers show what they have, and another epoch begins.
    until("another epoch", || put_back.folder.join("feed-older").exists()).await;
    let PutBack { stage, early, lost, good, in_memory, with_folder, folder, .. } = &put_back;
    // The issuer knows no better than to refresh a session that it holds as live.
    let successor = stage.refresh(lost);
    let new = stage.sign_in();
    stage.sign_out(&new);
    for verifier in [in_memory, with_folder] {
        until_judged(verifier, &new, "revoked").await;
        until_judged(verifier, good, "fresh").await;
        let refused = [early, lost, &successor].map(|tokens| judge(verifier, &tokens.access));
        assert_eq!(refused, ["revoked"; 3]);
    }
    assert!(refused_throughout.stop().await > 10, "it was looked at all the time");
    let late = stage.current_verifier().await;
    assert_eq!([early, &new].map(|tokens| judge(&late, &tokens.access)), ["revoked"; 2]);
    until("kept", || said_in(&folder.join("feed-tail"), &new.session)).await;
    let revoked = [early.clone(), lost.clone(), successor, new];
    put_back.refused_from_the_folder(&revoked.each_ref()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_given_again_after_a_loss_un_revokes_nothing_either() {
    let mut put_back = PutBack::new().await;
    // Before anybody can tell the issuer what it lost, the number of `lost` is `other`'s.
    put_back.stage.command(&["revoke", "--session", &put_back.other.session]);
    let refused_throughout = Watch::start(&put_back.in_memory, &put_back.lost.access);
    put_back.stage.start_again();
    let PutBack { stage, early, lost, good, other, in_memory, with_folder, folder } = &put_back;
    let new = stage.sign_in();
    stage.sign_out(&new);
    for verifier in [in_memory, with_folder] {
        for tokens in [other, &new] {
            until_judged(verifier, tokens, "revoked").await;
        }
        until_judged(verifier, good, "fresh").await;
        assert_eq!([early, lost].map(|tokens| judge(verifier, &tokens.access)), ["revoked"; 2]);
    }
    assert!(refused_throughout.stop().await > 10, "it was looked at all the time");
    let kept = |session| ["feed-snapshot", "feed-tail"].iter().any(|name| said_in(&folder.join(name), session));
    until("kept", || kept(&other.session) && kept(&new.session)).await;
    let revoked = [early.clone(), lost.clone(), other.clone(), new];
    put_back.refused_from_the_folder(&revoked.each_ref()).await;
}

/// Whether a whole object in this file names the session.
fn said_in(file: &Path, session: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter(|line| line.split('.').count() == 3).any(|object| claims(object).to_string().contains(session))
}

/// The database with its log, as it lies there after a kill.
fn copy_database(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["countersign.db", "countersign.db-wal", "countersign.db-shm"] {
        let _ = std::fs::remove_file(to.join(name));
    }
    for name in ["countersign.db", "countersign.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// Looks at a token again and again: it must not be accepted once.
struct Watch {
    stopped: Arc<AtomicBool>,
    looks: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    fn start(verifier: &Verifier, token: &str) -> Self {
        let (stopped, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (verifier, token) = (verifier.clone(), token.to_owned());
        let (until, count) = (Arc::clone(&stopped), Arc::clone(&looks));
        let task = tokio::spawn(async move {
            while !until.load(Ordering::Relaxed) {
                assert_eq!(judge(&verifier, &token), "revoked");
                count.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        });
        Self { stopped, looks, task }
    }

    async fn stop(self) -> u64 {
        self.stopped.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        self.looks.load(Ordering::Relaxed)
    }
}
