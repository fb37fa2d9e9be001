//! A real browser on the page, two tabs at a time. The server is as strict as it can be set: no grace period and no
//! forgiveness, so that whatever is not one chain ends the session.

mod chromium;
mod elsewhere;
mod line;

use super::{open_tls, router};
use axum::middleware::from_fn_with_state;
use chromium::{Chromium, Profile, Tab};
use countersign_core::audit::AuditFilter;
use countersign_core::key_ring::MasterKey;
use countersign_core::policy::SessionPolicy;
use countersign_core::session::{Generation, Session};
use countersign_core::store::{AuditStore as _, Page, SessionStore as _};
use countersign_core::{Source as _, Span};
use countersign_server::{Listener, ManualSource, Server, SignUpPolicy, SystemSource, serve};
use countersign_store_sqlite::{Options, SqliteStore};
use line::Line;
use serde_json::json;
use std::{fs, io::Write as _, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const DELIVERIES: [&str; 2] = ["cookie", "body"];
const NO_WEB_LOCKS: &str = "delete Navigator.prototype.locks";
const YOU_ARE_ANA: &str = "document.querySelector('#status').value === 'you are ana'";
const SIGNED_IN: &str = "!document.querySelector('#account').hidden";
const SIGNED_OUT: &str = "!document.querySelector('#sign-in').hidden";
/// After this nobody takes an access token any more.
const ACCESS_OVER: Span = Span::from_seconds(611);
/// After this without a refresh a session is over.
const IDLE_OVER: Span = Span::from_days(15);

/// A server, and a person's browser profile that has never been there.
struct World {
    url: String,
    store: Arc<SqliteStore>,
    clock: Arc<ManualSource>,
    line: Arc<Line>,
    profile: Profile,
    _serving: JoinSet<()>,
    _folder: TempDir,
}

impl World {
    /// Over TLS, since browsers take `__Host-` cookies over nothing else.
    async fn start(chromium: &mut Chromium, delivery: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = certify(folder.path());
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
        let store = Arc::new(SqliteStore::open(&Options::at(folder.path().join("countersign.db"))).unwrap());
        let clock = Arc::new(ManualSource::at(SystemSource::new().now()));
        let server = Server::builder(store.clone(), MasterKey::from_bytes([7; MasterKey::BYTES]), issuer.as_str())
            .source(clock.clone())
            .sessions(SessionPolicy { grace: Span::ZERO, forgiveness: 0, ..SessionPolicy::default() })
            .sign_up(SignUpPolicy::Open);
        let server = server.build().await.unwrap();
        let line = Line::new();
        let routes = router(&server).layer(from_fn_with_state(line.clone(), line::pass));
        let mut serving = JoinSet::new();
        serving.spawn(server.jobs());
        serving.spawn(serve(Listener::new(tcp, Some(tls)), routes, std::future::pending()));
        let (url, profile) = (format!("{issuer}/?delivery={delivery}"), chromium.profile().await);
        Self { url, store, clock, line, profile, _serving: serving, _folder: folder }
    }

    /// Two tabs of Ana, who signed up in the first one.
    async fn tabs(&self, chromium: &mut Chromium, before: &str) -> [Tab; 2] {
        let mut first = chromium.tab(&self.profile, &self.url, before).await;
        send_form(&mut first, "sign-up").await;
        let mut second = chromium.tab(&self.profile, &self.url, before).await;
        second.until(SIGNED_IN).await;
        [first, second]
    }

    /// The session that was opened last.
    async fn session(&self) -> Session {
        let opened = AuditFilter { what: Some("session.opened".to_owned()), ..AuditFilter::default() };
        let events = self.store.audit(opened, Page::first()).await.unwrap().items;
        let id = events[0].session.unwrap();
        self.store.session(id).await.unwrap().unwrap().session
    }

    /// One session, alive, that was rotated so many times; and nothing looked like a theft.
    async fn assert_one_chain(&self, rotations: u32) {
        let session = self.session().await;
        assert_eq!((session.generation, session.ended), (Generation(rotations), None));
        let events = self.store.audit(AuditFilter::default(), Page::first()).await.unwrap().items;
        let told: Vec<&str> = events.iter().map(|event| event.what.as_str()).collect();
        assert_eq!(told.iter().filter(|what| **what == "session.opened").count(), 1, "{told:?}");
        assert!(!told.iter().any(|what| what.starts_with("alarm.")), "{told:?}");
    }

    /// Each tab refreshes in its turn: both know the current token.
    async fn assert_both_go_on(&self, tabs: &mut [Tab; 2], rotations: u32) {
        for (tab, rotations) in tabs.iter_mut().zip(rotations..) {
            self.clock.advance(ACCESS_OVER);
            ask(tab).await;
            tab.until(YOU_ARE_ANA).await;
            self.assert_one_chain(rotations + 1).await;
        }
    }
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_ask_once_and_both_go_on() {
    let mut chromium = Chromium::start().await;
    for delivery in DELIVERIES {
        let world = World::start(&mut chromium, delivery).await;
        let mut tabs = world.tabs(&mut chromium, "").await;
        world.clock.advance(ACCESS_OVER);
        world.line.hold();
        let [first, second] = &mut tabs;
        tokio::join!(ask(first), ask(second));
        world.line.refreshes_are(1).await;
        first.until("(await navigator.locks.query()).pending.length === 1").await;
        world.line.release();
        tokio::join!(first.until(YOU_ARE_ANA), second.until(YOU_ARE_ANA));
        assert_eq!(world.line.refreshes(), 1, "{delivery}");
        world.assert_one_chain(1).await;
        world.assert_both_go_on(&mut tabs, 1).await;
    }
}

#[tokio::test]
async fn without_web_locks_two_tabs_collide_and_are_still_one_chain() {
    let mut chromium = Chromium::start().await;
    for delivery in DELIVERIES {
        let world = World::start(&mut chromium, delivery).await;
        let mut tabs = world.tabs(&mut chromium, NO_WEB_LOCKS).await;
        world.clock.advance(ACCESS_OVER);
        world.line.hold();
        let [first, second] = &mut tabs;
        assert_eq!(first.value("navigator.locks === undefined").await, true);
        tokio::join!(ask(first), ask(second));
        world.line.refreshes_are(2).await;
        world.line.release();
        tokio::join!(first.until(YOU_ARE_ANA), second.until(YOU_ARE_ANA));
        world.assert_one_chain(1).await;
        world.assert_both_go_on(&mut tabs, 1).await;
    }
}

#[tokio::test]
async fn a_lost_reply_costs_nobody_the_session() {
    let mut chromium = Chromium::start().await;
    for delivery in DELIVERIES {
        let world = World::start(&mut chromium, delivery).await;
        let mut tabs = world.tabs(&mut chromium, "").await;
        let [first, second] = &mut tabs;
        world.clock.advance(ACCESS_OVER);
        world.line.lose(1);
        tokio::join!(ask(first), ask(second));
        tokio::join!(first.until(YOU_ARE_ANA), second.until(YOU_ARE_ANA));
        assert_eq!(world.line.refreshes(), 2, "{delivery}: one was lost");
        world.assert_one_chain(1).await;

        // All tries of one tab are lost: it says so, and another tab gets what the server has kept for that key.
        world.clock.advance(ACCESS_OVER);
        world.line.lose(3);
        ask(first).await;
        first.until("document.querySelector('#status').value.startsWith('not done: ')").await;
        assert_eq!(world.line.refreshes(), 5, "{delivery}");
        ask(second).await;
        second.until(YOU_ARE_ANA).await;
        world.assert_one_chain(2).await;
        world.assert_both_go_on(&mut tabs, 2).await;
    }
}

#[tokio::test]
async fn what_ends_a_session_is_seen_in_every_tab() {
    let mut chromium = Chromium::start().await;
    for delivery in DELIVERIES {
        let world = World::start(&mut chromium, delivery).await;
        let [mut first, mut second] = world.tabs(&mut chromium, "").await;
        first.click("#sign-out").await;
        tokio::join!(first.until(SIGNED_OUT), second.until(SIGNED_OUT));
        assert!(world.session().await.ended.is_some(), "{delivery}");
        assert!(chromium.cookies(&world.profile).await.is_empty(), "{delivery}");

        send_form(&mut second, "sign-in").await;
        first.until(SIGNED_IN).await;
        ask(&mut first).await;
        first.until(YOU_ARE_ANA).await;

        world.clock.advance(IDLE_OVER);
        ask(&mut first).await;
        first.until("document.querySelector('#status').value === 'the session has ended: sign in again'").await;
        tokio::join!(first.until(SIGNED_OUT), second.until(SIGNED_OUT));
    }
}

#[tokio::test]
async fn scripts_find_no_token_anywhere_but_in_memory_and_refresh_before_expiry() {
    let mut chromium = Chromium::start().await;
    for delivery in DELIVERIES {
        let world = World::start(&mut chromium, delivery).await;
        let [mut first, _second] = world.tabs(&mut chromium, "").await;
        let kept = first.value("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)").await;
        let kept = kept.as_str().unwrap();
        assert!(!kept.contains("csr_") && !kept.contains("eyJ"), "{delivery}: {kept}");
        let mut cookies = chromium.cookies(&world.profile).await;
        cookies.sort_by_key(|cookie| cookie["name"].to_string());
        let cookies: Vec<_> = cookies.iter().map(|c| json!([c["name"], c["httpOnly"], c["secure"]])).collect();
        let expected = [json!(["__Host-countersign", true, true]), json!(["__Host-countersign-refresh", true, true])];
        assert_eq!(cookies, if delivery == "cookie" { &expected[..] } else { &[] });

        first.value("{ const now = Date.now; Date.now = () => now() + 590_000; }").await;
        ask(&mut first).await;
        first.until(YOU_ARE_ANA).await;
        assert_eq!((world.line.refreshes(), world.line.unauthorized()), (1, 0), "{delivery}");
    }
}

/// Asks the page who is signed in; nothing is answered before this returns.
async fn ask(tab: &mut Tab) {
    tab.value("document.querySelector('#status').value = ''").await;
    tab.click("#me").await;
}

async fn send_form(tab: &mut Tab, button: &str) {
    tab.until(SIGNED_OUT).await;
    let filled = "const form = document.querySelector('#sign-in'); \
                  form.login.value = 'ana'; form.password.value = 'four geese in a tin boat';";
    tab.value(&format!("{{ {filled} form.querySelector('[value={button}]').click(); }}")).await;
    tab.until(SIGNED_IN).await;
}

fn certify(folder: &Path) -> countersign_server::Tls {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    let mut owner_only = fs::File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut owner_only, 0o600);
    let mut file = owner_only.write(true).create_new(true).open(&key).unwrap();
    file.write_all(made.signing_key.serialize_pem().as_bytes()).unwrap();
    open_tls(&certificate, &key).unwrap()
}
