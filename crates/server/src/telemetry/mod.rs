//! What the server tells about itself.

mod log;
pub(crate) mod metrics;
#[cfg(feature = "otel")]
mod otel;
pub(crate) mod trace;

pub use log::{LogError, LogFormat, LogPolicy, init, subscriber};
pub use metrics::MetricsAccess;
#[cfg(feature = "otel")]
pub use otel::{Otel, OtelError};
