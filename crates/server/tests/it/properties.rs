//! Refresh over HTTP against a model of the table: random interleavings, lost replies, retries and a thief, in both
//! delivery forms. What is sent at the same moment must have been answered as in *some* order.
//!
//! Held throughout: one live chain, no live session after reuse, and no session of a client with a retry key ended by
//! losses.

use crate::support::{GRACE, ISSUER, PASSWORD, Parts, REFRESH_COOKIE, Response, Setup, TestApp};
use countersign_core::session::SecretHash;
use countersign_core::{Source as _, Span, Time};
use countersign_jose::base64url;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Step {
    /// These present what they hold, all at the same moment.
    Present(Vec<Presenting>),
    Wait(Span),
    /// The thief copies what the owner holds; a retry key is kept where it can't be copied.
    Steal,
}

#[derive(Debug, Clone, Copy)]
struct Presenting {
    who: Who,
    form: Form,
    arrives: Arrives,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Owner,
    Thief,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Body,
    Cookie,
}

/// Whether the answer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrives {
    Yes,
    Lost,
}

/// Whether the owner sends retry keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RetryKeys {
    Sent,
    Never,
}

#[derive(Debug, Clone)]
struct Held {
    token: String,
    retry: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Token(u32),
    Refused,
}

/// The refresh table as the first-party API can meet it, from one network, in the words of DESIGN section 5.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Model {
    generation: u32,
    rotated_at: Option<Time>,
    retry: Option<String>,
    late_generation: u32,
    late_run: u32,
    ended: bool,
}

impl Model {
    const NEW: Self =
        Self { generation: 0, rotated_at: None, retry: None, late_generation: 0, late_run: 0, ended: false };

    fn present(&mut self, generation: u32, retry: Option<&str>, now: Time, policy: (Span, u32)) -> Answer {
        let (grace, forgiveness) = policy;
        let fresh = self.rotated_at.is_some_and(|rotated_at| now.since(rotated_at) < grace);
        if self.ended {
            return Answer::Refused;
        }
        if generation == self.generation {
            if !fresh {
                *self = Self {
                    generation: generation + 1,
                    rotated_at: Some(now),
                    retry: retry.map(str::to_owned),
                    ..self.clone()
                };
            }
            return Answer::Token(self.generation);
        }
        let repeats = generation + 1 == self.generation
            && match &self.retry {
                Some(key) => retry == Some(key.as_str()),
                None => fresh || self.forgives(forgiveness),
            };
        self.ended = !repeats;
        if repeats { Answer::Token(self.generation) } else { Answer::Refused }
    }

    /// Row 15: counts the generation, once.
    fn forgives(&mut self, forgiveness: u32) -> bool {
        let run = match self.generation - self.late_generation {
            0 if self.late_run > 0 => self.late_run,
            1 if self.late_run > 0 => self.late_run + 1,
            _ => 1,
        };
        if run > forgiveness {
            return false;
        }
        (self.late_generation, self.late_run) = (self.generation, run);
        true
    }
}

/// One session, its owner and its thief.
struct Play<'a> {
    app: &'a TestApp,
    retry_keys: RetryKeys,
    model: Model,
    owner: Held,
    thief: Option<Held>,
    /// The one token of each generation that was ever answered.
    chain: BTreeMap<u32, String>,
    keys_made: u64,
}

impl<'a> Play<'a> {
    async fn begin(app: &'a TestApp, retry_keys: RetryKeys) -> Self {
        let token = app.try_sign_in("ana", PASSWORD).await.tokens().refresh_token;
        let chain = BTreeMap::from([(0, token.clone())]);
        let owner = Held { token, retry: None };
        let mut play = Self { app, retry_keys, model: Model::NEW, owner, thief: None, chain, keys_made: 0 };
        play.owner.retry = play.fresh_key();
        play
    }

