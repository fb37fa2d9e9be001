//! Looks at the files once a second, takes up what changed, and warns before a certificate expires.

use crate::limits::{CERTIFICATE_LIFE_SHORT, CERTIFICATE_WARNED_EVERY, TLS_FILES_LOOKED_AT_EVERY};
use crate::tls::files::Stamps;
use crate::tls::pair::Pair;
use crate::tls::validity::Standing;
use crate::tls::{Tls, TlsFiles, TlsProblem};
use countersign_core::{Source, Time};
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

struct Watch {
    tls: Tls,
    host: String,
    /// How the files looked a second ago.
    seen: Stamps,
    /// How they looked when they were last judged, good or bad.
    judged: Stamps,
    /// When the operator was last told how the certificate stands.
    told: Option<Time>,
}

impl Tls {
    /// Keeps the certificate current, and warns of what clients of `host` would refuse. Never ends.
    ///
    /// A pair that is refused is logged, once, and the one before stays in use.
    pub async fn keep(self, source: Arc<dyn Source>, host: String) {
        let opened = self.0.opened;
        let mut watch = Watch { tls: self, host, seen: opened, judged: opened, told: None };
        let mut every = interval(TLS_FILES_LOOKED_AT_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            watch.look(source.now());
        }
    }
}

impl Watch {
    /// Two `stat`s a second need no thread of their own.
    fn look(&mut self, now: Time) {
        let found = self.tls.0.files.stamps();
        // Two files can't be replaced in one step: they are judged when both have been still for a second, so that
        // the moment between a new certificate and its new key is nobody's error.
        let still = found == self.seen;
        self.seen = found;
        if still && found != self.judged {
            self.judged = found;
            self.judge();
        }
        let due = self.told.is_none_or(|told| now.since(told) >= CERTIFICATE_WARNED_EVERY);
        if due {
            self.told = Some(now);
            self.warn(now);
        }
    }

    fn judge(&mut self) {
        match Pair::read(&self.tls.0.files) {
            Ok(pair) => {
                let expires = pair.validity().map(|validity| validity.ends());
                self.tls.take_up(pair);
                self.told = None;
                tracing::info!(expires, "the new TLS certificate is in use from the next connection on");
            }
            Err(problems) => problems.iter().for_each(|problem| refused(&self.tls.0.files, problem)),
        }
    }

    fn warn(&self, now: Time) {
        let pair = self.tls.current().pair;
        let file = self.tls.0.files.certificate.display();
        if !pair.names(&self.host) {
            tracing::warn!(
                %file, host = self.host,
                "the TLS certificate does not name the issuer's host: clients will refuse it; request one that does"
            );
        }
        let Some(validity) = pair.validity() else { return };
        let (begins, ends) = (validity.begins(), validity.ends());
        match validity.standing(now, CERTIFICATE_LIFE_SHORT) {
            Standing::Good => {}
            Standing::NotYet { days } => tracing::warn!(
                %file, valid_from = begins, days,
                "the TLS certificate is not valid yet: clients will refuse it; check the clock, or put back the one before"
            ),
            Standing::Short { days_left } => tracing::warn!(
                %file, expires = ends, days_left,
                "the TLS certificate expires soon: renew it; a new one is taken up without a restart"
            ),
            Standing::Expired { days } => tracing::warn!(
                %file, expired = ends, days_left = -(days.try_into().unwrap_or(i64::MAX)),
                "the TLS certificate has expired: clients refuse it; renew it, a new one is taken up without a restart"
            ),
        }
    }
}

fn refused(files: &TlsFiles, problem: &TlsProblem) {
    tracing::error!(
        file = %files.path(problem.file).display(), hint = problem.fault.hint(),
        "the new TLS certificate is refused, the one before stays in use: {problem}"
    );
}
