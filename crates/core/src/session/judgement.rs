//! What the refresh table is asked and what it answers: a presentation, the row that matched, the verdict.

use crate::client::ClientId;
use crate::key_ring::MacKeyId;
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::session::{End, Generation, Run, SecretHash};
use crate::token::OpenedRefreshToken;
use std::net::IpAddr;

/// A refresh token as it was presented, with everything about the presenter that the rule asks for.
#[derive(Debug)]
pub struct Presentation {
    /// The token; its MAC held (row 2).
    pub token: OpenedRefreshToken,
    /// Who presents it; its authentication, if it has one, held (row 1).
    pub client: ClientId,
    /// What was shown of a bound key.
    pub proof: Proof,
    /// SHA-256 of the retry key that came with it.
    pub retry: Option<SecretHash>,
    /// Narrower scope that was asked for.
    pub scope: Option<ScopeSet>,
    /// The resource that was asked for.
    pub resource: Option<ResourceUri>,
    /// Where it came from.
    pub address: IpAddr,
    /// The request that it came in.
    pub request: String,
}

/// What a presenter showed of a key (RFC 9449).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    Absent,
    /// A proof that does not hold.
    Invalid,
    /// A proof without a fresh nonce.
    NeedsNonce,
    /// A proof that holds, of the key with this RFC 7638 thumbprint.
    Of(String),
}

/// Which row of the refresh table matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Row {
    /// 1: client authentication failed.
    ClientAuthentication = 1,
    /// 2: not one of our tokens.
    NotOurs,
    /// 3: no such session.
    NoSession,
    /// 4: bound to a key of which no valid proof came.
    NotProven,
    /// 5: another client's session.
    ForeignClient,
    /// 6: the session had ended.
    Ended,
    /// 7: the session was over, or its account or client disabled.
    Expired,
    /// 8: the secret is another, or the MAC key is distrusted and the generation not a recent one.
    WrongSecret,
    /// 9: more was asked for than was granted.
    BeyondGrant,
    /// 10: rotation would add nothing to the proof that came.
    Proven,
    /// 11: the current token, rotated a moment ago.
    JustRotated,
    /// 12: the current token.
    Current,
    /// 13: the token before, with the retry key of the rotation.
    RetryKey,
    /// 14: the token before, within the grace period.
    Repeated,
    /// 15: the token before, late: a lost reply.
    Late,
    /// 16: reuse.
    Reused,
    /// 17: a token that storage does not know of yet.
    Ahead,
    /// 18: storage failed, or the race was lost too often.
    Unavailable,
}

/// What the table answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The row that matched.
    pub row: Row,
    /// What is to be done.
    pub verdict: Verdict,
    /// What somebody should hear of.
    pub alarm: Option<Alarm>,
}

/// What is to be done about a presented refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Refuse, and write nothing.
    Refuse(Refusal),
    /// End the session, and answer `invalid_grant`.
    End(End),
    /// The same refresh token and a fresh access token.
    Keep {
        /// Whether the session's idle expiry moves (row 10).
        moves_idle: bool,
    },
    /// The same successor once more and a fresh access token.
    Repeat {
        /// What must be counted before, by compare-and-swap.
        count: Option<Count>,
    },
    /// A new pair: swap the generation, then answer; whoever loses the swap is judged again.
    Rotate {
        /// The generation after.
        to: Generation,
        /// Whether the session gets a new secret too, because somebody else may make tokens with the old one.
        renew_secret: bool,
    },
}

/// The error that is answered; the wire never says which row it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `invalid_client` (RFC 6749 §5.2).
    InvalidClient,
    /// `invalid_grant` (RFC 6749 §5.2).
    InvalidGrant,
    /// `invalid_scope` (RFC 6749 §5.2).
    InvalidScope,
    /// `invalid_target` (RFC 8707 §2).
    InvalidTarget,
    /// `invalid_dpop_proof` (RFC 9449 §5).
    InvalidDpopProof,
    /// `use_dpop_nonce` (RFC 9449 §8).
    UseDpopNonce,
}

/// A run that is counted on, from what it was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Which run.
    pub kind: RunKind,
    /// As it was read.
    pub from: Run,
    /// With the current generation counted.
    pub to: Run,
}

/// The two runs that a session counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// Late repetitions (row 15).
    Late,
    /// Repetitions from a network that never rotated the session (row 14).
    Foreign,
}

/// What somebody should hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alarm {
    /// A refresh token came from another client than its own.
    ForeignClient,
    /// A token with a good MAC and a wrong secret: this MAC key may be out. Once per key and hour.
    MacKeyLeaked(MacKeyId),
    /// A refresh token was used twice.
    Reused,
    /// A token is ahead of storage that should not have gone back in time.
    Ahead,
}

impl Row {
    /// Its number in the table.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Every row, in order.
    pub const ALL: [Self; 18] = [
        Self::ClientAuthentication,
        Self::NotOurs,
        Self::NoSession,
        Self::NotProven,
        Self::ForeignClient,
        Self::Ended,
        Self::Expired,
        Self::WrongSecret,
        Self::BeyondGrant,
        Self::Proven,
        Self::JustRotated,
        Self::Current,
        Self::RetryKey,
        Self::Repeated,
        Self::Late,
        Self::Reused,
        Self::Ahead,
        Self::Unavailable,
    ];

    /// Its name in metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClientAuthentication => "client_authentication",
            Self::NotOurs => "not_ours",
            Self::NoSession => "no_session",
            Self::NotProven => "not_proven",
            Self::ForeignClient => "foreign_client",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::WrongSecret => "wrong_secret",
            Self::BeyondGrant => "beyond_grant",
            Self::Proven => "proven",
            Self::JustRotated => "just_rotated",
            Self::Current => "rotated",
            Self::RetryKey => "retry_key",
            Self::Repeated => "repeated",
            Self::Late => "late",
            Self::Reused => "reused",
            Self::Ahead => "ahead",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Alarm {
    /// Its name in the audit log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ForeignClient => "refresh_token_of_another_client",
            Self::MacKeyLeaked(_) => "mac_key_may_be_out",
            Self::Reused => "refresh_token_reused",
            Self::Ahead => "refresh_token_ahead_of_storage",
        }
    }
}

impl Refusal {
    /// The error code of the RFC.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }
}

impl Judgement {
    pub(super) const fn of(row: Row, verdict: Verdict) -> Self {
        Self { row, verdict, alarm: None }
    }

    pub(super) const fn refuse(row: Row, refusal: Refusal) -> Self {
        Self::of(row, Verdict::Refuse(refusal))
    }

    pub(super) fn with_alarm(self, alarm: Alarm) -> Self {
        Self { alarm: Some(alarm), ..self }
    }

    /// Whether a token would be issued.
    #[must_use]
    pub const fn issues(&self) -> bool {
        matches!(self.verdict, Verdict::Keep { .. } | Verdict::Repeat { .. } | Verdict::Rotate { .. })
    }
}

impl Presentation {
    /// Who it was, as the end of a session tells it.
    pub(super) fn told(&self) -> String {
        format!("request {} from {}", self.request, self.address)
    }
}
