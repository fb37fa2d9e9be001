//! The log as an operator has it: the product's own subscriber, at trace level, in a test's memory.
//!
//! It is that of the test's thread, on which the whole server runs. Storage and hashing have threads of their own, but
//! neither crate logs.

use countersign_server::telemetry::{LogFormat, LogPolicy, subscriber};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Event, Metadata, Subscriber};

/// What is logged on this thread until it is dropped.
pub(crate) struct Recording {
    written: Written,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Recording {
    pub(crate) fn begin(format: LogFormat) -> Self {
        others_log_to_nobody();
        let written = Written::default();
        let (policy, writer) = (LogPolicy { format, filter: "trace".to_owned() }, written.clone());
        let subscriber = subscriber(&policy, move || writer.clone(), false).expect("a log");
        Self { written, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// All that was logged up to now.
    pub(crate) fn text(&self) -> String {
        let written = self.written.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(written.clone()).expect("a log in UTF-8")
    }
}

/// Before a test has a log of its own: else what other threads pass first is switched off for it, too.
pub(crate) fn others_log_to_nobody() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| tracing::subscriber::set_global_default(Nobody).expect("no other log"));
}

/// What the threads of other tests log to. It wants nothing but to be asked each time: with no subscriber there, the
/// first thread that passes a line of ours would switch that line off for all.
struct Nobody;

impl Subscriber for Nobody {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
