//! WHEN keys move: a function of the ring, the policy and the time. `ops::rotate_keys` carries it out.

use crate::key_ring::{KeyRing, KeyState, MacKey, MacKeyId, MacKeyState, Purpose, RingKey};
use crate::limits::{ACCESS_LIFETIME_MAX, FEED_KEY_PUBLISHED_AHEAD, MAC_KEY_KEPT_MIN, REVOCATION_TAIL};
use crate::policy::{KeyPolicy, SessionPolicy};
use crate::time::{Span, Time};
use countersign_jose::limits::KEYS_MAX;
use countersign_jose::{Algorithm, KeyId};

/// One move of the ring that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a signing key in this state: `Next`, or `Active` where nothing signs yet.
    Generate(Purpose, KeyState),
    /// Let the next key sign; what signed until now retires.
    Promote(KeyId),
    /// Note that the key may have signed tokens of this life.
    Lengthen(KeyId, Span),
    /// Forget a key: its last token has expired, or it never signed.
    Drop(KeyId),
    /// Make a MAC key; the one before makes no more tokens.
    GenerateMac,
    /// Forget a MAC key: no session can hold a token of it.
    DropMac(MacKeyId),
}

/// When the next key may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhenRotatable {
    /// It has been published long enough.
    Now(KeyId),
    /// Not before: verifiers may not have seen it.
    At(KeyId, Time),
    /// No key is published ahead.
    NoNext,
}

/// What the plan goes by.
#[derive(Debug, Clone, Copy)]
pub struct RingPolicy {
    /// How keys rotate.
    pub key: KeyPolicy,
    /// How long sessions live, and so their MAC keys.
    pub session: SessionPolicy,
    /// What new keys of access tokens are of.
    pub algorithm: Algorithm,
    /// The longest life that an access token is given by now.
    pub token_lifetime: Span,
    /// Whether ID tokens are signed here: their RSA keys take some tenths of a second to make.
    pub id_tokens: bool,
}

// However short the rotation: at this share of the time for which a retired key stays, keys are replaced at the most. So
// the 256 ids of MAC keys never run out, and the published set stays within its limit with room for `key rotate`.
const MAC_KEYS_AT_ONCE: u64 = 64;
const RETIRING_KEYS_AT_ONCE: u64 = 56;

