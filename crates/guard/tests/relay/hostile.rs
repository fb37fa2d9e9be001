//! A relay that does what it likes: whatever it drops, repeats, reorders, damages or invents, no verifier below it takes a
//! revoked token while it says that it is fresh as of a later time; and all is well soon after the relay is honest again.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use countersign_guard::relay::RelaySettings;
use countersign_verifier::{
    Builder, Clock as _, Complete, FeedEvent, ManualClock, Minted, TestIssuer, TestOptions, Verifier,
};
use futures_util::stream;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet, time::sleep};

use crate::support::{AUDIENCE, Served, current, judge, quick, until, verifier};

/// The same seed, the same hostility.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % sides as u64).unwrap()
    }
}

/// What the hostile relay has: all that an honest verifier saw, and what others signed.
struct Loot {
    honest: Verifier,
    seen: Texts,
    foreign: Texts,
    dice: Mutex<Dice>,
    is_hostile: AtomicBool,
}

impl Loot {
    fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap()
    }

    fn roll(&self, sides: usize) -> usize {
        self.dice().roll(sides)
    }

    fn seen(&self) -> Vec<Arc<str>> {
        self.seen.lock().unwrap().clone()
    }

    fn any(&self, of: &[Arc<str>]) -> String {
        if of.is_empty() { String::new() } else { of[self.roll(of.len())].to_string() }
    }

    fn foreign(&self) -> String {
        let foreign = self.foreign.lock().unwrap().clone();
        self.any(&foreign)
    }

    /// Damages an object, or not.
    fn mangled(&self, object: &str) -> String {
        let place = self.roll(object.len().max(1));
        match self.roll(3) {
            0 => object[..place].to_owned(),
            1 => object
                .bytes()
                .enumerate()
                .map(|(at, byte)| char::from(if at == place { byte ^ 1 } else { byte }))
                .collect(),
            _ => object.to_owned(),
        }
    }
}

/// The texts of objects.
type Texts = Arc<Mutex<Vec<Arc<str>>>>;

/// A verifier that reads at the issuer, and all that it will have seen.
fn recorder(issuer: &TestIssuer, clock: Arc<ManualClock>) -> (Builder<Complete>, Texts) {
    let seen = Texts::default();
    let into = Arc::clone(&seen);
    let builder = Verifier::builder(issuer.url()).audience(AUDIENCE).timing(quick()).clock(clock);
    let builder = builder.observe(move |event| {
        if let FeedEvent::Object { object, .. } = event {
            into.lock().unwrap().push(object.text().clone());
        }
    });
    (builder, seen)
}

/// A hostile relay answers a poll with a stream, which is one more thing that it may do.
async fn feed(State(loot): State<Arc<Loot>>, uri: Uri) -> Response {
    if !loot.is_hostile.load(Ordering::SeqCst) && uri.query().is_some_and(|query| query.contains("wait=")) {
        return objects(&loot.seen());
    }
    let (sender, receiver) = mpsc::channel::<String>(4);
    let is_hostile = loot.is_hostile.load(Ordering::SeqCst);
    if is_hostile {
        match loot.roll(8) {
            0 => return StatusCode::GONE.into_response(),
            1 => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            _ => {}
        }
        tokio::spawn(hostile_stream(loot, sender));
    } else {
        tokio::spawn(honest_stream(loot, sender));
    }
    let body = stream::unfold(receiver, |mut receiver| async {
        let text = receiver.recv().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), receiver))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

/// All that was seen from the beginning, and on with what comes.
async fn honest_stream(loot: Arc<Loot>, sender: mpsc::Sender<String>) {
    let mut sent = 0;
    loop {
        let seen = loot.seen();
        for object in &seen[sent..] {
            if sender.send(event(object)).await.is_err() {
                return;
            }
        }
        sent = seen.len();
        sleep(Duration::from_millis(5)).await;
    }
}

async fn hostile_stream(loot: Arc<Loot>, sender: mpsc::Sender<String>) {
    let mut sent = if loot.roll(2) == 0 { loot.seen().len() } else { 0 };
    while loot.is_hostile.load(Ordering::SeqCst) {
        let seen = loot.seen();
        let next = seen.get(sent).map(ToString::to_string).unwrap_or_default();
        let text = match loot.roll(16) {
            // Honest for once.
            0..=4 => {
                sent += 1;
                event(&next)
            }
            // Withheld, replayed, out of order, each damaged or not.
            5 => {
                sent += 1;
                String::new()
            }
            6 | 7 => event(&loot.any(&seen)),
            8 => event(&loot.mangled(&loot.any(&seen))),
            9 => seen.last().map(|object| event(object)).unwrap_or_default(),
            10 => event(&loot.foreign()),
            11 => event("garbage"),
            12 => format!("{}\n\n", "x".repeat(loot.roll(3_000))),
            13 => "event: resume\ndata: {}\n\n".to_owned(),
            // Silence, and an event that never ends.
            14 => {
                sleep(Duration::from_millis(20)).await;
                ": still here\n\n".to_owned()
            }
            _ if loot.roll(8) == 0 => format!("data: {}", "A".repeat(64 * 1024)),
            _ => return,
        };
        if sender.send(text).await.is_err() {
            return;
        }
        sleep(Duration::from_micros(loot.roll(1_500) as u64)).await;
    }
}

fn event(object: &str) -> String {
    format!("id: whatever\ndata: {object}\n\n")
}

