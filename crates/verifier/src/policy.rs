//! What one audience asks of its tokens, and the one path from a text to a token that holds.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use countersign_jose::{Expectations, Leeway, TokenType, UnverifiedToken, VerifyError as TokenError};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{
    cache::{Cache, Place},
    claims::{Common, Signed, Wire},
    clock::Now,
    error::VerifyError,
    keys::Ring,
    limits::TOKEN_LIFE_SECONDS_MAX,
    state::{FeedKind, State},
    terms::Terms,
    token::Entry,
};

/// What one audience asks of its tokens. It has a cache of its own: what holds for one audience holds for no other.
pub(crate) struct Policy {
    pub(crate) rules: Rules,
    countersign: Expectations,
    foreign: Expectations,
    pub(crate) cache: Cache,
    pub(crate) terms: Arc<Terms>,
}

/// What audiences of one verifier have in common.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) leeway: Leeway,
    /// `typ` of tokens of an issuer that is no Countersign issuer.
    pub(crate) foreign_type: TokenType,
    pub(crate) foreign_life_seconds_max: u64,
    pub(crate) cache_bytes: usize,
    pub(crate) cache_mask: u64,
}

impl Policy {
    pub(crate) fn new(issuer: &str, audience: &str, rules: Rules, terms: Terms) -> Self {
        let expect = |typ| Expectations::new(issuer, audience, typ, rules.leeway);
        Self {
            countersign: expect(TokenType::AccessToken),
            foreign: expect(rules.foreign_type.clone()),
            cache: Cache::new(rules.cache_bytes, rules.cache_mask),
            rules,
            terms: Arc::new(terms),
        }
    }

    /// Everything up to and with revocation, in the order of the design: size, shape, base64, header, algorithm and key,
    /// signature, claims, revocation. A token that held before is looked at again only where something may have changed.
    pub(crate) fn judge<C>(&self, state: &Arc<State>, text: &str, now: Now) -> Result<Arc<Entry<C>>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let place = self.cache.place(text);
        if let Some(entry) = self.cache.get::<Entry<C>>(place, text)
            && entry.generation == state.keys.generation()
        {
            return match self.judge_again(state, &entry, now) {
                Ok(()) => {
                    self.cache.count_hit(place);
                    Ok(entry)
                }
                // It stays: whoever goes on presenting it costs a look-up each time, and no signature.
                Err(VerifyError::Revoked) => Err(VerifyError::Revoked),
                Err(error) => {
                    self.cache.remove::<Entry<C>>(place, text);
                    Err(error)
                }
            };
        }
        self.cache.count_miss(place);
        self.judge_anew(state, text, place, now)
    }

    /// A token that was verified with the keys of now: its time, and revocations since the last look.
    fn judge_again<C>(&self, state: &State, entry: &Entry<C>, now: Now) -> Result<(), VerifyError> {
        if now.ms >= entry.dead_at_ms {
            let ago_seconds = now.timestamp().seconds_since(entry.common.expires_at);
            let leeway_seconds = self.rules.leeway.as_seconds();
            return Err(TokenError::Expired { ago_seconds, leeway_seconds }.into());
        }
        if !state.revoked.stands_at(entry.looked_up_at.load(Ordering::Relaxed)) {
            let version = state.revoked.version();
            look_up(state, &entry.common)?;
            // Only now: were it stored before the look, another request could pass on the strength of it.
            entry.looked_up_at.store(version, Ordering::Relaxed);
        }
        Ok(())
    }

    fn judge_anew<C>(
        &self,
        state: &Arc<State>,
        text: &str,
        place: Place,
        now: Now,
    ) -> Result<Arc<Entry<C>>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let token = UnverifiedToken::parse(text)?;
        let ring = state.keys.ring();
        let (common, claims) = self.verify(state, token, &ring, now)?;
        let version = state.revoked.version();
        look_up(state, &common)?;
        let dead_at_ms = common.expires_at.plus_seconds(self.rules.leeway.as_seconds()).as_seconds();
        let entry = Arc::new(Entry {
            common,
            claims,
            generation: ring.generation,
            dead_at_ms: dead_at_ms.saturating_mul(1_000),
            looked_up_at: AtomicU64::new(version),
            state: state.clone(),
            terms: self.terms.clone(),
        });
        self.cache.insert(place, text, entry.clone(), entry.dead_at_ms, now.ms);
        Ok(entry)
    }

    fn verify<C: DeserializeOwned>(
        &self,
        state: &State,
        token: UnverifiedToken<'_>,
        ring: &Ring,
        now: Now,
    ) -> Result<(Common, C), VerifyError> {
        let is_countersign = match state.feed_kind() {
            FeedKind::Countersign => true,
            FeedKind::None => false,
            FeedKind::Unknown => return Err(VerifyError::NotReady),
        };
        if ring.generation == 0 && !state.keys.are_known() {
            return Err(VerifyError::NotReady);
        }
        let expect = if is_countersign { &self.countersign } else { &self.foreign };
        let verified = token.verify::<Box<RawValue>>(&ring.keys, expect, now.timestamp())?;
        let signed = Signed {
            subject: verified.subject(),
            id: verified.id(),
            issued_at: verified.issued_at(),
            expires_at: verified.expires_at(),
            key_id: verified.key_id().as_str(),
        };
        let json = verified.claims().get();
        let wire: Wire = read(json)?;
        let common = if is_countersign {
            wire.countersign(&signed, TOKEN_LIFE_SECONDS_MAX)?
        } else {
            wire.foreign(&signed, self.rules.foreign_life_seconds_max)?
        };
        Ok((common, read(json)?))
    }
}

/// The same bytes that were verified and checked for duplicates.
fn read<T: DeserializeOwned>(json: &str) -> Result<T, TokenError> {
    serde_json::from_str(json).map_err(|error| TokenError::ClaimsShape { column: error.column() })
}

/// A key that was refused a moment ago may still be in the ring that was read before.
fn look_up(state: &State, common: &Common) -> Result<(), VerifyError> {
    if state.revoked.refuses_key(&common.key_id) {
        return Err(TokenError::KeyNotFound.into());
    }
    if state.revoked.look_up(&common.subjects).is_some() {
        return Err(VerifyError::Revoked);
    }
    Ok(())
}
