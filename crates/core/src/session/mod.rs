//! Sessions: one sign-in of one account at one client, and the one token family that it has (`sid`).

mod ending;
mod judgement;
mod lifetime;
mod rotation;

pub use ending::{End, EndReason, Ended};
pub use judgement::{Alarm, Count, Judgement, Presentation, Proof, Refusal, Row, RunKind, Verdict};
pub use lifetime::{Lifetime, minted_until};

use crate::account::{AccountStatus, Roles};
use crate::client::{Client, ClientId};
use crate::draw::Draw;
use crate::ids::{AccountId, SessionId};
use crate::limits::NETWORKS_MAX;
use crate::network::Network;
use crate::resource::{Resource, ResourceUri};
use crate::scope::ScopeSet;
use crate::time::Time;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use countersign_jose::base64url;
use countersign_revocation::Epoch;
use std::collections::BTreeMap;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// A session as storage holds it (docs/refresh.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `sid`.
    pub id: SessionId,
    /// Who signed in; a machine's session has nobody.
    pub account: Option<AccountId>,
    /// Where.
    pub client: ClientId,
    /// The browser sign-in through which it came to be.
    pub parent: Option<SessionId>,
    /// SHA-256 of the secret that its refresh tokens carry.
    pub secret_hash: SecretHash,
    /// The hash before that, after a password change or a distrusted MAC key replaced the secret.
    pub replaced_hash: Option<SecretHash>,
    /// Which refresh token is the current one.
    pub generation: Generation,
    /// When that became so; none before the first rotation.
    pub rotated_at: Option<Time>,
    /// Which request rotated it, so that an ending can name the two that collided.
    pub rotated_by: Option<String>,
    /// Generations in a row whose predecessor came late (row 15).
    pub late: Run,
    /// Generations in a row whose predecessor came from a network that never rotated it (row 14).
    pub foreign: Run,
    /// SHA-256 of the retry key that the last rotation carried (row 13).
    pub retry_hash: Option<SecretHash>,
    /// The last four networks that rotated it.
    pub networks: Networks,
    /// When it was opened.
    pub created_at: Time,
    /// When the account proved who it is: of a child, when its parent's did.
    pub authenticated_at: Time,
    /// Over then, unless refreshed before.
    pub idle_expires_at: Time,
    /// Over then.
    pub absolute_expires_at: Time,
    /// No access token of it expires later (the mint rule).
    pub last_token_expires_at: Time,
    /// RFC 7638 thumbprint of the key that it is bound to (RFC 9449).
    pub jkt: Option<String>,
    /// What was granted.
    pub scope: ScopeSet,
    /// `aud` of its access tokens.
    pub audience: ResourceUri,
    /// What its owner knows it by.
    pub label: Option<String>,
    /// Where it was opened from.
    pub address: Option<IpAddr>,
    /// The storage epoch in which its generation was last written (row 17).
    pub storage_epoch: Epoch,
    /// When and why it ended.
    pub ended: Option<Ended>,
}

impl Session {
    /// A session that is opened now, at generation 0 and of nobody. Its row holds no token's `exp` yet: who opens it for
    /// one writes ahead.
    pub(crate) fn fresh(
        draw: &Draw,
        client: ClientId,
        until: Lifetime,
        audience: ResourceUri,
        scope: ScopeSet,
    ) -> Self {
        Self {
            id: draw.session_id,
            account: None,
            client,
            parent: None,
            secret_hash: draw.session_secret.hash(),
            replaced_hash: None,
            generation: Generation(0),
            rotated_at: None,
            rotated_by: None,
            late: Run::default(),
            foreign: Run::default(),
            retry_hash: None,
            networks: Networks::default(),
            created_at: draw.now,
            authenticated_at: draw.now,
            idle_expires_at: until.idle_expires_at,
            absolute_expires_at: until.absolute_expires_at,
            last_token_expires_at: draw.now,
            jkt: None,
            scope,
            audience,
            label: None,
            address: None,
            storage_epoch: draw.epoch_id, // the store writes its own
            ended: None,
        }
    }
}

