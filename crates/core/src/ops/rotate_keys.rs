//! Moving the key ring on: what is due by itself, and what an operator asks for. Each move is one compare-and-swap.

use crate::audit::{Actor, AuditEvent};
use crate::draw::Source;
use crate::key_ring::{
    KeyRing, KeyRingError, KeyState, MacKey, MacKeyId, MacKeyState, MasterKey, Purpose, RingKey, RingPolicy, Step,
    StorageKey, WhenRotatable, mac_key_kept, published_until,
};
use crate::limits::ATTEMPTS_MAX;
use crate::revocation::{AnnouncedKey, Revocation};
use crate::session::{End, EndReason};
use crate::store::{EndSessions, EndedSessions, RingChange, Store, StoreError, Swap, Which};
use crate::time::{Span, Time};
use countersign_jose::{Algorithm, KeyError, KeyId, SigningKey};
use zeroize::Zeroizing;

/// What keeps the ring.
pub struct RotateKeys<'a> {
    /// Where the ring is.
    pub store: &'a dyn Store,
    /// Where keys come from.
    pub source: &'a dyn Source,
    /// What opens the storage key.
    pub master: &'a MasterKey,
    /// What rotation goes by; its `token_lifetime` is raised to what the resources ask for.
    pub policy: RingPolicy,
    /// Who is told to have done it.
    pub actor: Actor,
}

/// What became of a move that an operator asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRingChanged {
    /// This key signs now.
    Rotated(KeyId),
    /// Not before this time: the next key must be published longer, unless it shall sign at once; or as many keys are
    /// published as one set may hold.
    NotBefore(KeyId, Time),
    /// This MAC key makes refresh tokens now.
    MacRotated(MacKeyId),
    /// It is refused from now on; so many sessions ended with it.
    Revoked(EndedSessions),
    /// No such key.
    Unknown,
    /// Every MAC key id is in use.
    NoFreeMacId,
    /// The storage key is sealed under another master key.
    Resealed,
    /// The imported key is published, and signs from the next rotation on.
    Imported(KeyId),
}

/// The ring could not be moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ring does not open.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// No key could be made.
    #[error("no key could be made")]
    Generate(#[source] KeyError),
    /// An imported key's id is in the ring already; a revoked key never comes back.
    #[error("key `{0}` is in the key ring already, or was revoked")]
    AlreadyThere(KeyId),
    /// An imported key is of another algorithm than new tokens are.
    #[error("the key is of {found}, but `tokens.algorithm` is {expected}: import one of that, or change the setting")]
    OtherAlgorithm {
        /// The key's.
        found: Algorithm,
        /// The setting's.
        expected: Algorithm,
    },
    /// Others changed the ring again and again.
    #[error("the key ring was changed by somebody else again and again: try again")]
    Contended,
}

// More steps than a ring can need at once: what it has to drop, and then to make.
const STEPS_MAX: usize = 512;