    fn fresh_key(&mut self) -> Option<String> {
        self.keys_made += 1;
        let random = SecretHash::of(&[&self.keys_made.to_be_bytes(), self.owner.token.as_bytes()].concat());
        (self.retry_keys == RetryKeys::Sent).then(|| base64url::encode(&random.as_bytes()[..16]))
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Wait(span) => self.app.clock().advance(*span),
            Step::Steal => self.thief = Some(Held { retry: None, ..self.owner.clone() }),
            Step::Present(presenting) => self.present(presenting).await,
        }
    }

    async fn present(&mut self, presenting: &[Presenting]) {
        let sent: Vec<(Presenting, Held)> = presenting
            .iter()
            .filter_map(|one| {
                Some((*one, if one.who == Who::Owner { self.owner.clone() } else { self.thief.clone()? }))
            })
            .collect();
        let requests = sent.iter().map(|(one, held)| self.request(*one, held));
        let answers: Vec<(Answer, Option<String>)> =
            join_all(requests).await.into_iter().map(|response| read(&response)).collect();

        let generations: Vec<_> = sent.iter().map(|(_, held)| Parts::of(&held.token).generation).collect();
        let matched = self.some_order(&sent, &generations, &answers).await;
        self.model =
            matched.unwrap_or_else(|| panic!("no order of {sent:?} explains {answers:?} from {:?}", self.model));

        for ((one, _), (answer, token)) in sent.iter().zip(answers) {
            let (Answer::Token(generation), Some(token)) = (answer, token) else { continue };
            let once = self.chain.entry(generation).or_insert_with(|| token.clone());
            assert_eq!(*once, token, "two chains");
            if one.arrives == Arrives::Lost {
                continue;
            }
            match one.who {
                // Of two answers the later one counts; they can't be further than one generation apart.
                Who::Owner if Parts::of(&self.owner.token).generation < generation => {
                    let retry = self.fresh_key();
                    self.owner = Held { token, retry };
                }
                Who::Thief => self.thief = Some(Held { token, retry: None }),
                Who::Owner => {}
            }
        }
    }

    async fn request(&self, one: Presenting, held: &Held) -> Response {
        let request = self.app.post("/api/v1/refresh");
        match (one.form, &held.retry) {
            (Form::Body, Some(retry)) => request.json(json!({ "refresh_token": held.token, "retry": retry })),
            (Form::Body, None) => request.json(json!({ "refresh_token": held.token })),
            (Form::Cookie, retry) => {
                let request = request.origin(ISSUER).cookie(REFRESH_COOKIE, &held.token);
                if let Some(retry) = retry { request.json(json!({ "retry": retry })) } else { request }
            }
        }
        .send()
        .await
    }

    /// The model after an order in which these answers, and what storage holds now, are right.
    async fn some_order(
        &self,
        sent: &[(Presenting, Held)],
        generations: &[u32],
        answers: &[(Answer, Option<String>)],
    ) -> Option<Model> {
        let session = Parts::of(&self.owner.token).session;
        let stored = self.stored(session).await;
        let policy = (self.app.setup().session.grace, self.app.setup().session.forgiveness);
        let now = self.app.clock().now();
        orders(sent.len()).into_iter().find_map(|order| {
            let mut model = self.model.clone();
            let explained = order.iter().all(|&at| {
                let retry = sent[at].1.retry.as_deref();
                model.present(generations[at], retry, now, policy) == answers[at].0
            });
            (explained && (model.generation, model.ended) == stored).then_some(model)
        })
    }

    async fn stored(&self, session: [u8; 16]) -> (u32, bool) {
        use countersign_core::store::SessionStore as _;
        let id = countersign_core::SessionId::from_bytes(session);
        let session = self.app.store().session(id).await.unwrap().expect("the session").session;
        (session.generation.0, session.ended.is_some())
    }
}

/// What was answered, and the refresh token in it, wherever it is.
fn read(response: &Response) -> (Answer, Option<String>) {
    if response.status == 401 {
        assert_eq!(response.problem_code(), "invalid_grant");
        return (Answer::Refused, None);
    }
    assert_eq!(response.status, 200, "{}", response.text());
    let token = match response.json()["refresh_token"].as_str() {
        Some(token) => token.to_owned(),
        None => response.set_cookie(REFRESH_COOKIE).value,
    };
    (Answer::Token(Parts::of(&token).generation), Some(token))
}

