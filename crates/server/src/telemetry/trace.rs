//! The span of a request as part of a trace that began elsewhere (W3C Trace Context). Without the feature `otel` there is
//! nobody to tell of it.

#[cfg(feature = "otel")]
mod told {
    use axum::http::{HeaderMap, StatusCode};
    use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    const TRACEPARENT: &str = "traceparent";

    /// `traceparent` alone: `tracestate` is free text of whoever asks, and would be exported as it came.
    struct ParentAlone<'a>(&'a HeaderMap);

    impl Extractor for ParentAlone<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            if key == TRACEPARENT { self.0.get(TRACEPARENT)?.to_str().ok() } else { None }
        }

        fn keys(&self) -> Vec<&str> {
            vec![TRACEPARENT]
        }
    }

    /// Makes `span` part of the trace that the request names, if it names one. Before the span is entered.
    pub(crate) fn continues(span: &Span, headers: &HeaderMap) {
        if headers.contains_key(TRACEPARENT) {
            let parent = TraceContextPropagator::new().extract(&ParentAlone(headers));
            // Fails where nobody exports spans.
            let _ = span.set_parent(parent);
        }
    }

    /// Tells the span that is entered how its request was answered.
    pub(crate) fn answered(status: StatusCode) {
        let span = Span::current();
        span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            span.set_status(opentelemetry::trace::Status::error(status.as_str().to_owned()));
        }
    }
}

#[cfg(not(feature = "otel"))]
mod told {
    use axum::http::{HeaderMap, StatusCode};
    use tracing::Span;

    pub(crate) const fn continues(_: &Span, _: &HeaderMap) {}

    pub(crate) const fn answered(_: StatusCode) {}
}

pub(crate) use told::{answered, continues};