async fn snapshot(State(loot): State<Arc<Loot>>) -> Response {
    let is_hostile = loot.is_hostile.load(Ordering::SeqCst);
    let seen = loot.seen();
    let any = |count: usize| (0..count).map(|_| loot.any(&seen)).collect::<Vec<String>>();
    let objects: Vec<String> = match if is_hostile { loot.roll(8) } else { 0 } {
        0..=2 => {
            let objects = loot.honest.feed_snapshot().await.unwrap_or_default();
            objects.iter().map(|object| object.text().to_string()).collect()
        }
        3 => any(5),
        4 => any(2).into_iter().chain([loot.foreign()]).collect(),
        5 => any(3).iter().map(|object| loot.mangled(object)).collect(),
        6 => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => return "{\"objects\":[\"".into_response(),
    };
    axum::Json(serde_json::json!({ "objects": objects })).into_response()
}

fn objects(texts: &[Arc<str>]) -> Response {
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    axum::Json(serde_json::json!({ "objects": texts })).into_response()
}

async fn applied() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn serve(loot: Arc<Loot>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/revocations/feed", get(feed))
        .route("/revocations/snapshot", get(snapshot))
        .route("/revocations/applied", post(applied))
        .with_state(loot);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// An issuer, the hostile relay, and a verifier below it; perhaps an honest relay between.
struct Scene {
    clock: Arc<ManualClock>,
    issuer: TestIssuer,
    loot: Arc<Loot>,
    _between: Option<Served>,
    verifier: Verifier,
    /// What was revoked, and when.
    revoked: Vec<(Minted, u64)>,
    /// How often a token was accepted as by somebody who knows of revocations.
    fresh: usize,
}

impl Scene {
    async fn set(seed: u64) -> Self {
        let clock = ManualClock::at(1_750_000_000);
        let mut options = TestOptions::default();
        options.clock = clock.clone();
        options.head_every = Duration::from_millis(3);
        let issuer = TestIssuer::start_with(options).await;
        let foreign: Texts = {
            let other = TestIssuer::start().await;
            let (builder, seen) = recorder(&other, clock.clone());
            let _other = builder.build().await.unwrap();
            until("foreign objects", || seen.lock().unwrap().len() > 5).await;
            Arc::clone(&seen)
        };
        let (honest, seen) = recorder(&issuer, clock.clone());
        let (honest, dice) = (current(honest).await, Mutex::new(Dice(seed)));
        let loot = Arc::new(Loot { honest, seen, foreign, dice, is_hostile: AtomicBool::new(true) });
        let hostile = format!("http://{}", serve(loot.clone()).await);
        let between = match seed % 2 {
            0 => None,
            _ => Some(Served::start(RelaySettings::new(issuer.url()).upstream(&hostile)).await),
        };
        let from = between.as_ref().map_or(hostile, Served::url);
        let builder = verifier(&issuer, &from).clock(clock.clone()).max_staleness(Duration::from_secs(2));
        let verifier = builder.build().await.unwrap();
        until("the issuer's keys", || verifier.ready()).await;
        Self { clock, issuer, loot, _between: between, verifier, revoked: Vec::new(), fresh: 0 }
    }

    async fn step(&mut self) {
        match self.loot.roll(12) {
            0..=5 => {
                let minted = self.issuer.mint(AUDIENCE);
                self.issuer.revoke_session(&minted.session);
                self.revoked.push((minted, self.clock.wall_ms()));
            }
            6 => self.issuer.begin_epoch(),
            7 if self.loot.roll(4) == 0 => self.issuer.rotate_feed_key(),
            _ => {}
        }
        self.clock.advance(Duration::from_millis(1 + self.loot.roll(400) as u64));
        sleep(Duration::from_millis(self.loot.roll(25) as u64)).await;
        self.check();
    }

    fn check(&mut self) {
        // First how fresh it says it is: what it knows only grows.
        let as_of = self.verifier.relay_level().as_of.unwrap_or(0);
        for (minted, revoked_at) in &self.revoked {
            if *revoked_at < as_of {
                assert_eq!(judge(&self.verifier, &minted.token), "revoked", "as of {as_of}, revoked at {revoked_at}");
            }
        }
        let live = self.issuer.mint(AUDIENCE);
        self.fresh += usize::from(judge(&self.verifier, &live.token) == "fresh");
    }

    async fn be_honest(&mut self) {
        self.loot.is_hostile.store(false, Ordering::SeqCst);
        let live = self.issuer.mint(AUDIENCE);
        until("fresh, and everything refused", || {
            self.clock.advance(Duration::from_millis(1));
            judge(&self.verifier, &live.token) == "fresh"
                && self.revoked.iter().all(|(minted, _)| judge(&self.verifier, &minted.token) == "revoked")
        })
        .await;
        self.check();
    }
}

const SEEDS: u64 = 20;
const STEPS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_relay_makes_no_verifier_take_a_revoked_token_while_it_is_fresh() {
    let mut scenes = JoinSet::new();
    for seed in 0..SEEDS {
        scenes.spawn(async move {
            let mut scene = Scene::set(seed).await;
            for _ in 0..STEPS {
                scene.step().await;
            }
            let fresh = scene.fresh;
            scene.be_honest().await;
            println!("seed {seed}: fresh at {fresh} of {STEPS} looks, {} tokens revoked", scene.revoked.len());
            (seed % 2, fresh)
        });
    }
    let ended = scenes.join_all().await;
    for kind in 0..2 {
        let fresh: usize = ended.iter().filter(|(of, _)| *of == kind).map(|(_, fresh)| fresh).sum();
        assert!(fresh > 0, "verifiers that are never fresh show nothing");
    }
}
