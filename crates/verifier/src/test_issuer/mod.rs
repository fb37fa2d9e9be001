//! An issuer in memory, on a port of the loopback: metadata, keys, feed, token and introspection endpoint, and verbs for
//! what can happen to an issuer. For tests; it has no storage and no accounts.

mod book;
mod clock;
mod mint;
mod routes;
mod stream;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use countersign_jose::{SigningKey, TokenType};
use countersign_revocation::{NewEntry, Position, SetDigest};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinSet},
};

pub use clock::ManualClock;
pub use mint::{Mint, Minted};
pub use stream::Fault;

use crate::clock::{Clock, SystemClock};
use book::Book;

/// How a [`TestIssuer`] is to be.
#[derive(Clone)]
#[non_exhaustive]
pub struct TestOptions {
    /// Its clock, which may be the verifier's too.
    pub clock: Arc<dyn Clock>,
    /// Whether it has a feed; without one it is any other OpenID Connect issuer.
    pub has_feed: bool,
    /// `typ` of its tokens.
    pub token_type: TokenType,
    /// `max-age` of its key set, in seconds.
    pub max_age_seconds: u64,
    /// Time between heads. 50 ms: tests are not to wait.
    pub head_every: Duration,
    /// Client id and secret without which the feed is not served.
    pub client: Option<(String, String)>,
    /// How long the tokens live that read the feed, in seconds.
    pub feed_token_seconds: u64,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            has_feed: true,
            token_type: TokenType::AccessToken,
            max_age_seconds: 600,
            head_every: Duration::from_millis(50),
            client: None,
            feed_token_seconds: 600,
        }
    }
}

/// An issuer in memory; see the crate's example. It ends when it is dropped.
pub struct TestIssuer {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: Mutex<Option<AbortHandle>>,
}

/// What its routes share.
struct Shared {
    url: String,
    options: TestOptions,
    book: Mutex<Book>,
    /// Raised with whatever readers of the feed must see.
    changed: watch::Sender<u64>,
}

#[expect(clippy::expect_used, reason = "a test kit: a test fails by panicking")]
impl TestIssuer {
    /// An issuer with a feed that is public, on the clocks of the machine.
    pub async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    /// An issuer of any kind.
    ///
    /// # Panics
    /// Without a free port on the loopback.
    pub async fn start_with(options: TestOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let url = format!("http://{address}");
        let book = Mutex::new(Book::new(&url, options.clock.wall_ms()));
        let shared = Arc::new(Shared { url, options, book, changed: watch::Sender::new(0) });
        let server = Mutex::new(Some(serve(listener, shared.clone())));
        Self { shared, address, server }
    }

    /// Its name: `iss` of its tokens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// A token of a new session, good for ten minutes.
    #[must_use]
    pub fn mint(&self, audience: &str) -> Minted {
        self.sign(&Mint::new(audience))
    }

    /// A token as it is described, signed with the active key.
    #[must_use]
    pub fn sign(&self, mint: &Mint) -> Minted {
        let now = self.shared.options.clock.wall_ms() / 1_000;
        let typ = self.shared.options.token_type.as_str().to_owned();
        mint.sign(self.book().active_key(), self.url(), &typ, now)
    }

    /// A new id such as `sid` and `jti` are.
    #[must_use]
    pub fn mint_id(&self) -> String {
        mint::id()
    }

    /// Takes back every token of a session.
    pub fn revoke_session(&self, session: &str) {
        self.append(NewEntry::session(session, self.until()).expect("a session id"));
    }

    /// Takes back one token, by its `jti`.
    pub fn revoke_token(&self, id: &str) {
        self.append(NewEntry::token(id, self.until()).expect("a token id"));
    }

    /// Takes back every token of a client.
    pub fn revoke_client(&self, client_id: &str) {
        self.append(NewEntry::client(client_id, self.until()).expect("a client id"));
    }

    /// Refuses a key for ever, and takes it out of the key set.
    pub fn revoke_key(&self, key_id: &str) {
        self.drop_key(key_id);
        self.refuse_key(key_id);
    }

    /// Refuses a key for ever in the feed; the key set still has it, as a stale copy somewhere might.
    pub fn refuse_key(&self, key_id: &str) {
        self.append(NewEntry::key_refused(countersign_jose::KeyId::new(key_id).expect("a key id")));
    }

    /// Publishes and announces a new key, and signs with it from now on; the old one stays published. Gives its id.
    pub fn rotate_key(&self) -> String {
        let id = self.announce_key();
        self.activate_key(&id);
        id
    }

    /// Publishes and announces a new key that signs nothing yet. Gives its id.
    pub fn announce_key(&self) -> String {
        let key = self.book().add_key();
        let announced = NewEntry::key_announced(key.id().clone(), &key.verifying_key().thumbprint(), 0, self.until());
        self.append(announced.expect("an announcement"));
        key.id().to_string()
    }

