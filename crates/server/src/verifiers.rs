//! Who follows the revocations, and how far they are.

use countersign_core::revocation::Sequence;
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What knows the verifiers that are connected.
pub(crate) trait Verifiers: Send + Sync {
    /// How far they are with the entries up to `sequence`: as soon as all have applied them, after `wait` in any case.
    fn progress(&self, sequence: Sequence, wait: Duration) -> Pin<Box<dyn Future<Output = Progress> + Send + '_>>;
}

/// How far the verifiers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Progress {
    /// How many are connected.
    connected: u64,
    /// How many of them have applied it.
    applied: u64,
    /// How long the slowest of those took.
    slowest_ms: u64,
}

/// No verifier can connect: there is nobody to wait for.
pub(crate) struct NobodyConnected;

impl Verifiers for NobodyConnected {
    fn progress(&self, _: Sequence, _: Duration) -> Pin<Box<dyn Future<Output = Progress> + Send + '_>> {
        Box::pin(std::future::ready(Progress::default()))
    }
}
