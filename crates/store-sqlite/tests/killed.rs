//! A process that is killed in the middle of its writes has lost nothing that it answered, and left nothing half done.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests")]

use countersign_core::account::{Account, AccountStatus, CredentialVersion, Login, Roles, SessionsFloor};
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::client::ClientId;
use countersign_core::resource::ResourceUri;
use countersign_core::revocation::{Sequence, SetDigest};
use countersign_core::scope::ScopeSet;
use countersign_core::session::{End, EndReason, Generation, Networks, Run, SecretHash, Session};
use countersign_core::store::DeploymentStore as _;
use countersign_core::store::{
    AccountStore as _, Created, EndSessions, NewAccount, OpenSession, Opened, RevocationStore as _, RotateSession,
    SessionStore as _, Swap, Which,
};
use countersign_core::{AccountId, Epoch, Network, SessionId, Time};
use countersign_revocation::Subject;
use countersign_store_sqlite::{Options, SqliteStore};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tokio::task::JoinSet;

const PATH: &str = "COUNTERSIGN_TEST_KILLED_STORE";
const WRITERS: u32 = 16;
const ROUNDS: u32 = 4;
const ANSWERED_BEFORE_KILL: usize = 150;

/// What one round of a writer does, and the last of it that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Done {
    Created,
    Opened,
    Rotated,
    Ended,
}

const STEPS: [Done; 4] = [Done::Created, Done::Opened, Done::Rotated, Done::Ended];

fn now() -> Time {
    Time::from_millis(1_700_000_000_000)
}

fn id(number: u32) -> [u8; 16] {
    let mut id = [1; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id
}

fn told(what: &str) -> AuditEvent {
    AuditEvent::new(now(), what, Actor::default())
}

fn account(number: u32) -> Account {
    Account {
        id: AccountId::from_bytes(id(number)),
        login: Login::parse(&format!("account-{number}")).unwrap(),
        email: None,
        name: None,
        roles: Roles::default(),
        attributes: [].into(),
        password_hash: None,
        credential_version: CredentialVersion(0),
        sessions_floor: SessionsFloor(0),
        status: AccountStatus::Active,
        created_at: now(),
    }
}

fn session(number: u32) -> Session {
    let later = Time::from_millis(now().as_millis() + 1_000_000);
    Session {
        id: SessionId::from_bytes(id(number)),
        account: Some(account(number).id),
        client: ClientId::first_party(),
        parent: None,
        secret_hash: SecretHash::of(&id(number)),
        replaced_hash: None,
        generation: Generation(0),
        rotated_at: None,
        rotated_by: None,
        late: Run::default(),
        foreign: Run::default(),
        retry_hash: None,
        networks: Networks::default(),
        created_at: now(),
        authenticated_at: now(),
        idle_expires_at: later,
        absolute_expires_at: later,
        last_token_expires_at: later,
        jkt: None,
        scope: ScopeSet::default(),
        audience: ResourceUri::parse("https://api.example").unwrap(),
        label: None,
        address: None,
        storage_epoch: Epoch::new(2, [2; 10]),
        ended: None,
    }
}

async fn carry_out(store: &SqliteStore, step: Done, number: u32) {
    let session = session(number);
    match step {
        Done::Created => {
            let new = NewAccount { account: account(number), audit: told("account.created") };
            assert_eq!(store.create_account(new).await.unwrap(), Created::Created);
        }
        Done::Opened => {
            let floor = Some(SessionsFloor(0));
            let open = OpenSession { session, floor, live_max: 100, audit: told("session.opened"), now: now() };
            assert_eq!(store.open_session(open).await.unwrap(), Opened::Opened);
        }
        Done::Rotated => {
            let rotate = RotateSession {
                session: session.id,
                from: Generation(0),
                from_secret_hash: session.secret_hash,
                to: Generation(1),
                new_secret_hash: Some(SecretHash::of(b"new")),
                retry_hash: None,
                network: Network::of([192, 0, 2, 1].into()),
                request: "request".to_owned(),
                storage_epoch: session.storage_epoch,
                idle_expires_at: session.idle_expires_at,
                last_token_expires_at: session.last_token_expires_at,
                now: now(),
            };
            assert_eq!(store.rotate_session(rotate).await.unwrap(), Swap::Won);
        }
        Done::Ended => {
            let end = EndSessions {
                which: Which::OfAccount(account(number).id),
                end: End::of(EndReason::SignedOut),
                audit: Some(told("session.ended")),
                now: now(),
            };
            assert_eq!(store.end_sessions(end).await.unwrap().published, 1);
        }
    }
}

/// Not a test: the process that is killed. It says on standard output what was answered, after it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of the test below"]
async fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let store = Arc::new(SqliteStore::open(&Options::at(path)).unwrap());
    store.found("https://issuer.example", Epoch::new(2, [2; 10]), now()).await.unwrap();
    let first = store.feed_after(Sequence::ZERO, u16::MAX).await.unwrap().entries.len();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for round in 0.. {
                let number = u32::try_from(first).unwrap() * 10_000_000 + writer * 1_000_000 + round;
                for step in STEPS {
                    carry_out(&store, step, number).await;
                    writeln!(std::io::stdout(), "answered {number} {step:?}").unwrap();
                }
            }
        });
    }
    writers.join_all().await;
}

