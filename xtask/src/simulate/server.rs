//! One session in memory, judged by the real rule, with the writes that the operation would commit.

use super::{START, WEEK};
use countersign_core::account::{AccountStatus, Roles};
use countersign_core::client::ClientId;
use countersign_core::key_ring::MacKeyId;
use countersign_core::policy::SessionPolicy;
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::session::{
    AccountStanding, End, EndReason, Ended, EpochCause, Generation, Networks, Presentation, Proof, Row, Run, RunKind,
    Session, SessionSecret, SessionState, StorageEpoch, Verdict,
};
use countersign_core::token::{MacStanding, OpenedRefreshToken};
use countersign_core::{AccountId, Epoch, Network, SessionId, Span, Time};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

const SESSION: SessionId = SessionId::from_bytes([4; 16]);
const SECRET: [u8; 16] = [5; 16];
const EPOCH: Epoch = Epoch::new(1, [1; 10]);

/// What ends a session besides the rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Detection {
    /// Nothing.
    ByRule,
    /// More late generations in a day than this, whether or not in a row: what the run replaced.
    Daily { forgiven: u32 },
}

/// The session and its rule.
pub(super) struct Server {
    state: SessionState,
    policy: SessionPolicy,
    detection: Detection,
    late_today: (u64, u32),
}

impl Server {
    pub(super) fn new(policy: SessionPolicy, detection: Detection) -> Self {
        Self { state: opened(), policy, detection, late_today: (0, 0) }
    }

    pub(super) fn is_live(&self) -> bool {
        self.state.session.ended.is_none()
    }

    pub(super) fn ended_at(&self) -> Option<Time> {
        self.state.session.ended.as_ref().map(|ended| ended.at)
    }

    /// Judges a presented token and writes what follows; the generation of the token that is answered.
    pub(super) fn present(&mut self, generation: Generation, address: IpAddr, now: Time) -> Option<Generation> {
        let presented = presentation(generation, address);
        let judgement = self.state.judge(&presented, &self.policy, now);
        let session = &mut self.state.session;
        match judgement.verdict {
            Verdict::Refuse(_) => None,
            Verdict::End(end) => {
                session.ended = Some(Ended { end, at: now });
                None
            }
            Verdict::Keep { .. } => Some(generation),
            Verdict::Repeat { count } => {
                match count.map(|count| (count.kind, count.to)) {
                    Some((RunKind::Late, to)) => session.late = to,
                    Some((RunKind::Foreign, to)) => session.foreign = to,
                    None => {}
                }
                if judgement.row == Row::Late && count.is_some() && self.is_too_often(now) {
                    self.state.session.ended = Some(Ended { end: End::of(EndReason::Reused), at: now });
                    return None;
                }
                Some(self.state.session.generation)
            }
            Verdict::Rotate { to, .. } => {
                session.generation = to;
                session.rotated_at = Some(now);
                session.networks = session.networks.with(Network::of(address));
                Some(to)
            }
        }
    }

    /// Counts a late generation against the day's allowance, where there is one.
    fn is_too_often(&mut self, now: Time) -> bool {
        let Detection::Daily { forgiven } = self.detection else { return false };
        let day = now.since(START).as_seconds() / Span::from_days(1).as_seconds();
        let before = if self.late_today.0 == day { self.late_today.1 } else { 0 };
        self.late_today = (day, before + 1);
        before + 1 > forgiven
    }
}

fn presentation(generation: Generation, address: IpAddr) -> Presentation {
    Presentation {
        token: OpenedRefreshToken {
            session: SESSION,
            secret: SessionSecret::from_bytes(SECRET),
            generation,
            mac_key: MacKeyId(1),
            standing: MacStanding::Trusted,
        },
        client: ClientId::first_party(),
        proof: Proof::Absent,
        retry: None,
        scope: None,
        resource: None,
        address,
        request: String::new(),
    }
}

fn opened() -> SessionState {
    #[expect(clippy::expect_used, reason = "this is a URI")]
    let audience = ResourceUri::parse("https://auth.example.com").expect("a URI");
    SessionState {
        session: Session {
            id: SESSION,
            account: Some(AccountId::from_bytes([9; 16])),
            client: ClientId::first_party(),
            parent: None,
            secret_hash: SessionSecret::from_bytes(SECRET).hash(),
            replaced_hash: None,
            generation: Generation(0),
            rotated_at: None,
            rotated_by: None,
            late: Run::default(),
            foreign: Run::default(),
            retry_hash: None,
            networks: Networks::default(),
            created_at: START,
            authenticated_at: START,
            idle_expires_at: START + WEEK + WEEK,
            absolute_expires_at: START + WEEK + WEEK,
            last_token_expires_at: START,
            jkt: None,
            scope: ScopeSet::default(),
            audience,
            label: None,
            address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            storage_epoch: EPOCH,
            ended: None,
        },
        account: Some(AccountStanding {
            status: AccountStatus::Active,
            roles: Roles::default(),
            attributes: BTreeMap::new(),
        }),
        client: None,
        resource: None,
        epoch: StorageEpoch { id: EPOCH, cause: EpochCause::Fresh },
    }
}
