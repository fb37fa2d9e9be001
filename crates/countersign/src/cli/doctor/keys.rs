//! The keys: whether the master key opens them, and whether they move on.

use super::findings::Findings;
use crate::bootstrap::Deployment;
use crate::failure::Failure;
use crate::times::length;
use countersign_core::key_ring::{KeyRing, KeyRingError, KeyState, MacKeyState, OpenKeyRing, Purpose};
use countersign_core::{Span, Time};

const MASTER: &str = "master key";
const KEYS: &str = "keys";
// The server looks every second; it may have been down for a while.
const OVERDUE: Span = Span::from_days(1);

pub(super) async fn look(deployment: &Deployment, now: Time, findings: &mut Findings) -> Result<(), Failure> {
    let ring = deployment.store.key_ring().await?;
    if ring.storage_key.is_none() {
        findings.problem(KEYS, "there are none", "countersign serve makes them");
        return Ok(());
    }
    match deployment.master(&ring) {
        Err(failure) => findings.failure(MASTER, &failure),
        Ok(master) => {
            let issuer = deployment.issuer().await?;
            let opened = ring.storage_key(&master.key()).and_then(|key| OpenKeyRing::open(&ring, &key, &issuer));
            match opened {
                // That nothing signs is told below.
                Ok(_) | Err(KeyRingError::NothingActive) => {
                    findings.ok(MASTER, format!("{} opens every key", master.origin));
                }
                Err(error) => findings.failure(MASTER, &Failure::from(error)),
            }
        }
    }
    let rotation = Span::from(deployment.config.keys.rotation);
    for (purpose, name) in [(Purpose::AccessToken, "token"), (Purpose::Feed, "feed")] {
        signing(&ring, purpose, name, rotation, now, findings);
    }
    summary(&ring, findings);
    Ok(())
}

fn signing(ring: &KeyRing, purpose: Purpose, name: &str, rotation: Span, now: Time, findings: &mut Findings) {
    let Some(active) = ring.in_state(purpose, KeyState::Active) else {
        return findings.problem(KEYS, format!("no {name} key signs"), "countersign serve makes one");
    };
    let signs_for = active.activated_at.map_or(Span::ZERO, |since| now.since(since));
    if signs_for > rotation + OVERDUE {
        let what = format!(
            "the {name} key {} has signed for {}, longer than `keys.rotation`",
            active.id.as_str(),
            length(signs_for)
        );
        findings.warning(KEYS, what, "keys rotate while a server runs: countersign serve, or countersign key rotate");
    }
    if ring.in_state(purpose, KeyState::Next).is_none() {
        let what = format!("no {name} key is published ahead");
        findings.warning(KEYS, what, "a running server publishes one within a second: countersign serve");
    }
}

fn summary(ring: &KeyRing, findings: &mut Findings) {
    let count = |state| ring.keys.iter().filter(|key| key.state == state).count();
    let distrusted = ring.mac_keys.iter().filter(|key| key.state == MacKeyState::Distrusted).count();
    let counts = format!("{} retiring, {} revoked", count(KeyState::Retiring), count(KeyState::Revoked));
    if distrusted > 0 {
        let what = format!(
            "{distrusted} keys of refresh tokens are distrusted: sessions that were not refreshed since still hold their tokens"
        );
        findings.note(KEYS, what, "to end those: countersign key revoke --mac ID --end-sessions");
    }
    if findings.all_ok(KEYS) {
        findings.ok(KEYS, format!("one signs and one is published ahead, for tokens and for the feed; {counts}"));
    } else {
        findings.note(KEYS, counts, "countersign key list");
    }
}
