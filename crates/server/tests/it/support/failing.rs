//! A store that fails when a test says so: before a call does anything, or after it was committed and its answer lost.

use countersign_core::account::{Account, Login};
use countersign_core::audit::{AuditEvent, AuditFilter};
use countersign_core::client::{Client, ClientId};
use countersign_core::grant::{AuthorizedCode, Consent, PushedRequest};
use countersign_core::key_ring::{KeyRing, RingVersion};
use countersign_core::logout::PendingLogout;
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::revocation::{Revocation, RevocationSubject, Sequence};
use countersign_core::session::{SecretHash, Session, SessionState};
use countersign_core::store::{
    AccountStore, AddedResource, AuditStore, BeginEpoch, ChangeAccount, ChangeClientStatus, ChangeMark, ChangePassword,
    Changed, ClaimLogouts, ClientChanged, ClientStore, CodeSaved, CountLive, CountRepeat, CountedLive, Created,
    Deployment, DeploymentStore, EndSessions, EndedSessions, FeedPage, FindMachine, FoundMachine, Founded,
    GiveUpLogouts, GrantStore, Held, HoldSession, KeyStore, LogoutStore, NewAccount, OpenSession, Opened, Page, Paged,
    Published, PushRequest, RaiseAlarm, RedeemCode, Redemption, RegisterItself, Registered, RemoveClient,
    RemoveResource, ReplaceClientSecret, RequestPushed, ResourceStore, RevocationStore, RingChange, RotateSession,
    SaveCode, SessionFilter, SessionStore, SettleLogout, Store, StoreError, StoreFuture, Swap, Swept, UseClient,
    WriterFigures,
};
use countersign_core::{AccountId, Epoch, SessionId, Span, Time};
use countersign_jose::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{oneshot, watch};

/// The store of every test: a real one, with failures on demand.
pub(crate) struct FailingStore {
    inner: Arc<dyn Store>,
    failures: Mutex<Vec<Failure>>,
    held_back: Mutex<Vec<(&'static str, Turnstile)>>,
    calls: watch::Sender<BTreeMap<&'static str, u64>>,
}

/// One call that will fail.
struct Failure {
    method: &'static str,
    when: When,
}

/// An answer that was there and is held back: what the store says is old by the time it is heard.
pub(crate) struct HeldBack {
    there: oneshot::Receiver<()>,
    release: oneshot::Sender<()>,
}

/// The store's side of it.
struct Turnstile {
    there: oneshot::Sender<()>,
    released: oneshot::Receiver<()>,
}

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Nothing was done.
    Before,
    /// It is on disk, but nobody is told.
    After,
}

impl FailingStore {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, failures: Mutex::default(), held_back: Mutex::default(), calls: watch::Sender::default() }
    }

    /// Holds back what the next call of `method` answers, until it is let through.
    pub(crate) fn hold_back(&self, method: &'static str) -> HeldBack {
        let ((there, is_there), (release, released)) = (oneshot::channel(), oneshot::channel());
        self.held_back.lock().unwrap().push((method, Turnstile { there, released }));
        HeldBack { there: is_there, release }
    }

    /// Waits until `method` has been called so many times more.
    pub(crate) async fn called(&self, method: &'static str, times: u64) {
        let mut calls = self.calls.subscribe();
        let count = |calls: &BTreeMap<_, u64>| calls.get(method).copied().unwrap_or_default();
        let until = count(&calls.borrow()) + times;
        calls.wait_for(|calls| count(calls) >= until).await.expect("the store is there");
    }

    /// Lets the next call of `method` fail, once.
    pub(crate) fn fail(&self, method: &'static str, when: When) {
        self.failures.lock().unwrap().push(Failure { method, when });
    }

    /// Whether every failure that was asked for has happened.
    pub(crate) fn failed_as_told(&self) -> bool {
        self.failures.lock().unwrap().is_empty()
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        method: &'static str,
        act: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        self.calls.send_modify(|calls| *calls.entry(method).or_default() += 1);
        let due = {
            let mut failures = self.failures.lock().unwrap();
            let at = failures.iter().position(|failure| failure.method == method);
            at.map(|at| failures.remove(at).when)
        };
        let turnstile = {
            let mut held_back = self.held_back.lock().unwrap();
            let at = held_back.iter().position(|(held, _)| *held == method);
            at.map(|at| held_back.remove(at).1)
        };
        match due {
            None if let Some(turnstile) = turnstile => {
                let acting = act(&*self.inner);
                Box::pin(async move {
                    let answer = acting.await;
                    turnstile.there.send(()).ok();
                    turnstile.released.await.ok();
                    answer
                })
            }
            None => act(&*self.inner),
            Some(When::Before) => Box::pin(std::future::ready(Err(unavailable()))),
            Some(When::After) => {
                let acting = act(&*self.inner);
                Box::pin(async move { acting.await.and(Err(unavailable())) })
            }
        }
    }
}

