//! The authorization server: HTTP around `countersign-core`.
//!
//! [`Server::builder`] founds or opens a deployment and gives an axum router and the jobs beside it; [`serve`] is the
//! listener with its limits. `router` is the route table; a route parses, calls one operation and answers; `error` is
//! the one table of what is answered when something is wrong.
#![deny(missing_docs)]

mod app;
mod builder;
mod documents;
mod error;
mod fallback;
#[cfg(feature = "fault-injection")]
mod fault;
mod feed;
mod hashing;
mod http;
mod jobs;
pub mod limits;
mod openapi;
pub mod outbound;
mod pages;
mod refreshing;
mod replays;
mod router;
mod routes;
mod serve;
mod source;
pub mod telemetry;
mod throttling;
mod tls;

pub use app::{RegistrationPolicy, SignUpPolicy, ring_policy};
pub use builder::{Server, ServerBuilder, StartError};
pub use documents::DocumentPolicy;
#[cfg(feature = "fault-injection")]
pub use fault::{FaultPoint, StoppedRequest};
pub use feed::{FeedAccess, FeedPolicy};
pub use hashing::{HashingPolicy, HashingPool};
pub use http::AddressRange;
pub use serve::{Listener, serve};
pub use source::{ManualSource, SystemSource};
pub use throttling::{Bucket, ThrottlePolicy};
pub use tls::{Tls, TlsFault, TlsFile, TlsFiles, TlsProblem};
