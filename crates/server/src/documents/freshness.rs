//! How long a document is good (RFC 9111 §4.2), within our own bounds.

use crate::limits::{DOCUMENT_KEPT_MAX, DOCUMENT_KEPT_MIN, DOCUMENT_KEPT_USUALLY};
use axum::http::HeaderMap;
use axum::http::header::{AGE, CACHE_CONTROL};
use countersign_core::Span;

/// What the header fields of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Freshness {
    /// How long it need not be asked for again.
    pub(super) lifetime: Span,
    /// Whether it may be used beyond that if its server can't be reached.
    pub(super) may_be_stale: bool,
}

impl Freshness {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let fields = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
        let directives: Vec<_> =
            fields.flat_map(|field| field.split(',')).map(|directive| directive.trim().to_ascii_lowercase()).collect();
        let says = |name: &str| directives.iter().any(|directive| directive == name);
        if says("no-store") || says("no-cache") {
            return Self { lifetime: DOCUMENT_KEPT_MIN, may_be_stale: false };
        }
        let max_age = directives.iter().find_map(|directive| directive.strip_prefix("max-age="));
        let seconds = |text: &str| text.trim_matches('"').parse::<u64>().ok();
        let age = headers.get(AGE).and_then(|age| age.to_str().ok()).and_then(seconds).unwrap_or(0);
        let left = max_age.and_then(seconds).map(|max_age| Span::from_seconds(max_age.saturating_sub(age)));
        let lifetime = left.unwrap_or(DOCUMENT_KEPT_USUALLY).max(DOCUMENT_KEPT_MIN).min(DOCUMENT_KEPT_MAX);
        Self { lifetime, may_be_stale: !says("must-revalidate") }
    }
}

#[cfg(test)]
mod tests {
    use super::Freshness;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn the_server_says_how_long_within_bounds() {
        for (fields, seconds, may_be_stale) in [
            (&[][..], 600, true),
            (&[("cache-control", "max-age=3600")], 3_600, true),
            (&[("cache-control", "public, MAX-AGE=\"300\"")], 300, true),
            (&[("cache-control", "max-age=3600"), ("age", "3000")], 600, true),
            (&[("cache-control", "max-age=3600"), ("age", "9999")], 60, true),
            (&[("cache-control", "max-age=1")], 60, true),
            (&[("cache-control", "max-age=99999999999")], 86_400, true),
            (&[("cache-control", "max-age=99999999999999999999999")], 600, true),
            (&[("cache-control", "max-age=-1")], 600, true),
            (&[("cache-control", "max-age=900, must-revalidate")], 900, false),
            (&[("cache-control", "no-store, max-age=3600")], 60, false),
            (&[("cache-control", "max-age=3600"), ("cache-control", "no-cache")], 60, false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let read = Freshness::of(&headers);
            assert_eq!((read.lifetime.as_seconds(), read.may_be_stale), (seconds, may_be_stale), "{fields:?}");
        }
    }
}
