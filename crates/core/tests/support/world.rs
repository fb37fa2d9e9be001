//! A session to refresh in, a token to present, and what came of it.

use super::memory::MemoryStore;
use super::turns::alone;
use countersign_core::account::{AccountStatus, PasswordPolicy, Roles};
use countersign_core::client::{
    Client, ClientAuthentication, ClientId, ClientKind, ClientLogout, ClientOrigin, ClientStatus, RotationPolicy,
};
use countersign_core::key_ring::MacKeyId;
use countersign_core::ops::{IssuedRefresh, Policies, Refresh, Refreshed};
use countersign_core::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::session::{
    AccountStanding, EpochCause, Generation, Judgement, Networks, Presentation, Proof, Refusal, Row, Run, SecretHash,
    Session, SessionSecret, SessionState, StorageEpoch,
};
use countersign_core::store::StoreError;
use countersign_core::token::{ClaimMapping, MacStanding, OpenedRefreshToken};
use countersign_core::{AccountId, Draw, Epoch, Network, SessionId, Span, Time, TokenId};
use countersign_jose::Algorithm;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const SESSION: SessionId = SessionId::from_bytes([4; 16]);
pub(crate) const EPOCH: Epoch = Epoch::new(1, [1; 10]);
pub(crate) const NOW: Time = Time::from_millis(1_800_000_000_000);
pub(crate) const SECOND: Span = Span::from_seconds(1);
pub(crate) const MINUTE: Span = Span::from_seconds(60);
pub(crate) const HOUR: Span = Span::from_seconds(3_600);

/// Where the session's owner is.
pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// An address in another network for each number.
pub(crate) const fn elsewhere(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(198, 51, number, 9))
}

pub(crate) fn secret(number: u8) -> SessionSecret {
    SessionSecret::from_bytes([number; 16])
}

/// A token arriving at a session, to be judged.
pub(crate) struct Case {
    pub(crate) state: SessionState,
    pub(crate) presented: Presentation,
    pub(crate) policy: SessionPolicy,
    pub(crate) now: Time,
}

impl Case {
    /// A session at the built-in client that stands at generation `current`, rotated an hour ago from [`HOME`]; its
    /// token of generation `presented` arrives from there, without a retry key.
    pub(crate) fn of(current: u32, presented: u32) -> Self {
        Self {
            state: state(current, ClientId::first_party()),
            presented: token(presented, ClientId::first_party()),
            policy: SessionPolicy::default(),
            now: NOW,
        }
    }

    /// The same at a registered client.
    pub(crate) fn at(client: Client, current: u32, presented: u32) -> Self {
        let id = client.id.clone();
        let state = SessionState { client: Some(client), ..state(current, id.clone()) };
        Self { state, presented: token(presented, id), ..Self::of(0, 0) }
    }