    /// Publishes a new key that signs nothing yet, and announces nothing. Gives its id.
    pub fn publish_key(&self) -> String {
        self.book().add_key().id().to_string()
    }

    /// Signs with that key from now on.
    pub fn activate_key(&self, key_id: &str) {
        self.book().activate(key_id);
    }

    /// Takes a key out of the key set, without a word in the feed.
    pub fn drop_key(&self, key_id: &str) {
        self.book().remove_key(key_id);
    }

    /// The key that signs.
    #[must_use]
    pub fn active_key(&self) -> Arc<SigningKey> {
        self.book().active_key().clone()
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn active_key_id(&self) -> String {
        self.active_key().id().to_string()
    }

    /// Begins a new epoch, as after a restore: what is live is numbered anew.
    pub fn begin_epoch(&self) {
        let now_ms = self.shared.options.clock.wall_ms();
        self.book().begin_epoch(now_ms, true);
        self.tell();
    }

    /// Begins a new epoch and has lost everything that the old one said.
    pub fn lose_everything(&self) {
        let now_ms = self.shared.options.clock.wall_ms();
        self.book().begin_epoch(now_ms, false);
        self.tell();
    }

    /// Loses the last entries of the feed within their epoch, as a database that lost its last transactions does.
    pub fn forget_last(&self, entries: usize) {
        self.book().forget_last(entries);
        self.tell();
    }

    /// Gives the feed a new key; the old one stays published.
    pub fn rotate_feed_key(&self) {
        let url = self.shared.url.clone();
        self.book().rotate_feed_key(&url);
        self.tell();
    }

    /// Takes back the tokens that read the feed: who connects with one is answered 401.
    pub fn revoke_feed_tokens(&self) {
        self.book().feed_tokens.clear();
    }

    /// Names no feed in its metadata any more.
    pub fn hide_feed(&self) {
        self.book().hides_feed = true;
    }

    /// What happens to the feed on its way from now on. It holds for connections that are open too.
    pub fn set_fault(&self, fault: Fault) {
        self.book().fault = fault;
        self.tell();
    }

    /// The feed says nothing, while connections stay open.
    pub fn pause_feed(&self) {
        self.set_fault(Fault::Silence);
    }

    /// The feed goes on.
    pub fn resume_feed(&self) {
        self.set_fault(Fault::None);
    }

    /// The issuer is down: no port, no connection.
    pub fn stop(&self) {
        if let Some(server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).take() {
            server.abort();
        }
    }

    /// The issuer is up again, at the same address, with all that it knew.
    ///
    /// # Panics
    /// If the port was taken meanwhile.
    pub async fn restart(&self) {
        self.stop();
        let mut listener = TcpListener::bind(self.address).await;
        for _ in 0..100 {
            if listener.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            listener = TcpListener::bind(self.address).await;
        }
        let server = serve(listener.expect("the same port"), self.shared.clone());
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
    }

    /// How often a path was asked for, such as `/jwks`.
    #[must_use]
    pub fn requests(&self, path: &str) -> u64 {
        self.book().requests.get(path).copied().unwrap_or(0)
    }

    /// The last report of each verifier: how far it is.
    #[must_use]
    pub fn applied(&self) -> Vec<Position> {
        self.book().applied.values().copied().collect()
    }

    /// Signed objects that verifiers sent because the issuer's numbers are behind theirs.
    #[must_use]
    pub fn proofs_of_loss(&self) -> usize {
        self.book().proofs_of_loss
    }

    /// Where the feed ends, and its digest there.
    #[must_use]
    pub fn feed_position(&self) -> (Position, SetDigest) {
        let book = self.book();
        (book.position(), book.digest())
    }

    fn append(&self, entry: NewEntry) {
        self.book().append(entry);
        self.tell();
    }

    fn tell(&self) {
        self.shared.changed.send_modify(|count| *count += 1);
    }

    fn until(&self) -> u64 {
        self.shared.options.clock.wall_ms() / 1_000 + 3_600
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.shared.book()
    }
}

impl Shared {
    /// A token for the issuer itself that reads the feed, there and at relays.
    fn feed_token(&self, lifetime: Duration) -> String {
        let mint = Mint::new(&self.url).scope("feed:read").lifetime(lifetime);
        let now = self.options.clock.wall_ms() / 1_000;
        let mut book = self.book();
        let token = mint.sign(book.active_key(), &self.url, self.options.token_type.as_str(), now).token;
        book.keep_feed_token(&token);
        token
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestIssuer").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// All connections end with the task.
fn serve(listener: TcpListener, shared: Arc<Shared>) -> AbortHandle {
    let router = routes::router(shared);
    let serving = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(router.clone());
            connections.spawn(async move {
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
            while connections.try_join_next().is_some() {}
        }
    });
    serving.abort_handle()
}
