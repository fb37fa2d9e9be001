//! Forward authentication for proxies: nginx, Traefik, Caddy or Envoy ask before each request, and are answered from
//! memory by the embedded [`Verifier`](countersign_verifier::Verifier). Beside it, [`relay`]: the revocation feed handed on.
//!
//! A [`Guard`] reads what the client asked for from the one set of headers that its [`Proxy`] writes, finds the first of
//! its [`Rules`] that covers it, and answers 200 with the identity in headers, or 401, 403, 503, and nothing else.
//! A path that two readers could read in two ways is refused: see [`GuardedPath`].
//!
//! ```
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! use countersign_guard::{Demand, Guard, PathPattern, Proxy, Rule, Rules, Settings};
//! use countersign_verifier::{Needs, TestIssuer, Verifier};
//!
//! let issuer = TestIssuer::start().await;
//! let verifier = Verifier::builder(issuer.url()).audience("https://app.example").build().await?;
//! let rules = Rules::new(vec![
//!     Rule::new(PathPattern::parse("/public/*")?, Demand::Public),
//!     Rule::new(PathPattern::parse("/admin/*")?, Demand::Token(Needs::any_token().role("admin"))),
//! ])?;
//! let guard = Guard::new(Settings::new(Proxy::Nginx), [verifier], rules);
//! let router: axum::Router = guard.router(); // for `serve`, or to be merged into your own
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
#![deny(missing_docs)]

mod credentials;
mod guard;
mod identity;
mod metrics;
mod original;
mod path;
mod pattern;
mod refused;
mod routes;
mod rules;
mod serve;

pub mod limits;
pub mod relay;

pub use credentials::{AccessCookie, BadCookieName};
pub use guard::{Guard, Settings};
pub use original::{HostName, Proxy, Scheme};
pub use path::{GuardedPath, PathFault};
pub use pattern::{BadPattern, PathPattern};
pub use rules::{Demand, Rule, Rules, RulesClash};
pub use serve::serve;