impl RotateKeys<'_> {
    /// Carries out all that is due, the very first keys included, and gives the ring as it then stands.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn keep(&self) -> Result<KeyRing, RotationError> {
        let longest = self.store.longest_lifetime().await?.unwrap_or(Span::ZERO);
        let policy = RingPolicy { token_lifetime: self.policy.token_lifetime.max(longest), ..self.policy };
        for _ in 0..STEPS_MAX {
            let ring = self.store.key_ring().await?;
            let now = self.source.now();
            let change = if ring.storage_key.is_none() {
                self.first_storage_key(&ring)
            } else {
                match ring.due(&policy, now) {
                    Some(step) => self.step(&ring, step, now)?,
                    None => return Ok(ring),
                }
            };
            // Whoever lost asks the new ring what is due.
            self.store.change_ring(change).await?;
        }
        Err(RotationError::Contended)
    }

    /// Lets the next key sign once it has been published long enough, or at once.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn rotate(&self, at_once: bool) -> Result<KeyRingChanged, RotationError> {
        for _ in 0..ATTEMPTS_MAX {
            let ring = self.keep().await?;
            let now = self.source.now();
            let next = match ring.when_rotatable(Purpose::AccessToken, &self.policy.key, now) {
                WhenRotatable::Now(next) | WhenRotatable::At(next, _)
                    if let Some(from) = ring.full_until(Purpose::AccessToken) =>
                {
                    return Ok(KeyRingChanged::NotBefore(next, from));
                }
                WhenRotatable::Now(next) => next,
                WhenRotatable::At(next, _) if at_once => next,
                WhenRotatable::At(next, from) => return Ok(KeyRingChanged::NotBefore(next, from)),
                WhenRotatable::NoNext => continue,
            };
            let change = self.step(&ring, Step::Promote(next.clone()), now)?;
            if self.store.change_ring(change).await? == Swap::Won {
                self.keep().await?;
                return Ok(KeyRingChanged::Rotated(next));
            }
        }
        Err(RotationError::Contended)
    }

    /// Makes another MAC key; tokens under the one before stay good.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn rotate_mac(&self) -> Result<KeyRingChanged, RotationError> {
        for _ in 0..ATTEMPTS_MAX {
            let ring = self.keep().await?;
            let Some(id) = ring.free_mac_id() else { return Ok(KeyRingChanged::NoFreeMacId) };
            let change = self.step(&ring, Step::GenerateMac, self.source.now())?;
            if self.store.change_ring(change).await? == Swap::Won {
                return Ok(KeyRingChanged::MacRotated(id));
            }
        }
        Err(RotationError::Contended)
    }

    /// Refuses every token under a signing key, for ever; another key signs at once.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn revoke(&self, id: &KeyId) -> Result<KeyRingChanged, RotationError> {
        for _ in 0..ATTEMPTS_MAX {
            let ring = self.store.key_ring().await?;
            let now = self.source.now();
            let Some(key) = ring.keys.iter().find(|key| key.id == *id) else { return Ok(KeyRingChanged::Unknown) };
            let mut change = self.change(&ring, "key.revoked", id.as_str());
            let successor = ring.in_state(key.purpose, KeyState::Next).filter(|_| key.state == KeyState::Active);
            change.put = vec![RingKey { state: KeyState::Revoked, gone_at: None, ..key.clone() }];
            if let Some(next) = successor {
                change.put.push(self.activated(next, now));
                change.audit.extend(self.change(&ring, "key.promoted", next.id.as_str()).audit);
            }
            change.revocations = vec![Revocation::of_key(id.clone())];
            if self.store.change_ring(change).await? == Swap::Won {
                self.keep().await?;
                return Ok(KeyRingChanged::Revoked(EndedSessions::default()));
            }
        }
        Err(RotationError::Contended)
    }

    /// Distrusts a MAC key (row 8); with `end_sessions` every session ends, since any may hold a token under it.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn distrust_mac(&self, id: MacKeyId, end_sessions: bool) -> Result<KeyRingChanged, RotationError> {
        for _ in 0..ATTEMPTS_MAX {
            let ring = self.store.key_ring().await?;
            let now = self.source.now();
            let Some(key) = ring.mac_keys.iter().find(|key| key.id == id) else { return Ok(KeyRingChanged::Unknown) };
            let mut change = self.change(&ring, "key.mac_distrusted", &id.to_string());
            if key.state == MacKeyState::Active {
                if ring.free_mac_id().is_none() {
                    return Ok(KeyRingChanged::NoFreeMacId);
                }
                let generated = self.generate_mac(&ring, now)?;
                change.put_mac = generated.put_mac.into_iter().filter(|new| new.id != id).collect();
                change.audit.extend(generated.audit);
            }
            let gone_at = Some(now + mac_key_kept(&self.policy.session));
            change.put_mac.push(MacKey { state: MacKeyState::Distrusted, gone_at, ..key.clone() });
            if self.store.change_ring(change).await? == Swap::Won {
                self.keep().await?;
                return Ok(KeyRingChanged::Revoked(self.end_all(id, end_sessions, now).await?));
            }
        }
        Err(RotationError::Contended)
    }

    /// Publishes an imported key as the next one, in place of the one that was.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn import(&self, key: &SigningKey) -> Result<KeyRingChanged, RotationError> {
        let (found, expected) = (key.algorithm(), self.policy.algorithm);
        if found != expected {
            return Err(RotationError::OtherAlgorithm { found, expected });
        }
        for _ in 0..ATTEMPTS_MAX {
            let ring = self.keep().await?;
            let now = self.source.now();
            if ring.keys.iter().any(|known| known.id == *key.id()) {
                return Err(RotationError::AlreadyThere(key.id().clone()));
            }
            let storage = ring.storage_key(self.master)?;
            let mut change = self.change(&ring, "key.imported", key.id().as_str());
            change.gone =
                ring.in_state(Purpose::AccessToken, KeyState::Next).map(|next| next.id.clone()).into_iter().collect();
            change.put = vec![self.sealed(key, KeyState::Next, &storage, now)];
            change.revocations.extend(self.announcement(key, now));
            if self.store.change_ring(change).await? == Swap::Won {
                return Ok(KeyRingChanged::Imported(key.id().clone()));
            }
        }
        Err(RotationError::Contended)
    }

    /// Seals the storage key under another master key.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn reseal(&self, new: &MasterKey) -> Result<KeyRingChanged, RotationError> {
        for _ in 0..ATTEMPTS_MAX {
            let ring = self.store.key_ring().await?;
            let sealed = ring.storage_key.as_ref().ok_or(KeyRingError::NothingActive)?;
            let bytes = self.master.unseal_storage_key(sealed).map_err(KeyRingError::WrongMasterKey)?;
            let mut change = self.change(&ring, "key.resealed", "storage key");
            change.storage_key = Some(new.seal_storage_key(self.random(), &bytes));
            if self.store.change_ring(change).await? == Swap::Won {
                return Ok(KeyRingChanged::Resealed);
            }
        }
        Err(RotationError::Contended)
    }

    fn first_storage_key(&self, ring: &KeyRing) -> RingChange {
        let bytes = Zeroizing::new(self.random());
        let mut change = self.change(ring, "key.founded", "storage key");
        change.storage_key = Some(self.master.seal_storage_key(self.random(), &bytes));
        change
    }

    fn step(&self, ring: &KeyRing, step: Step, now: Time) -> Result<RingChange, RotationError> {
        let find = |id: &KeyId| ring.keys.iter().find(|key| key.id == *id).cloned();
        Ok(match step {
            Step::Generate(purpose, state) => {
                let storage = ring.storage_key(self.master)?;
                let key = self.generate(purpose)?;
                let mut change = self.change(ring, "key.generated", key.id().as_str());
                change.put = vec![RingKey { purpose, ..self.sealed(&key, state, &storage, now) }];
                if purpose == Purpose::AccessToken && state == KeyState::Next {
                    change.revocations.extend(self.announcement(&key, now));
                }
                change
            }
            Step::Promote(id) => {
                let mut change = self.change(ring, "key.promoted", id.as_str());
                let next = find(&id);
                let active = next.as_ref().and_then(|next| ring.in_state(next.purpose, KeyState::Active));
                let retiring = active.map(|active| RingKey {
                    state: KeyState::Retiring,
                    gone_at: Some(published_until(active, now)),
                    ..active.clone()
                });
                let promoted = next.map(|next| self.activated(&next, now));
                change.put = retiring.into_iter().chain(promoted).collect();
                change
            }
            Step::Lengthen(id, token_lifetime) => {
                let mut change = self.change(ring, "key.lengthened", id.as_str());
                change.audit.clear();
                change.put = find(&id).map(|key| RingKey { token_lifetime, ..key }).into_iter().collect();
                change
            }
            Step::Drop(id) => {
                let mut change = self.change(ring, "key.dropped", id.as_str());
                change.gone = vec![id];
                change
            }
            Step::GenerateMac => self.generate_mac(ring, now)?,
            Step::DropMac(id) => {
                let mut change = self.change(ring, "key.mac_dropped", &id.to_string());
                change.gone_mac = vec![id];
                change
            }
        })
    }

    /// Tells verifiers of a key ahead of its first token; one that is never published is never told of.
    fn announcement(&self, key: &SigningKey, now: Time) -> Option<Revocation> {
        let public = key.verifying_key();
        let not_before = (now + self.policy.key.published_ahead(Purpose::AccessToken)).timestamp();
        let announced = AnnouncedKey { id: key.id().clone(), thumbprint: public.thumbprint(), not_before };
        public.to_jwk().map(|_| Revocation::of_announced(announced))
    }

    /// A key whose id, its thumbprint, does not look like a flag on a command line.
    fn generate(&self, purpose: Purpose) -> Result<SigningKey, RotationError> {
        let draw = || self.source.signing_key(self.policy.algorithm_of(purpose)).map_err(RotationError::Generate);
        let mut key = draw()?;
        for _ in 0..ATTEMPTS_MAX {
            if !key.id().as_str().starts_with('-') {
                break;
            }
            key = draw()?;
        }
        Ok(key)
    }

    fn activated(&self, next: &RingKey, now: Time) -> RingKey {
        let token_lifetime = self.policy.token_lifetime;
        RingKey { state: KeyState::Active, activated_at: Some(now), token_lifetime, ..next.clone() }
    }

    fn generate_mac(&self, ring: &KeyRing, now: Time) -> Result<RingChange, RotationError> {
        let storage = ring.storage_key(self.master)?;
        let id = ring.free_mac_id().ok_or(RotationError::Contended)?;
        let secret = Zeroizing::new(self.random::<32>());
        let retired = ring.active_mac().map(|active| MacKey {
            state: MacKeyState::Retired,
            gone_at: Some(now + mac_key_kept(&self.policy.session)),
            ..active.clone()
        });
        let new = MacKey {
            id,
            state: MacKeyState::Active,
            sealed: storage.seal_mac_key(id, self.random(), &secret),
            created_at: now,
            gone_at: None,
        };
        let mut change = self.change(ring, "key.mac_generated", &id.to_string());
        change.put_mac = retired.into_iter().chain([new]).collect();
        Ok(change)
    }

    fn sealed(&self, key: &SigningKey, state: KeyState, storage: &StorageKey, now: Time) -> RingKey {
        RingKey {
            id: key.id().clone(),
            purpose: Purpose::AccessToken,
            algorithm: key.algorithm(),
            state,
            sealed: storage.seal_signing_key(key.id(), self.random(), &key.to_stored()),
            published_at: now,
            activated_at: (state == KeyState::Active).then_some(now),
            token_lifetime: self.policy.token_lifetime,
            gone_at: None,
        }
    }

    fn change(&self, ring: &KeyRing, what: &str, detail: &str) -> RingChange {
        RingChange {
            from: ring.version,
            storage_key: None,
            put: Vec::new(),
            gone: Vec::new(),
            put_mac: Vec::new(),
            gone_mac: Vec::new(),
            revocations: Vec::new(),
            audit: vec![AuditEvent::new(self.source.now(), what, self.actor.clone()).told(detail)],
        }
    }

    async fn end_all(&self, id: MacKeyId, end_sessions: bool, now: Time) -> Result<EndedSessions, StoreError> {
        if !end_sessions {
            return Ok(EndedSessions::default());
        }
        let audit = AuditEvent::new(now, "session.all_ended", self.actor.clone()).told(format!("MAC key {id}"));
        let end = End::by(EndReason::MacKeyRevoked, format!("MAC key {id} was revoked"));
        self.store.end_sessions(EndSessions { which: Which::All, end, audit: Some(audit), now }).await
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.source.fill(&mut bytes);
        bytes
    }
}
