//! The log: one line for each request and each refusal, to standard error. Headers, bodies and tokens are never in it.

use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

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
    Ok(Box::new(Registry::default().with(lines(policy, writer, colour)).with(filter(policy)?)))
}

/// What is logged.
pub(super) fn filter(policy: &LogPolicy) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(&policy.filter).map_err(LogError::Filter)
}

/// How it is written.
pub(super) fn lines<S, W>(policy: &LogPolicy, writer: W, colour: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colour);
    match policy.format {
        LogFormat::Pretty => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    }
}