impl HeldBack {
    /// Waits until the answer is there, lets `meanwhile` happen, and lets it through.
    pub(crate) async fn while_held(self, meanwhile: impl Future<Output = ()>) {
        self.there.await.expect("the call is made");
        meanwhile.await;
        self.release.send(()).expect("the caller waits");
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { doing: "what the test made fail", source: "the test made it fail".into() }
}

macro_rules! delegate {
    ($($store:ident { $($method:ident($($argument:ident: $type:ty),*) -> $outcome:ty;)* $(= $more:item)? })*) => {
        $(impl $store for FailingStore {
            $($more)?
            $(fn $method(&self, $($argument: $type),*) -> StoreFuture<'_, $outcome> {
                self.call(stringify!($method), move |store| store.$method($($argument),*))
            })*
        })*
    };
}

delegate! {
    AccountStore {
        create_account(new: NewAccount) -> Created;
        account_by_login(login: &Login) -> Option<Account>;
        account(id: AccountId) -> Option<Account>;
        accounts(page: Page) -> Paged<Account>;
        change_password(change: ChangePassword) -> Changed;
        change_account(change: ChangeAccount) -> Changed;
    }
    SessionStore {
        open_session(open: OpenSession) -> Opened;
        session(id: SessionId) -> Option<SessionState>;
        machine(find: FindMachine) -> FoundMachine;
        hold_session(hold: HoldSession) -> Held;
        count_repeat(count: CountRepeat) -> Swap;
        rotate_session(rotate: RotateSession) -> Swap;
        end_sessions(end: EndSessions) -> EndedSessions;
        sessions(filter: SessionFilter, page: Page) -> Paged<Session>;
        count_live(count: CountLive) -> CountedLive;
    }
    ClientStore {
        register_client(client: Client, audit: AuditEvent) -> Registered;
        register_itself(register: RegisterItself) -> Registered;
        use_client(used: UseClient) -> Swap;
        client(id: &ClientId) -> Option<Client>;
        clients(page: Page) -> Paged<Client>;
        client_refused_until(id: &ClientId) -> Option<Timestamp>;
        replace_client_secret(replace: ReplaceClientSecret) -> Swap;
        change_client_status(change: ChangeClientStatus) -> ClientChanged;
        remove_client(remove: RemoveClient) -> ClientChanged;
    }
    ResourceStore {
        add_resource(resource: Resource, audit: AuditEvent) -> AddedResource;
        resource(uri: &ResourceUri) -> Option<Resource>;
        resources(page: Page) -> Paged<Resource>;
        longest_lifetime() -> Option<Span>;
        remove_resource(remove: RemoveResource) -> Swap;
    }
    GrantStore {
        save_code(save: SaveCode) -> CodeSaved;
        push_request(push: PushRequest) -> RequestPushed;
        pushed_request(hash: SecretHash) -> Option<PushedRequest>;
        begin_pushed_request(hash: SecretHash, expires_at: Time) -> ();
        code(hash: SecretHash) -> Option<AuthorizedCode>;
        redeem_code(redeem: RedeemCode) -> Redemption;
        consent(account: AccountId, client: &ClientId, audience: &ResourceUri) -> Option<Consent>;
        save_consent(consent: Consent, audit: AuditEvent) -> ();
    }
    LogoutStore {
        claim_logouts(claim: ClaimLogouts) -> Vec<PendingLogout>;
        settle_logout(settle: SettleLogout) -> Swap;
        give_up_logouts(give_up: GiveUpLogouts) -> u64;
        logouts_waiting() -> u64;
    }
    KeyStore {
        key_ring() -> KeyRing;
        ring_version() -> RingVersion;
        change_ring(change: RingChange) -> Swap;
    }
    RevocationStore {
        publish_revocations(revocations: Vec<Revocation>, audit: AuditEvent) -> Published;
        last_sequence() -> Sequence;
        feed_after(after: Sequence, limit: u16) -> FeedPage;
        changed(seen: Option<ChangeMark>) -> ChangeMark;
        begin_epoch(begin: BeginEpoch) -> EndedSessions;
        is_revoked(subjects: Vec<RevocationSubject>) -> bool;
        forget_revocations(now: Timestamp) -> u64;
    }
    AuditStore {
        record(event: AuditEvent) -> ();
        raise_alarm(alarm: RaiseAlarm) -> ();
        audit(filter: AuditFilter, page: Page) -> Paged<AuditEvent>;
        forget_audit(before: Time) -> u64;
    }
    DeploymentStore {
        deployment() -> Option<Deployment>;
        found(issuer: &str, epoch: Epoch, now: Time) -> Founded;
        change_issuer(from: &str, to: &str) -> Swap;
        probe() -> ();
        sweep(now: Time) -> Swept;
        = fn figures(&self) -> Option<WriterFigures> {
            self.inner.figures()
        }
    }
}
