//! Proofs of possession that came before (RFC 9449 §11.1): each counts once.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest::{Context, SHA256};
use countersign_jose::DpopProof;

use crate::{clock::Now, error::VerifyError};

type Key = [u8; 16];

/// Remembers each proof for at least as long as it would be accepted: in two generations, the older of which is dropped
/// whole.
#[derive(Debug)]
pub(crate) struct Proofs {
    life_ms: u64,
    proofs_max: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    current: HashSet<Key>,
    previous: HashSet<Key>,
    /// When the current generation began, by the monotonic clock.
    began_ms: u64,
}

impl Proofs {
    /// `life_ms`: from when a proof may first be accepted until it no longer is.
    pub(crate) fn new(life_ms: u64, proofs_max: usize) -> Self {
        Self { life_ms, proofs_max, seen: Mutex::new(Seen::default()) }
    }

    /// Takes a proof that holds; each only once.
    pub(crate) fn take(&self, proof: &DpopProof, now: Now) -> Result<(), VerifyError> {
        let key = key(proof);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now.monotonic_ms.saturating_sub(seen.began_ms) >= self.life_ms {
            seen.previous = std::mem::take(&mut seen.current);
            seen.began_ms = now.monotonic_ms;
        }
        if seen.previous.contains(&key) || seen.current.contains(&key) {
            return Err(VerifyError::Replay);
        }
        // To forget an older one would let it come again.
        if seen.current.len() + seen.previous.len() >= self.proofs_max {
            return Err(VerifyError::ProofsFull);
        }
        seen.current.insert(key);
        Ok(())
    }
}

/// SHA-256 of key and `jti`, cut: a client may choose its `jti`, but not into another client's way.
fn key(proof: &DpopProof) -> Key {
    let mut context = Context::new(&SHA256);
    context.update(proof.key().as_bytes());
    context.update(proof.id().as_bytes());
    let mut key = [0; 16];
    for (byte, hashed) in key.iter_mut().zip(context.finish().as_ref()) {
        *byte = *hashed;
    }
    key
}

#[cfg(test)]
mod tests {
    use countersign_jose::{Algorithm, HttpUri, Leeway, NewProof, ProofExpectations, SigningKey, Timestamp};

    use super::*;

    fn proof(key: &SigningKey, id: &str) -> DpopProof {
        let (uri, now) = (HttpUri::parse("https://a.example/").unwrap(), Timestamp::from_seconds(1));
        let new = NewProof { method: "GET", uri: &uri, access_token: None, id, issued_at: now, nonce: None };
        let leeway = Leeway::ZERO;
        let expect = ProofExpectations { method: "GET", uri: &uri, access_token: None, age_seconds_max: 60, leeway };
        DpopProof::verify(&new.sign(key).unwrap(), &expect, now).unwrap()
    }

    fn at(monotonic_ms: u64) -> Now {
        Now { ms: 0, monotonic_ms }
    }

    #[test]
    fn a_proof_counts_once_for_as_long_as_it_would_be_accepted() {
        let (key, other) = (SigningKey::generate(Algorithm::EdDsa).unwrap(), SigningKey::generate(Algorithm::EdDsa));
        let proofs = Proofs::new(60_000, 1_000);
        let one = proof(&key, "1");
        assert_eq!(proofs.take(&one, at(59_999)), Ok(()));
        for ms in [59_999, 60_000, 119_998] {
            assert_eq!(proofs.take(&one, at(ms)), Err(VerifyError::Replay), "{ms}");
        }
        assert_eq!(proofs.take(&proof(&key, "2"), at(119_998)), Ok(()));
        assert_eq!(proofs.take(&proof(&other.unwrap(), "1"), at(119_998)), Ok(()), "another key's");
        assert_eq!(proofs.take(&one, at(180_000)), Ok(()), "forgotten once it has expired");
    }

    #[test]
    fn a_full_memory_refuses_and_forgets_nothing() {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let proofs = Proofs::new(60_000, 2);
        assert_eq!(proofs.take(&proof(&key, "1"), at(0)), Ok(()));
        assert_eq!(proofs.take(&proof(&key, "2"), at(0)), Ok(()));
        assert_eq!(proofs.take(&proof(&key, "3"), at(0)), Err(VerifyError::ProofsFull));
        assert_eq!(proofs.take(&proof(&key, "1"), at(0)), Err(VerifyError::Replay));
    }
}