/// Starts the child, kills it while it writes, and gives what it said had been answered.
fn killed(path: &Path) -> Vec<(u32, Done)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answered = Vec::new();
    for line in lines.map_while(Result::ok) {
        // The last line may be cut off: then it does not count.
        let Some((_, line)) = line.split_once("answered ") else { continue };
        let Some((number, step)) = line.split_once(' ') else { continue };
        let Some(step) = STEPS.into_iter().find(|known| format!("{known:?}") == step) else { continue };
        answered.push((number.parse().unwrap(), step));
        if answered.len() == ANSWERED_BEFORE_KILL {
            child.kill().unwrap(); // SIGKILL; what it had written before is still read
        }
    }
    child.wait().unwrap();
    answered
}

#[tokio::test]
async fn everything_answered_is_there_and_nothing_is_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut answered = Vec::new();
    for _ in 0..ROUNDS {
        let before = answered.len();
        answered.extend(killed(&path));
        assert!(answered.len() >= before + ANSWERED_BEFORE_KILL, "the child ended early");
        check(&path, &answered).await;
    }
}

async fn check(path: &Path, answered: &[(u32, Done)]) {
    let store = SqliteStore::open(&Options::at(path)).unwrap();
    let feed = store.feed_after(Sequence::ZERO, u16::MAX).await.unwrap();
    let mut set = SetDigest::EMPTY;
    for (place, entry) in (1..).zip(&feed.entries) {
        assert_eq!(entry.sequence(), Sequence(place), "a gap in the numbers");
        set.toggle(feed.epoch, entry);
    }
    assert_eq!((feed.set, feed.last), (set, Sequence(feed.entries.len() as u64)), "the digest is of another list");
    let revoked = feed.entries.iter().filter_map(|entry| match entry.subject() {
        Subject::Session(session) => Some(*session),
        _ => None,
    });
    let revoked: BTreeSet<_> = revoked.collect();
    for &(number, step) in answered {
        let account = store.account(account(number).id).await.unwrap().expect("an account was lost");
        let stored = store.session(session(number).id).await.unwrap().map(|state| state.session);
        let Some(stored) = stored else {
            assert_eq!(step, Done::Created, "a session was lost");
            continue;
        };
        if step >= Done::Rotated {
            assert_eq!(stored.generation, Generation(1), "a rotation was lost");
        }
        if step == Done::Ended {
            assert!(stored.ended.is_some(), "an ending was lost");
        }
        // All of a change or nothing of it, whether it was answered or not.
        assert_eq!(stored.generation == Generation(1), stored.secret_hash == SecretHash::of(b"new"));
        assert_eq!(stored.ended.is_some(), revoked.contains(stored.id.as_bytes()));
        assert_eq!(stored.ended.is_some(), account.sessions_floor == SessionsFloor(1));
    }
    store.close().await;
    let integrity: String =
        rusqlite::Connection::open(path).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
}
