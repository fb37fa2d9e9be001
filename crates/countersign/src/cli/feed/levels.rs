//! How the relays on the way from the issuer stand.

use crate::output::{Answer, Page};
use crate::times::rfc3339;
use countersign_core::Time;
use countersign_verifier::{RelayLevel, RelayStatus, Verifier};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

// Relays look at one another as often.
const EVERY: Duration = Duration::from_secs(5);

/// Which looks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Those at which there are others than before.
    Changes,
    All,
}

/// Each of them, from the one that reads at the issuer.
#[derive(Serialize)]
pub(super) struct LevelsView {
    kind: &'static str,
    levels: Vec<LevelView>,
    complete: bool,
}

#[derive(Serialize)]
struct LevelView {
    level: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_ms: Option<u64>,
}

/// Looks at them again and again, for as long as somebody listens.
pub(super) fn levels(verifier: Verifier, shown: Shown) -> mpsc::Receiver<LevelsView> {
    let (sender, views) = mpsc::channel(1);
    tokio::spawn(async move {
        // At the issuer there are none to be shown.
        let mut before = (0, true);
        loop {
            let status = verifier.status_above().await.unwrap_or_default();
            let found = (status.levels.len(), status.complete);
            let is_worth_it = found != before || (shown == Shown::All && found.0 > 0);
            before = found;
            if is_worth_it && sender.send(LevelsView::of(status)).await.is_err() {
                return;
            }
            sleep(EVERY).await;
        }
    });
    views
}

impl LevelsView {
    fn of(status: RelayStatus) -> Self {
        let levels = (1..).zip(status.levels).map(|(level, of)| LevelView::of(level, of)).collect();
        Self { kind: "levels", levels, complete: status.complete }
    }
}

impl LevelView {
    fn of(level: usize, RelayLevel { applied, as_of, lag_ms, .. }: RelayLevel) -> Self {
        Self { level, applied, as_of: as_of.map(|as_of| rfc3339(Time::from_millis(as_of))), lag_ms }
    }
}

impl Answer for LevelsView {
    fn show(&self, page: &mut Page) {
        for level in &self.levels {
            let number = level.applied.as_deref().and_then(|applied| applied.split(':').nth(1)).unwrap_or("none");
            let as_of = level.as_of.as_deref().unwrap_or("nothing");
            let lag =
                level.lag_ms.map_or_else(|| "it holds nothing".to_owned(), |lag| format!("{lag} ms after the issuer"));
            page.line(&format!("level {}  number {number}  as of {as_of}  {lag}", level.level));
        }
        if !self.complete {
            page.line("a relay on the way does not tell how it stands: there are more levels than these");
        }
    }
}
