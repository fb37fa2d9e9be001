//! The server over HTTP: a real listener, a real database, a clock moved by hand. The tree is that of the routes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails should stop its test, with what it found"
)]

mod api;
mod concurrency;
mod cookies;
mod cors;
mod cross_site;
mod failure;
mod flow;
mod health;
mod issuer_path;
mod leak_drill;
mod metrics;
mod oauth2;
#[cfg(feature = "otel")]
mod otel;
mod outbound;
mod pages;
mod properties;
mod revocations;
mod secrets;
mod support;
mod tls;
mod well_known;
