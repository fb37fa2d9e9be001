//! What users and operators do, as verbs.

use super::app::{ISSUER, TestApp, mapping, master_key};
use super::client::{Request, Response, Tokens};
use countersign_core::account::{Account, AccountStatus, Login, Password, PasswordPolicy, Role, Roles};
use countersign_core::audit::{Actor, AuditEvent, AuditFilter};
use countersign_core::key_ring::{KeyRing, StorageKey};
use countersign_core::limits::SESSIONS_PER_ACCOUNT_MAX;
use countersign_core::ops::{
    ChangeAttribute, ChangeRole, ChangeStatus, HashInPlace, InvalidAttribute, KeyRingChanged, Policies, RotateKeys,
    SignUp, SignedUp,
};
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::session::{End, EndReason, Session};
use countersign_core::store::{
    AccountStore as _, AuditStore as _, EndSessions, KeyStore as _, OpenSession, Opened, Page, ResourceStore as _,
    SessionFilter, SessionStore as _, Store, Which,
};
use countersign_core::{Draw, Source as _, Span};
use serde_json::json;

/// What everybody's password is.
pub(crate) const PASSWORD: &str = "nine herons over a cold harbour";

/// The refresh cookie where the issuer is plain HTTP on loopback.
pub(crate) const REFRESH_COOKIE: &str = "countersign-refresh";
/// The access cookie there.
pub(crate) const ACCESS_COOKIE: &str = "countersign";

impl TestApp {
    /// Makes an account, as an administrator does.
    pub(crate) async fn add_account(&self, login: &str) {
        let sign_up = SignUp {
            login: Login::parse(login).unwrap(),
            email: None,
            name: None,
            roles: Roles::default(),
            password: Some(Password::typed(PASSWORD).unwrap()),
            actor: Actor::named("test"),
        };
        let (storage_key, policies, draw) = (self.storage_key().await, self.policies(), self.draw());
        let signed_up = sign_up.run(self.store(), &HashInPlace, &storage_key, &policies, &draw).await.unwrap();
        assert!(matches!(signed_up, SignedUp::Created(_)));
    }

    /// Signs in with tokens in the body; makes the account if there is none.
    pub(crate) async fn sign_in(&self, login: &str) -> Tokens {
        if self.store().account_by_login(&Login::parse(login).unwrap()).await.unwrap().is_none() {
            self.add_account(login).await;
        }
        self.try_sign_in(login, PASSWORD).await.tokens()
    }

    pub(crate) async fn try_sign_in(&self, login: &str, password: &str) -> Response {
        self.post("/api/v1/sign-in").json(json!({ "login": login, "password": password })).send().await
    }

    /// Signs in with tokens in cookies; makes the account if there is none.
    pub(crate) async fn sign_in_with_cookies(&self, login: &str) -> Response {
        if self.store().account_by_login(&Login::parse(login).unwrap()).await.unwrap().is_none() {
            self.add_account(login).await;
        }
        let body = json!({ "login": login, "password": PASSWORD, "delivery": "cookie" });
        self.post("/api/v1/sign-in").origin(ISSUER).json(body).send().await
    }

    pub(crate) async fn refresh(&self, tokens: &Tokens) -> Response {
        self.refresh_with(&tokens.refresh_token).await
    }

    pub(crate) async fn refresh_with(&self, refresh_token: &str) -> Response {
        self.refresh_request(refresh_token).send().await
    }

    pub(crate) fn refresh_request(&self, refresh_token: &str) -> Request {
        self.post("/api/v1/refresh").json(json!({ "refresh_token": refresh_token }))
    }

    pub(crate) async fn refresh_with_retry_key(&self, tokens: &Tokens, retry: &str) -> Response {
        let body = json!({ "refresh_token": tokens.refresh_token, "retry": retry });
        self.post("/api/v1/refresh").json(body).send().await
    }

    /// As a page of the issuer does.
    pub(crate) async fn refresh_by_cookie(&self, refresh_token: &str) -> Response {
        self.post("/api/v1/refresh").origin(ISSUER).cookie(REFRESH_COOKIE, refresh_token).send().await
    }

