//! The log of a server, and with the feature `otel` its spans: where the environment names a collector.

use crate::failure::Failure;
use countersign_server::telemetry::{LogError, LogPolicy};

/// What tells of a server while it runs.
pub(crate) struct Telling {
    #[cfg(feature = "otel")]
    otel: Option<countersign_server::telemetry::Otel>,
}

// The name that OpenTelemetry gives it; everything else that it names (OTEL_TRACES_SAMPLER, OTEL_BSP_…) the SDK reads.
#[cfg(feature = "otel")]
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

impl Telling {
    /// Opens the log on standard error. In the runtime that the server runs in.
    #[cfg(not(feature = "otel"))]
    pub(crate) fn begin(policy: &LogPolicy) -> Result<Self, Failure> {
        countersign_server::telemetry::init(policy).map_err(no_log)?;
        Ok(Self {})
    }

    /// The same, and exports spans where there is a collector.
    #[cfg(feature = "otel")]
    pub(crate) fn begin(policy: &LogPolicy) -> Result<Self, Failure> {
        let endpoint = std::env::var(ENDPOINT).ok().filter(|endpoint| !endpoint.is_empty());
        let otel = endpoint.map(|endpoint| countersign_server::telemetry::Otel::start(&endpoint)).transpose();
        let otel = otel.map_err(|error| Failure::usage(error).about(format!("{ENDPOINT} can't be used")))?;
        match &otel {
            Some(otel) => otel.init(policy),
            None => countersign_server::telemetry::init(policy),
        }
        .map_err(no_log)?;
        Ok(Self { otel })
    }

    /// Sends what was not sent yet.
    pub(crate) fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(otel) = self.otel {
            // It waits for what other threads of the runtime send.
            tokio::task::block_in_place(|| otel.stop());
        }
    }
}

fn no_log(error: LogError) -> Failure {
    Failure::usage(error).about("the log can't be opened")
}
