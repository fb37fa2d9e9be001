//! What is logged.

use crate::config::{error::Fault, names::nearest, notation::quoted, shapes::Text};

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// A level, or a comma-separated list of levels and `target=level`, as `tracing_subscriber` reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// How a key takes it.
    pub(in crate::config) const SHAPE: Text<Self> = Text {
        what: "a level (error, warn, info, debug, trace, off), or a list as in \"info,hyper=warn\"",
        parse: Self::parse,
    };

    /// The directives.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Stricter than `tracing_subscriber`, which takes a mistyped level for a target and logs all of it.
    fn parse(text: &str) -> Result<Self, Fault> {
        for directive in text.split(',') {
            let (target, level) = directive.split_once('=').map_or((None, directive), |(t, level)| (Some(t), level));
            let is_target = |c: char| c.is_ascii_alphanumeric() || "_:-.".contains(c);
            if target.is_some_and(|target| target.is_empty() || !target.chars().all(is_target)) {
                return Err(
                    Fault::new(format!("{} is not target=level", quoted(directive))).hint("as in \"info,hyper=warn\"")
                );
            }
            if !LEVELS.contains(&level) {
                return Err(refuse_level(level));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

fn refuse_level(level: &str) -> Fault {
    let mut message = format!("unknown level {} (known: {})", quoted(level), LEVELS.join(", "));
    if let Some(near) = nearest(level, LEVELS) {
        message.push_str(&format!("; did you mean \"{near}\"?"));
    }
    Fault::new(message)
}
