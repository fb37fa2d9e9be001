//! `kill -9` in the middle of 200 clients that refresh: every client goes on with the token that it holds. And in the middle
//! of sign-outs: each that was answered is told to its application.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the test waits in real time for a real process")]
#![allow(clippy::disallowed_macros, reason = "the figures are the test's report")]

mod support;

use countersign_core::Draw;
use countersign_core::account::SessionsFloor;
use countersign_core::audit::{Actor, AuditEvent, AuditFilter};
use countersign_core::client::{ClientId, RedirectUri};
use countersign_core::grant::{AuthorizedCode, CodeChallenge};
use countersign_core::key_ring::MasterKey;
use countersign_core::limits::CODE_LIFETIME;
use countersign_core::scope::ScopeSet;
use countersign_core::store::{Page, SaveCode, SessionFilter, Store};
use countersign_server::SystemSource;
use countersign_store_sqlite::{Options, SqliteStore};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::opener::Opener;
use support::{Connection, ServerProcess, countersign};

const CLIENTS: usize = 200;
const KILLS: usize = 10;
const SIGN_OUTS: usize = 20;
const SIGN_OUT_KILLS: usize = 4;
const CALLBACK: &str = "https://shop.example/cb";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_goes_on_after_each_kill_when_every_refresh_commits() {
    drill("0s").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_goes_on_after_each_kill_with_a_grace_period() {
    drill("1s").await;
}

async fn drill(grace: &str) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // One port for all starts: clients come back to where they were.
    let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, issuer) = (address.to_string(), format!("http://localhost:{}", address.port()));
    let settings = [("COUNTERSIGN_SESSIONS__GRACE", grace)];
    let mut server = ServerProcess::start(&data, &listen, &settings);
    let opener = opener(&data, &issuer).await;
    opener.accounts().await;
    for kill in 1..=KILLS {
        let mut tokens = Vec::with_capacity(CLIENTS);
        for client in 0..CLIENTS {
            tokens.push(opener.session(client).await);
        }
        let (held, rates) = refresh_until_killed(server, tokens, kill);
        let Rates { refreshes, commits } = rates;
        println!(
            "grace {grace}, kill {kill}: {refreshes:.0} refreshes, {commits:.0} of them rotations committed, a second"
        );
        server = ServerProcess::start(&data, &listen, &settings);
        let stranded = retry_all(server.address, &held);
        assert_eq!(stranded, Vec::<String>::new(), "grace {grace}, kill {kill}: clients that could not go on");
    }
    assert_eq!(false_alarms(&*opener.store).await, 0);
}

/// What was answered each second before the kill.
struct Rates {
    refreshes: f64,
    /// Those that answered another refresh token: each was on disk by then.
    commits: f64,
}

#[derive(Default)]
struct Counts {
    refreshes: AtomicU64,
    commits: AtomicU64,
}

/// All clients refresh as fast as they are answered, until the server is killed; gives the token that each holds.
fn refresh_until_killed(server: ServerProcess, tokens: Vec<String>, kill: usize) -> (Vec<String>, Rates) {
    let (address, counts, killed) = (server.address, Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let (counts, killed) = (Arc::clone(&counts), Arc::clone(&killed));
            std::thread::spawn(move || refresh_on(address, token, &counts, &killed))
        })
        .collect();
    let started = Instant::now();
    // Another moment each time, so that the kill meets other states of the writer.
    while counts.refreshes.load(Ordering::Relaxed) < 150 + 97 * kill as u64 {
        std::thread::sleep(Duration::from_millis(1));
        assert!(started.elapsed() < Duration::from_secs(60), "the server does not answer");
    }
    let per_second = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    let rates = Rates { refreshes: per_second(&counts.refreshes), commits: per_second(&counts.commits) };
    server.kill();
    killed.store(true, Ordering::Relaxed);
    (clients.into_iter().map(|client| client.join().unwrap()).collect(), rates)
}

fn refresh_on(address: SocketAddr, mut token: String, counts: &Counts, killed: &AtomicBool) -> String {
    let Ok(mut connection) = Connection::open(address) else { return token };
    loop {
        let request = serde_json::json!({ "refresh_token": token });
        match connection.post("/api/v1/refresh", &request) {
            Ok((200, answer)) => {
                let next = answer["refresh_token"].as_str().unwrap().to_owned();
                counts.commits.fetch_add(u64::from(next != token), Ordering::Relaxed);
                token = next;
            }
            Ok((status, answer)) => panic!("refused before the kill: {status} {answer}"),
            Err(_) => return token,
        }
        counts.refreshes.fetch_add(1, Ordering::Relaxed);
        if killed.load(Ordering::Relaxed) {
            return token;
        }
    }
}

/// Each client presents the token that it holds, twice in a row to show that its chain is alive; gives who could not.
fn retry_all(address: SocketAddr, held: &[String]) -> Vec<String> {
    let mut stranded = Vec::new();
    let mut connection = Connection::open(address).unwrap();
    for token in held {
        let mut token = token.clone();
        for _ in 0..2 {
            match connection.post("/api/v1/refresh", &serde_json::json!({ "refresh_token": token })).unwrap() {
                (200, answer) => token = answer["refresh_token"].as_str().unwrap().to_owned(),
                (status, answer) => stranded.push(format!("{status} {answer}")),
            }
        }
    }
    stranded
}

/// What an application hears: the `sid` of each logout token.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeSet<String>>>);