/// Every order of the first `count` numbers.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let insert = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, count - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..count).map(move |at| insert(order, at))).collect()
}

async fn join_all<F: Future<Output = Response>>(requests: impl Iterator<Item = F>) -> Vec<Response> {
    let mut running: Vec<_> = requests.map(|request| Box::pin(async { Some(request.await) })).collect();
    let mut answers: Vec<Option<Response>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (request, answer) in running.iter_mut().zip(&mut answers).filter(|(_, answer)| answer.is_none()) {
            if let std::task::Poll::Ready(ready) = request.as_mut().poll(context) {
                *answer = ready;
            }
        }
        if answers.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}

fn presenting(who: impl Strategy<Value = Who> + Clone) -> impl Strategy<Value = Step> {
    let form = prop_oneof![Just(Form::Body), Just(Form::Cookie)];
    let arrives = prop_oneof![3 => Just(Arrives::Yes), 2 => Just(Arrives::Lost)];
    let one = (who, form, arrives).prop_map(|(who, form, arrives)| Presenting { who, form, arrives });
    vec(one, 1..=3).prop_map(Step::Present)
}

fn waiting() -> impl Strategy<Value = Step> {
    let spans = [1, 4, 11, 60, 7_200].map(Span::from_seconds);
    proptest::sample::select(spans.to_vec()).prop_map(Step::Wait)
}

/// Sets up one server and plays `cases` random scenes on it.
fn check(setup: Setup, cases: u32, retry_keys: RetryKeys, step: impl Strategy<Value = Step>, losses_end: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let app = runtime.block_on(async {
        let app = setup.start().await;
        app.add_account("ana").await;
        app
    });
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
    let played = TestRunner::new(config).run(&vec(step, 1..24), |steps| {
        runtime.block_on(async {
            let mut play = Play::begin(&app, retry_keys).await;
            for step in &steps {
                play.step(step).await;
            }
            assert!(losses_end || !play.model.ended, "losses ended a session");
        });
        Ok(())
    });
    drop(app);
    if let Err(failure) = played {
        panic!("{failure}");
    }
}

fn with_thief() -> impl Strategy<Value = Step> {
    let who = prop_oneof![3 => Just(Who::Owner), 2 => Just(Who::Thief)];
    prop_oneof![5 => presenting(who), 3 => waiting(), 1 => Just(Step::Steal)]
}

fn without_thief() -> impl Strategy<Value = Step> {
    prop_oneof![2 => presenting(Just(Who::Owner)), 1 => waiting()]
}

#[test]
fn one_chain_and_no_life_after_reuse() {
    check(Setup::default(), 24, RetryKeys::Never, with_thief(), true);
}

#[test]
fn one_chain_and_no_life_after_reuse_without_grace() {
    check(Setup::default().grace(Span::ZERO), 16, RetryKeys::Never, with_thief(), true);
}

#[test]
fn with_retry_keys_a_thief_is_seen_at_the_first_collision() {
    check(Setup::default(), 16, RetryKeys::Sent, with_thief(), true);
}

#[test]
fn no_session_of_a_client_with_a_retry_key_is_ended_by_losses() {
    check(Setup::default(), 16, RetryKeys::Sent, without_thief(), false);
    check(Setup::default().grace(Span::ZERO), 16, RetryKeys::Sent, without_thief(), false);
}

#[test]
fn the_model_is_strict() {
    let policy = (GRACE, 2);
    let mut model = Model { generation: 5, rotated_at: Some(Time::from_millis(0)), ..Model::NEW };
    assert_eq!(model.present(3, None, Time::from_millis(1), policy), Answer::Refused);
    assert_eq!(model.present(5, None, Time::from_millis(1), policy), Answer::Refused);
    assert_eq!(orders(3).len(), 6);
}
