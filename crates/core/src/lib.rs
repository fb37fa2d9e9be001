//! The rules of Countersign and what it does: accounts, sessions, clients, grants, resources, keys. No HTTP, no SQL, no clock.
//!
//! Nouns decide, verbs act: [`session`] holds the refresh table and [`key_ring`] when keys move, as pure functions;
//! [`ops`] reads, asks the rule and commits once, through the contract in [`store`]. Time and randomness arrive as a
//! [`Draw`].
#![deny(missing_docs)]

pub mod account;
pub mod audit;
pub mod client;
mod draw;
pub mod form;
pub mod grant;
mod ids;
pub mod key_ring;
pub mod limits;
pub mod logout;
pub mod measure;
mod network;
mod opaque;
pub mod ops;
pub mod policy;
pub mod resource;
pub mod revocation;
pub mod scope;
pub mod session;
pub mod store;
#[cfg(feature = "store-suite")]
pub mod store_suite;
mod time;
pub mod token;

pub use countersign_revocation::Epoch;
pub use draw::{Draw, Source};
pub use ids::{AccountId, InvalidId, SessionId, TokenId};
pub use network::Network;
pub use time::{Span, Time};