    /// With the last rotation this long ago.
    pub(crate) fn rotated(mut self, ago: Span) -> Self {
        self.state.session.rotated_at = Some(self.now - ago);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn judge(&self) -> Judgement {
        self.state.judge(&self.presented, &self.policy, self.now)
    }

    pub(crate) fn row(&self) -> Row {
        self.judge().row
    }

    /// As a world in which the operation can run.
    pub(crate) fn into_world(self) -> (World, Presentation) {
        let store = MemoryStore::new();
        {
            let mut kept = store.kept();
            kept.epoch = self.state.epoch;
            kept.account = self.state.account;
            kept.clients = self.state.client.into_iter().collect();
            kept.resources = self.state.resource.into_iter().collect();
            kept.sessions.insert(SESSION, self.state.session);
        }
        (World { store, policies: policies(self.policy), now: self.now, draws: 0 }, self.presented)
    }
}

/// A registered client: public, rotation on, no overlap.
pub(crate) fn client(id: &str) -> Client {
    Client {
        id: ClientId::parse(id).unwrap(),
        name: None,
        kind: ClientKind::Machine,
        origin: ClientOrigin::Operator,
        authentication: ClientAuthentication::Public,
        scopes: ScopeSet::default(),
        resources: [].into(),
        logout: ClientLogout::default(),
        redirect_uris: [].into(),
        requires_pushed_requests: false,
        rotation: RotationPolicy::On,
        overlap: Span::ZERO,
        status: ClientStatus::Active,
        created_at: NOW - HOUR,
    }
}

/// A client with a secret, registered as such clients are by default.
pub(crate) fn confidential(id: &str) -> Client {
    let authentication = ClientAuthentication::SecretBasic(SecretHash::of(b"secret"));
    Client { authentication, rotation: RotationPolicy::UnlessProven, ..client(id) }
}

pub(crate) fn token(generation: u32, client: ClientId) -> Presentation {
    Presentation {
        token: OpenedRefreshToken {
            session: SESSION,
            secret: secret(5),
            generation: Generation(generation),
            mac_key: MacKeyId(1),
            standing: MacStanding::Trusted,
        },
        client,
        proof: Proof::Absent,
        retry: None,
        scope: None,
        resource: None,
        address: HOME,
        request: "request-2".to_owned(),
    }
}

fn state(current: u32, client: ClientId) -> SessionState {
    let rotated_at = (current > 0).then_some(NOW - HOUR);
    let account =
        AccountStanding { status: AccountStatus::Active, roles: Roles::default(), attributes: BTreeMap::default() };
    SessionState {
        session: Session {
            id: SESSION,
            account: Some(AccountId::from_bytes([9; 16])),
            client,
            parent: None,
            secret_hash: secret(5).hash(),
            replaced_hash: None,
            generation: Generation(current),
            rotated_at,
            rotated_by: rotated_at.map(|_| "request-1".to_owned()),
            late: Run::default(),
            foreign: Run::default(),
            retry_hash: None,
            networks: Networks::of(rotated_at.map(|_| Network::of(HOME))),
            created_at: NOW - HOUR - HOUR,
            authenticated_at: NOW - HOUR - HOUR,
            idle_expires_at: NOW + Span::from_days(14),
            absolute_expires_at: NOW + Span::from_days(90),
            last_token_expires_at: NOW - HOUR,
            jkt: None,
            scope: ScopeSet::default(),
            audience: ResourceUri::parse(ISSUER).unwrap(),
            label: None,
            address: Some(HOME),
            storage_epoch: EPOCH,
            ended: None,
        },
        account: Some(account),
        client: None,
        resource: None,
        epoch: StorageEpoch { id: EPOCH, cause: EpochCause::Fresh },
    }
}

fn policies(session: SessionPolicy) -> Policies {
    let issuer = ISSUER.to_owned();
    let token = TokenPolicy {
        issuer,
        algorithm: Algorithm::Es256,
        access_lifetime: Span::from_seconds(600),
        claims: ClaimMapping::default(),
    };
    Policies { token, session, key: KeyPolicy::default(), password: PasswordPolicy::default() }
}

/// A store with one session in it, and a clock moved by hand.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) policies: Policies,
    pub(crate) now: Time,
    draws: u64,
}

/// What was answered, as far as the tests compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A fresh access token and the refresh token that was presented.
    Same(Row),
    /// A fresh access token and the refresh token of this generation.
    Token(Row, Generation),
    /// No token.
    Refused(Row, Refusal),
    /// 503: the race was lost again and again.
    Contended,
}

impl World {
    /// Runs one refresh alone.
    pub(crate) fn refresh(&mut self, presented: Presentation) -> Result<Answer, StoreError> {
        self.answer(presented).map(|refreshed| answer(&refreshed))
    }

    /// The same, with all that was answered.
    pub(crate) fn answer(&mut self, presented: Presentation) -> Result<Refreshed, StoreError> {
        let draw = self.draw();
        alone(Refresh { presented }.run(&self.store, &self.policies, &draw))
    }

    /// An operation's share of time and randomness; no two are alike.
    pub(crate) fn draw(&mut self) -> Draw {
        self.draws += 1;
        let fresh = (u128::from(self.draws) | 1 << 100).to_be_bytes();
        Draw {
            now: self.now,
            jti: TokenId::from_bytes(fresh),
            session_id: SessionId::from_bytes(fresh),
            session_secret: SessionSecret::from_bytes(fresh),
            account_id: AccountId::from_bytes(fresh),
            secret: Zeroizing::new([0; 32]),
            epoch_id: Epoch::new(self.now.as_millis(), [0; 10]),
            salt: fresh,
            nonce: [0; 12],
        }
    }

    /// The session as it stands.
    pub(crate) fn session(&self) -> Session {
        self.store.kept().sessions[&SESSION].clone()
    }

    /// The names of what the audit log tells.
    pub(crate) fn told(&self) -> Vec<String> {
        self.store.kept().audit.iter().map(|event| event.what.clone()).collect()
    }
}

pub(crate) fn answer(refreshed: &Refreshed) -> Answer {
    match refreshed {
        Refreshed::Issued(row, issue) => match issue.refresh {
            IssuedRefresh::Same => Answer::Same(*row),
            IssuedRefresh::Token { generation, .. } => Answer::Token(*row, generation),
        },
        Refreshed::Refused(row, refusal) => Answer::Refused(*row, *refusal),
        Refreshed::Contended => Answer::Contended,
    }
}