impl KeyRing {
    /// What is due at `now`. Each step is carried out once; after it the ring is asked again.
    #[must_use]
    pub fn due(&self, policy: &RingPolicy, now: Time) -> Option<Step> {
        let kept = Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::IdToken || policy.id_tokens);
        let signing = kept.into_iter().find_map(|purpose| self.signing_due(purpose, policy, now));
        signing.or_else(|| self.mac_due(policy, now))
    }

    /// When the key that is published ahead may sign.
    #[must_use]
    pub fn when_rotatable(&self, purpose: Purpose, policy: &KeyPolicy, now: Time) -> WhenRotatable {
        self.in_state(purpose, KeyState::Next).map_or(WhenRotatable::NoNext, |next| {
            let from = next.published_at + policy.published_ahead(purpose);
            if from <= now { WhenRotatable::Now(next.id.clone()) } else { WhenRotatable::At(next.id.clone(), from) }
        })
    }

    /// The key of `purpose` in this state; of `Retiring` and `Revoked` any.
    #[must_use]
    pub fn in_state(&self, purpose: Purpose, state: KeyState) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.purpose == purpose && key.state == state)
    }

    /// Until when no key of `purpose` may be added, because as many are published as one set may hold; none: there is
    /// room.
    #[must_use]
    pub fn full_until(&self, purpose: Purpose) -> Option<Time> {
        let published = self.keys.iter().filter(|key| key.purpose == purpose && key.state != KeyState::Revoked);
        let full = published.clone().count() >= KEYS_MAX;
        full.then(|| published.filter_map(|key| key.gone_at).min()).flatten()
    }

    /// The key that makes refresh tokens.
    #[must_use]
    pub fn active_mac(&self) -> Option<&MacKey> {
        self.mac_keys.iter().find(|key| key.state == MacKeyState::Active)
    }

    /// An id for a new MAC key: the first one free after the active key's.
    #[must_use]
    pub fn free_mac_id(&self) -> Option<MacKeyId> {
        let from = self.active_mac().map_or(0, |active| active.id.0);
        (1..=u8::MAX)
            .map(|step| MacKeyId(from.wrapping_add(step)))
            .find(|id| self.mac_keys.iter().all(|key| key.id != *id))
    }

    fn signing_due(&self, purpose: Purpose, policy: &RingPolicy, now: Time) -> Option<Step> {
        let gone = |key: &&RingKey| key.purpose == purpose && key.gone_at.is_some_and(|gone_at| gone_at <= now);
        if let Some(key) = self.keys.iter().find(gone) {
            return Some(Step::Drop(key.id.clone()));
        }
        let next = self.in_state(purpose, KeyState::Next);
        // The algorithm was changed before the key that is published ahead ever signed.
        if let Some(next) = next.filter(|next| next.algorithm != policy.algorithm_of(purpose)) {
            return Some(Step::Drop(next.id.clone()));
        }
        let Some(active) = self.in_state(purpose, KeyState::Active) else {
            let promote = next.map(|next| Step::Promote(next.id.clone()));
            return Some(promote.unwrap_or(Step::Generate(purpose, KeyState::Active)));
        };
        if active.token_lifetime < policy.token_lifetime {
            return Some(Step::Lengthen(active.id.clone(), policy.token_lifetime));
        }
        let Some(next) = next else {
            return Some(Step::Generate(purpose, KeyState::Next));
        };
        let every = policy.key.rotation.max(share(published_for(active), RETIRING_KEYS_AT_ONCE));
        let old = active.activated_at.is_none_or(|activated_at| now.since(activated_at) >= every);
        let published = now.since(next.published_at) >= policy.key.published_ahead(purpose);
        let outdated = old || active.algorithm != policy.algorithm_of(purpose);
        (outdated && published && self.full_until(purpose).is_none()).then(|| Step::Promote(next.id.clone()))
    }

    fn mac_due(&self, policy: &RingPolicy, now: Time) -> Option<Step> {
        let gone = |key: &&MacKey| key.gone_at.is_some_and(|gone_at| gone_at <= now);
        if let Some(key) = self.mac_keys.iter().find(gone) {
            return Some(Step::DropMac(key.id));
        }
        let every = policy.key.rotation.max(share(mac_key_kept(&policy.session), MAC_KEYS_AT_ONCE));
        let old = self.active_mac().is_none_or(|active| now.since(active.created_at) >= every);
        (old && self.free_mac_id().is_some()).then_some(Step::GenerateMac)
    }
}

impl RingPolicy {
    /// What new keys of `purpose` are of. The feed's are Ed25519 keys, whatever tokens are signed with; ID tokens are of the
    /// one algorithm that every client knows (OpenID Connect Core §15.1).
    #[must_use]
    pub const fn algorithm_of(&self, purpose: Purpose) -> Algorithm {
        match purpose {
            Purpose::AccessToken => self.algorithm,
            Purpose::Feed => Algorithm::EdDsa,
            Purpose::IdToken => Algorithm::Rs256,
        }
    }
}

impl KeyPolicy {
    /// How long a key of `purpose` is published before it signs.
    #[must_use]
    pub const fn published_ahead(&self, purpose: Purpose) -> Span {
        match purpose {
            Purpose::AccessToken | Purpose::IdToken => self.publish_ahead,
            Purpose::Feed => FEED_KEY_PUBLISHED_AHEAD,
        }
    }
}

/// Until when a signing key that retires at `now` is published: until its last token is past every leeway.
#[must_use]
pub fn published_until(key: &RingKey, now: Time) -> Time {
    now + published_for(key)
}

/// How long the tokens of a MAC key that makes none any more are opened: a session's whole life.
#[must_use]
pub fn mac_key_kept(policy: &SessionPolicy) -> Span {
    policy.absolute.max(MAC_KEY_KEPT_MIN)
}

/// How long a signing key is published once it signs no more.
fn published_for(key: &RingKey) -> Span {
    key.token_lifetime.min(ACCESS_LIFETIME_MAX) + REVOCATION_TAIL
}

fn share(span: Span, of: u64) -> Span {
    Span::from_millis(span.as_millis().div_ceil(of))
}