impl Heard {
    /// Listens, and answers whatever comes. Ends with the test.
    fn listen(&self, listener: TcpListener) {
        let heard = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A server that is killed breaks off in the middle.
                let _ = heard.hear(stream);
            }
        });
    }

    fn hear(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = String::new();
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut length = 0;
        while !request.ends_with("\r\n\r\n") {
            let from = request.len();
            if reader.read_line(&mut request)? == 0 {
                return Ok(());
            }
            length =
                request[from..].strip_prefix("content-length: ").map_or(length, |text| text.trim().parse().unwrap());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let token = std::str::from_utf8(&body).unwrap().strip_prefix("logout_token=").unwrap().to_owned();
        let claims = countersign_jose::UnverifiedToken::parse(&token).unwrap().claims_json_unverified().unwrap();
        self.0.lock().unwrap().insert(claims["sid"].as_str().unwrap().to_owned());
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sign_out_that_was_answered_before_a_kill_is_told_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    let heard = Heard::default();
    heard.listen(listener);
    // One port for all starts: the issuer stays.
    let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, settings) = (address.to_string(), [("COUNTERSIGN_SERVER__OUTBOUND_ALLOW", there.as_str())]);
    let mut server = ServerProcess::start(&data, &listen, &settings);
    let add = ["client", "add", "shop", "--kind", "web", "--redirect-uri", CALLBACK, "--json"];
    let add = countersign(&data).args(add).args(["--backchannel-logout-uri", &format!("http://{there}/told")]).output();
    let added: serde_json::Value = serde_json::from_slice(&add.unwrap().stdout).unwrap();
    let secret = added["client_secret"].as_str().unwrap();
    let opener = opener(&data, &format!("http://localhost:{}", address.port())).await;
    opener.accounts().await;
    let mut answered = BTreeSet::new();
    for kill in 1..=SIGN_OUT_KILLS {
        let mut connection = Connection::open(server.address).unwrap();
        let mut sessions = Vec::new();
        for _ in 0..SIGN_OUTS {
            sessions.push(at_shop(&opener, kill, &mut connection, secret).await);
        }
        // Another moment each time: from before the first was told to after most were.
        for (sid, refresh_token) in sessions.into_iter().take(SIGN_OUTS * kill / SIGN_OUT_KILLS) {
            let body = serde_json::json!({ "refresh_token": refresh_token });
            assert_eq!(connection.post("/api/v1/sign-out", &body).unwrap().0, 204);
            answered.insert(sid);
        }
        server.kill();
        server = ServerProcess::start(&data, &listen, &settings);
    }
    let (told, started) = (|| heard.0.lock().unwrap().clone(), Instant::now());
    println!("{} of {} sign-outs were told before the last start", told().len(), answered.len());
    while !told().is_superset(&answered) {
        assert!(started.elapsed() < Duration::from_secs(60), "not told: {:?}", answered.difference(&told()));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(told(), answered, "and of no other");
}

/// A session at the shop: its `sid` and its refresh token.
async fn at_shop(opener: &Opener, account: usize, connection: &mut Connection, secret: &str) -> (String, String) {
    opener.session(account).await;
    let newest = opener.store.sessions(SessionFilter::default(), Page::new(1, None)).await.unwrap().items.remove(0);
    let draw = Draw::from(&SystemSource::new());
    let code = AuthorizedCode {
        client: ClientId::parse("shop").unwrap(),
        redirect_uri: RedirectUri::parse(CALLBACK).unwrap(),
        redirect_uri_named: true,
        account: newest.account.unwrap(),
        floor: SessionsFloor(0),
        parent: newest.id,
        authenticated_at: draw.now,
        scope: ScopeSet::parse("openid").unwrap(),
        audience: newest.audience,
        nonce: None,
        id_token_claims: Default::default(),
        challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
        jkt: None,
        expires_at: draw.now + CODE_LIFETIME,
        redeemed: None,
    };
    let given = draw.authorization_code();
    let audit = AuditEvent::new(draw.now, "code.given", Actor::named("test"));
    opener.store.save_code(SaveCode { hash: given.hash(), code, spends: None, audit }).await.unwrap();
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let (code, redirect_uri) = (given.expose(), "https%3A%2F%2Fshop.example%2Fcb");
    let form =
        format!("grant_type=authorization_code&code={code}&redirect_uri={redirect_uri}&code_verifier={verifier}");
    let (status, tokens) = connection.post_form("/oauth2/token", ("shop", secret), &form).unwrap();
    assert_eq!(status, 200, "{tokens}");
    let access = countersign_jose::UnverifiedToken::parse(tokens["access_token"].as_str().unwrap()).unwrap();
    let sid = access.claims_json_unverified().unwrap()["sid"].as_str().unwrap().to_owned();
    (sid, tokens["refresh_token"].as_str().unwrap().to_owned())
}

async fn opener(data: &Path, issuer: &str) -> Opener {
    let store = SqliteStore::open(&Options::at(data.join("countersign.db"))).unwrap();
    let master = std::fs::read_to_string(data.join("master.key")).unwrap();
    let master = countersign_jose::base64url::decode(master.trim()).unwrap().try_into().unwrap();
    Opener::new(Arc::new(store), &MasterKey::from_bytes(master), issuer).await
}

/// Sessions that ended for any reason but a hundred newer ones, and alarms: an honest client has none.
async fn false_alarms(store: &dyn Store) -> usize {
    let mut page = Page::first();
    let mut found = 0;
    loop {
        let sessions = store.sessions(SessionFilter::default(), page).await.unwrap();
        let ended = sessions.items.iter().filter_map(|session| session.ended.as_ref());
        found += ended.filter(|ended| ended.end.reason.code() != "too_many").count();
        let Some(next) = sessions.next else { break };
        page = Page::new(100, Some(next));
    }
    let alarms = AuditFilter { what: Some("alarm.".to_owned()), ..Default::default() };
    found + store.audit(alarms, Page::first()).await.unwrap().items.len()
}
