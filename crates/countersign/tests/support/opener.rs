//! Opens sessions beside a server, through the same store and keys: what tests and benchmarks refresh.

use countersign_core::account::password::PasswordHash;
use countersign_core::account::{Login, Password, Roles};
use countersign_core::audit::Actor;
use countersign_core::key_ring::{MasterKey, OpenKeyRing, StorageKey};
use countersign_core::ops::{
    HashingError, HashingFuture, IssuedRefresh, Origin, PasswordHashing, Policies, SignIn, SignUp, SignedIn,
};
use countersign_core::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use countersign_core::scope::ScopeSet;
use countersign_core::store::Store;
use countersign_core::{Draw, Span};
use countersign_server::SystemSource;
use std::sync::Arc;

/// Fewer than a hundred sessions each, so that none ends for being too many.
const ACCOUNTS: usize = 4;

/// Sessions are opened by the real operation; only Argon2id, which is not what is looked at, is left out.
struct NoHashing;

impl PasswordHashing for NoHashing {
    fn hash(&self, _: Password, _: [u8; 16]) -> HashingFuture<'_, PasswordHash> {
        Box::pin(async { Ok(PasswordHash::of_nobody()) })
    }

    fn matches(&self, _: PasswordHash, _: Password) -> HashingFuture<'_, bool> {
        Box::pin(async { Ok::<_, HashingError>(true) })
    }
}

/// See the module.
pub struct Opener {
    pub store: Arc<dyn Store>,
    source: SystemSource,
    storage_key: StorageKey,
    ring: OpenKeyRing,
    policies: Policies,
}

impl Opener {
    /// Over the store of a server that has been started once.
    pub async fn new(store: Arc<dyn Store>, master: &MasterKey, issuer: &str) -> Self {
        let ring = store.key_ring().await.unwrap();
        let storage_key = ring.storage_key(master).unwrap();
        let ring = OpenKeyRing::open(&ring, &storage_key, issuer).unwrap();
        let policies = policies(issuer);
        Self { store, source: SystemSource::new(), storage_key, ring, policies }
    }

    /// Makes the accounts that sessions are opened for; once.
    pub async fn accounts(&self) {
        for account in 0..ACCOUNTS {
            self.account(&format!("client-{account}"), "").await;
        }
    }

    /// Makes one account, with these roles.
    pub async fn account(&self, login: &str, roles: &str) {
        let sign_up = SignUp {
            login: Login::parse(login).unwrap(),
            email: None,
            name: None,
            roles: Roles::parse(roles).unwrap(),
            password: Some(Password::typed("a long enough phrase").unwrap()),
            actor: Actor::named("test"),
        };
        let draw = Draw::from(&self.source);
        sign_up.run(&*self.store, &NoHashing, &self.storage_key, &self.policies, &draw).await.unwrap();
    }

    /// Opens a session, and gives its first refresh token.
    pub async fn session(&self, client: usize) -> String {
        self.session_of(&format!("client-{}", client % ACCOUNTS)).await
    }

    /// Opens a session of that account, whatever its password, and gives its first refresh token.
    pub async fn session_of(&self, login: &str) -> String {
        let sign_in = SignIn {
            login: login.to_owned(),
            password: Password::typed("a long enough phrase").unwrap(),
            resource: None,
            scope: ScopeSet::default(),
            label: None,
            origin: Origin { address: [127, 0, 0, 1].into(), request: "test".to_owned() },
        };
        let draw = Draw::from(&self.source);
        let signed_in = sign_in.run(&*self.store, &NoHashing, &self.storage_key, &self.policies, &draw).await;
        let SignedIn::Issued(issue) = signed_in.unwrap() else { panic!("no session") };
        let IssuedRefresh::Token { session, secret, generation } = issue.refresh else { panic!("no refresh token") };
        self.ring.mac_keys.issue(session, &secret, generation).unwrap().to_string()
    }
}

/// The defaults, under this issuer.
pub fn policies(issuer: &str) -> Policies {
    let token = TokenPolicy {
        issuer: issuer.to_owned(),
        algorithm: countersign_jose::Algorithm::Es256,
        access_lifetime: Span::from_seconds(600),
        claims: Default::default(),
    };
    Policies { token, session: SessionPolicy::default(), key: KeyPolicy::default(), password: Default::default() }
}