    pub(crate) async fn me(&self, tokens: &Tokens) -> Response {
        self.get("/api/v1/me").bearer(&tokens.access_token).send().await
    }

    pub(crate) async fn sign_out(&self, tokens: &Tokens) -> Response {
        self.post("/api/v1/sign-out").bearer(&tokens.access_token).send().await
    }

    /// Refreshes, with more than the grace period since the last rotation.
    pub(crate) async fn refresh_later(&self, tokens: &Tokens) -> Tokens {
        self.clock().advance(super::app::GRACE + super::app::SECOND);
        self.refresh(tokens).await.tokens()
    }

    pub(crate) async fn session(&self, tokens: &Tokens) -> Session {
        let id = tokens.session_id.parse().unwrap();
        self.store().session(id).await.unwrap().expect("the session").session
    }

    /// Why the session ended, if it did.
    pub(crate) async fn end_reason(&self, tokens: &Tokens) -> Option<&'static str> {
        self.session(tokens).await.ended.map(|ended| ended.end.reason.code())
    }

    pub(crate) async fn account(&self, login: &str) -> Account {
        self.store().account_by_login(&Login::parse(login).unwrap()).await.unwrap().expect("the account")
    }

    pub(crate) async fn set_status(&self, login: &str, status: AccountStatus) {
        let account = self.account(login).await;
        ChangeStatus(status).run(&account, Actor::named("test"), self.store(), &self.draw()).await.unwrap();
    }

    pub(crate) async fn add_role(&self, login: &str, role: &str) {
        let account = self.account(login).await;
        let change = ChangeRole::Add(Role::parse(role).unwrap());
        change.run(&account, Actor::named("test"), self.store(), &self.draw()).await.unwrap().unwrap();
    }

    pub(crate) async fn remove_role(&self, login: &str, role: &str) {
        let account = self.account(login).await;
        let change = ChangeRole::Remove(Role::parse(role).unwrap());
        change.run(&account, Actor::named("test"), self.store(), &self.draw()).await.unwrap().unwrap();
    }

    /// As `countersign account set` does.
    pub(crate) async fn set_attribute(&self, login: &str, name: &str, value: &str) -> Result<(), InvalidAttribute> {
        let account = self.account(login).await;
        let change = ChangeAttribute { name: name.to_owned(), value: value.to_owned() };
        let (policies, draw) = (self.policies(), self.draw());
        let changed = change.run(&account, Actor::named("test"), self.store(), &policies, &draw).await;
        changed.unwrap().map(|_| ())
    }

    /// A resource that has these custom claims in place of those of the configuration.
    pub(crate) async fn add_resource_with_claims(&self, uri: &str, claims: &[&str]) {
        let now = self.clock().now();
        let resource = Resource::new(ResourceUri::parse(uri).unwrap(), [], None, now).unwrap();
        let resource = Resource { claims: Some(mapping(claims)), ..resource };
        let audit = AuditEvent::new(now, "resource.added", Actor::named("test"));
        self.store().add_resource(resource, audit).await.unwrap();
    }

    pub(crate) async fn add_resource(&self, uri: &str, scopes: &[&str]) {
        self.add_resource_for(uri, scopes, None).await;
    }

    pub(crate) async fn change_password(&self, tokens: &Tokens, new: &str) -> Response {
        let body = json!({ "current_password": PASSWORD, "new_password": new });
        self.request("PUT", "/api/v1/me/password").bearer(&tokens.access_token).json(body).send().await
    }

    /// Ends a session through another store on the same file, as a command beside the server does.
    pub(crate) async fn end_by_hand(&self, store: &dyn Store, tokens: &Tokens) {
        let which = Which::One(tokens.session_id.parse().unwrap());
        let end = End::by(EndReason::Administrator, "a command");
        store.end_sessions(EndSessions { which, end, audit: None, now: self.clock().now() }).await.unwrap();
    }

    /// A resource whose tokens live this long.
    pub(crate) async fn add_resource_for(&self, uri: &str, scopes: &[&str], lifetime: Option<Span>) {
        let now = self.clock().now();
        let resource = Resource::new(ResourceUri::parse(uri).unwrap(), scopes.iter().copied(), lifetime, now).unwrap();
        let audit = AuditEvent::new(now, "resource.added", Actor::named("test"));
        self.store().add_resource(resource, audit).await.unwrap();
    }

    /// Opens so many more sessions beside the newest, as signing in would, without the password's cost.
    pub(crate) async fn open_sessions(&self, login: &str, count: u32) {
        let account = self.account(login).await;
        let filter = SessionFilter { account: Some(account.id), ..SessionFilter::default() };
        let newest = self.store().sessions(filter, Page::new(1, None)).await.unwrap().items.remove(0);
        for _ in 0..count {
            let draw = self.draw();
            let (id, now) = (draw.session_id, draw.now);
            let session = Session { id, created_at: now, rotated_at: None, ended: None, ..newest.clone() };
            let audit = AuditEvent::new(now, "session.opened", Actor::named("test")).of_session(id);
            let (floor, live_max) = (Some(account.sessions_floor), SESSIONS_PER_ACCOUNT_MAX);
            let opened = self.store().open_session(OpenSession { session, floor, live_max, audit, now }).await;
            assert_eq!(opened.unwrap(), Opened::Opened);
        }
    }

    /// Every event whose name begins so, the newest first.
    pub(crate) async fn audit(&self, what: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { what: Some(what.to_owned()), ..AuditFilter::default() };
        let (mut page, mut events) = (Page::first(), Vec::new());
        loop {
            let found = self.store().audit(filter.clone(), page).await.unwrap();
            events.extend(found.items);
            match found.next {
                Some(next) => page = Page::new(u16::MAX, Some(next)),
                None => return events,
            }
        }
    }

    /// Makes another MAC key, as `countersign key rotate --mac` does, and waits until the server has taken it up.
    pub(crate) async fn rotate_mac(&self) {
        let changed = self.key_care(&master_key()).rotate_mac().await.unwrap();
        assert!(matches!(changed, KeyRingChanged::MacRotated(_)));
        self.key_ring_taken_up().await;
    }

    /// Lets another key sign at once, as `countersign key rotate --now` does, and waits until the server has taken it up.
    pub(crate) async fn rotate_key(&self) {
        let changed = self.key_care(&master_key()).rotate(true).await.unwrap();
        assert!(matches!(changed, KeyRingChanged::Rotated(_)));
        self.key_ring_taken_up().await;
    }

    /// Distrusts a MAC key, as `countersign key revoke --mac` does.
    pub(crate) async fn distrust_mac(&self, id: u8, end_sessions: bool) {
        let id = countersign_core::key_ring::MacKeyId(id);
        let changed = self.key_care(&master_key()).distrust_mac(id, end_sessions).await.unwrap();
        assert!(matches!(changed, KeyRingChanged::Revoked(_)));
        self.key_ring_taken_up().await;
    }

    /// The server asks again and again which ring there is: at the second question it has taken up what the first told.
    async fn key_ring_taken_up(&self) {
        self.store().called("ring_version", 2).await;
    }

    fn key_care<'a>(&'a self, master: &'a countersign_core::key_ring::MasterKey) -> RotateKeys<'a> {
        RotateKeys {
            store: self.store(),
            source: self.clock(),
            master,
            policy: countersign_server::ring_policy(&self.policies()),
            actor: Actor::named("test"),
        }
    }

    pub(crate) async fn key_ring(&self) -> KeyRing {
        self.store().key_ring().await.unwrap()
    }

    async fn storage_key(&self) -> StorageKey {
        self.key_ring().await.storage_key(&master_key()).unwrap()
    }

    pub(crate) fn draw(&self) -> Draw {
        Draw::from(self.clock())
    }

    pub(crate) fn policies(&self) -> Policies {
        let setup = self.setup();
        Policies {
            token: setup.token.clone(),
            session: setup.session,
            key: setup.key,
            password: PasswordPolicy::with_blocklist(""),
        }
    }
}
