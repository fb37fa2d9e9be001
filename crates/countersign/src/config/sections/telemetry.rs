//! `[telemetry]`

use crate::config::{
    declare::{Fallback::Is, section},
    shapes::{DAY, DurationIn, FOREVER, Words},
    values::LogFilter,
};
use std::time::Duration;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON document a line.
    Json,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricsAccess {
    /// Who asks from this machine.
    Loopback,
    /// Everybody.
    Public,
    /// Nobody.
    Off,
}

section! {
    /// What the server tells about itself.
    telemetry: Telemetry {
        /// How the log on standard error is written: for people, or one JSON document a line.
        log_format: LogFormat = Is("pretty"), Words::of(&[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)]);
        /// What is logged: a level for everything, and others for parts of the program.
        log_level: LogFilter = Is("info"), LogFilter::SHAPE;
        /// Who may read `/metrics`: only who asks from this machine itself and not through a proxy, everybody, or nobody.
        /// Whoever may not is answered 404.
        metrics: MetricsAccess = Is("loopback"), Words::of(&[("loopback", MetricsAccess::Loopback), ("public", MetricsAccess::Public), ("off", MetricsAccess::Off)]);
        /// How long the audit log is kept: the server forgets older events once a day. `countersign audit export` writes
        /// them elsewhere before that.
        audit_kept: Duration = Is("400d"), DurationIn::new(DAY, FOREVER);
    }
}
