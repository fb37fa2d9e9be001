//! The keys, one section a file: this is where a setting is added.

mod accounts;
mod clients;
mod feed;
mod keys;
mod limits;
mod server;
mod sessions;
mod store;
mod telemetry;
mod tokens;

pub(crate) use self::{
    accounts::{Accounts, SignUp},
    clients::{Clients, Documents, Registration},
    feed::{Feed, FeedAccess},
    keys::Keys,
    limits::Limits,
    server::Server,
    sessions::Sessions,
    store::Store,
    telemetry::{LogFormat, MetricsAccess, Telemetry},
    tokens::{Algorithm, Tokens},
};
use super::declare::Section;

/// In the order of the reference page.
pub(super) const ALL: [&Section; 10] = [
    &Server::SECTION,
    &Accounts::SECTION,
    &Tokens::SECTION,
    &Sessions::SECTION,
    &Keys::SECTION,
    &Limits::SECTION,
    &Store::SECTION,
    &Feed::SECTION,
    &Clients::SECTION,
    &Telemetry::SECTION,
];
