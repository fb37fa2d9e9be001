//! The log: one line for each request and each refusal, to standard error. Headers, bodies and tokens are never in it.

use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// How the log looks, and how much there is of it.
#[derive(Debug, Clone)]
pub struct LogPolicy {
    /// How a line looks.
    pub format: LogFormat,
    /// A level, or `target=level` directives separated by commas.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON document a line.
    Json,
}

/// The log can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The filter is malformed.
    #[error("the log filter is malformed: expected a level, or target=level separated by commas")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// This process has a log already.
    #[error("this process has a log already")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Makes the log of this process, on standard error.
///
/// # Errors
/// [`LogError`].
pub fn init(policy: &LogPolicy) -> Result<(), LogError> {
    let colour = std::io::stderr().is_terminal();
    subscriber(policy, std::io::stderr, colour)?.try_init().map_err(LogError::Twice)
}

/// A log that writes elsewhere; `colour` is for terminals.
///
/// # Errors
/// [`LogError::Filter`].
pub fn subscriber<W>(policy: &LogPolicy, writer: W, colour: bool) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&policy.filter).map_err(LogError::Filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colour);
    Ok(match policy.format {
        LogFormat::Pretty => Box::new(lines.with_target(false).finish()),
        LogFormat::Json => {
            Box::new(lines.json().flatten_event(true).with_current_span(true).with_span_list(false).finish())
        }
    })
}