/// A session and what else the refresh rule asks about it: one consistent read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// The session.
    pub session: Session,
    /// Its account's standing; `None` where it has none, or the account is gone.
    pub account: Option<AccountStanding>,
    /// Its client; `None` where that is gone.
    pub client: Option<Client>,
    /// The resource that its audience names; `None` where none is registered under it.
    pub resource: Option<Resource>,
    /// The storage's epoch.
    pub epoch: StorageEpoch,
}

/// What a refresh must know of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStanding {
    /// Whether it may be used.
    pub status: AccountStatus,
    /// What it may do.
    pub roles: Roles,
    /// What the operator attached to it.
    pub attributes: BTreeMap<String, String>,
}

/// One unbroken history of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageEpoch {
    /// Which.
    pub id: Epoch,
    /// How it began.
    pub cause: EpochCause,
}

/// How a storage epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochCause {
    /// With an empty database, or by a restore that ended every session.
    Fresh,
    /// By failover or by a restore that kept sessions: tokens may be ahead of storage (row 17).
    WentBack,
    /// Nobody said so, but a verifier holds more than storage does: an older copy was put back.
    Lost,
}

/// Which of a session's refresh tokens: 0 is the one that sign-in gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u32);

/// A count over consecutive generations: `length` of them, the last being `generation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// The generation that was current when it was last counted.
    pub generation: u32,
    /// How many in a row; none: never counted.
    pub length: u32,
}

/// The last networks that rotated a session, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<Network>);

/// 128 random bits that every refresh token of a session carries. Wiped when dropped; does not print.
#[derive(Clone)]
pub struct SessionSecret(Zeroizing<[u8; 16]>);

/// SHA-256 of a secret: what storage holds instead of it.
#[derive(Clone, Copy, Eq)]
pub struct SecretHash([u8; 32]);

impl SessionSecret {
    /// The secret with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes, for the token alone.
    #[must_use]
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// What storage holds of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&*self.0)
    }
}

impl std::fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionSecret([redacted])")
    }
}

impl SecretHash {
    /// Hashes a secret of at least 128 random bits; not for passwords.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, secret).as_ref());
        Self(hash)
    }

    /// What storage kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretHash({}…)", base64url::encode(&self.0[..3]))
    }
}

impl std::fmt::Display for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Generation {
    /// The one after; `None` after 2^32 rotations.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl Run {
    /// The run with `generation` counted: longer by one if the one before was counted too, else begun anew. A
    /// generation counts once.
    #[must_use]
    pub fn counted(self, generation: Generation) -> Self {
        let Generation(current) = generation;
        if self.length > 0 && self.generation == current {
            return self;
        }
        let follows = self.generation.checked_add(1) == Some(current);
        let length = if follows { self.length.saturating_add(1) } else { 1 };
        Self { generation: current, length }
    }
}

impl Networks {
    /// These, the newest first; what is beyond four is forgotten.
    #[must_use]
    pub fn of(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(networks.into_iter().take(NETWORKS_MAX).collect())
    }

    /// Whether `network` is among them.
    #[must_use]
    pub fn contains(&self, network: Network) -> bool {
        self.0.contains(&network)
    }

    /// These with `network` as the newest.
    #[must_use]
    pub fn with(&self, network: Network) -> Self {
        Self::of([network].into_iter().chain(self.0.iter().copied().filter(|&known| known != network)))
    }

    /// The newest first.
    pub fn iter(&self) -> impl Iterator<Item = Network> {
        self.0.iter().copied()
    }
}

impl Session {
    /// When it was last refreshed, or opened.
    #[must_use]
    pub fn last_used_at(&self) -> Time {
        self.rotated_at.unwrap_or(self.created_at)
    }

    /// Whether it can still be refreshed.
    #[must_use]
    pub fn is_live(&self, now: Time) -> bool {
        self.ended.is_none() && now < self.idle_expires_at && now < self.absolute_expires_at
    }
}
