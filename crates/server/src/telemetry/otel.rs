//! Spans of requests, sent to an OpenTelemetry collector: OTLP over HTTP, in protobuf.
//!
//! A batch goes out from a thread of the SDK; what is sent runs on the server's own runtime, by the HTTP client that is
//! there anyway. Nothing that is logged is exported, only the span of each request and its fields.

use super::log::{LogError, LogPolicy, filter, lines};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::IsTerminal as _;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

/// Where spans go. Stop it before the process ends: what was not sent yet is lost otherwise.
#[derive(Debug, Clone)]
pub struct Otel {
    provider: SdkTracerProvider,
}

/// Spans can't be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtelError {
    /// The endpoint is none that can be reached.
    #[error(
        "the collector's endpoint must be an http URL, as in http://localhost:4318: what speaks TLS is an agent's to do"
    )]
    Endpoint,
    /// The exporter can't be made.
    #[error("the exporter of spans can't be made")]
    Exporter(#[source] ExporterBuildError),
}

const SERVICE: &str = "countersign";
const SENT_WITHIN: Duration = Duration::from_secs(10);
// The collector answers next to nothing.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The HTTP client of the exporter.
#[derive(Debug)]
struct Client {
    runtime: Handle,
}

impl Otel {
    /// Sends to the collector at `endpoint` (`http://host:port`; `/v1/traces` is added). In a tokio runtime, which sends.
    ///
    /// # Errors
    /// [`OtelError`]. Whether a collector is there is not known before the first batch; without one, spans are lost.
    pub fn start(endpoint: &str) -> Result<Self, OtelError> {
        let url = url::Url::parse(endpoint).map_err(|_| OtelError::Endpoint)?;
        if url.scheme() != "http" || url.host().is_none() {
            return Err(OtelError::Endpoint);
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client { runtime: Handle::current() })
            .with_endpoint(format!("{}/v1/traces", url.as_str().trim_end_matches('/')))
            .build()
            .map_err(OtelError::Exporter)?;
        let resource = Resource::builder().with_service_name(SERVICE).build();
        Ok(Self {
            provider: SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build(),
        })
    }

    /// Makes the log of this process, on standard error, and exports the spans beside it.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn init(&self, policy: &LogPolicy) -> Result<(), LogError> {
        let colour = std::io::stderr().is_terminal();
        self.subscriber(policy, std::io::stderr, colour)?.try_init().map_err(LogError::Twice)
    }

    /// A log that writes elsewhere, and the spans beside it.
    ///
    /// # Errors
    /// [`LogError::Filter`].
    pub fn subscriber<W>(
        &self,
        policy: &LogPolicy,
        writer: W,
        colour: bool,
    ) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        // The level of the log says nothing about spans: each has its own filter.
        let ours = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("countersign_server"));
        let spans = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        let log = lines(policy, writer, colour).with_filter(filter(policy)?);
        Ok(Box::new(Registry::default().with(spans.with_filter(ours)).with(log)))
    }

    /// Sends what was not sent yet, and no more. It blocks, at most for a few seconds.
    pub fn stop(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(SENT_WITHIN) {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Client {
    fn send_bytes<'life0, 'async_trait>(&'life0 self, request: Request<Bytes>) -> Sending<'async_trait>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        // It is asked on a thread that has no runtime.
        let sending = self.runtime.spawn(async move { tokio::time::timeout(SENT_WITHIN, send(request)).await });
        Box::pin(async move { sending.await?? })
    }
}

/// One connection a batch: there is one every few seconds.
async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let authority = request.uri().authority().cloned().ok_or("the endpoint has no host")?;
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host().trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    head.headers.insert(hyper::header::HOST, authority.as_str().parse()?);
    head.uri = head.uri.path().parse()?;
    let (head, body) = sender.send_request(Request::from_parts(head, Full::new(body))).await?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}
