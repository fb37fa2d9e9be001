//! How each relay on the way stands, for whoever looks for the one that lags.

use std::sync::{Mutex, PoisonError};

use countersign_verifier::{RelayStatus, Verifier};

/// What the relay above said last of itself and of those above it.
#[derive(Debug, Default)]
pub(super) struct Above(Mutex<Option<RelayStatus>>);

impl Above {
    /// Asks again.
    pub(super) async fn look(&self, verifier: &Verifier) {
        let told = verifier.status_above().await;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// With this relay below it.
    pub(super) fn and(&self, verifier: &Verifier) -> RelayStatus {
        let above = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        RelayStatus::below(above, verifier.relay_level())
    }
}
