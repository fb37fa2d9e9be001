//! The store contract: coarse, atomic operations, each one durable change or one consistent read.
//!
//! - A change states what it expects; losing is a value, not an error. `Err` means that the machine failed.
//! - No method hands out a transaction, a row or a connection. Time, ids and secrets arrive as values, secrets hashed
//!   or sealed.
//! - What must be published is appended in the same commit as what caused it.
//! - Every list is paged. What ends things is idempotent and says how much it ended.
//! - An `Ok` is on disk.
//!
//! `store_suite` (feature `store-suite`) is the contract as tests; every backend runs it.

mod accounts;
mod audit;
mod clients;
mod deployment;
mod error;
mod figures;
mod grants;
mod keys;
mod logouts;
mod page;
mod resources;
mod revocations;
mod sessions;

pub use accounts::{
    AccountChange, AccountStore, ChangeAccount, ChangePassword, Changed, Created, NewAccount, RenewedSession,
};
pub use audit::{AuditStore, RaiseAlarm};
pub use clients::{
    ChangeClientStatus, ClientChanged, ClientEnding, ClientStore, RegisterItself, Registered, RemoveClient,
    ReplaceClientSecret, StatusChange, UseClient,
};
pub use deployment::{Deployment, DeploymentStore, Founded, Swept};
pub use error::StoreError;
pub use figures::WriterFigures;
pub use grants::{CodeSaved, GrantStore, PushRequest, RedeemCode, Redemption, RequestPushed, SaveCode};
pub use keys::{KeyStore, RingChange};
pub use logouts::{ClaimLogouts, GiveUpLogouts, LogoutOutcome, LogoutStore, SettleLogout};
pub use page::{Cursor, CursorStanding, Page, Paged};
pub use resources::{AddedResource, RemoveResource, ResourceStore};
pub use revocations::{BeginEpoch, ChangeMark, EndWithEpoch, FeedPage, Published, RevocationStore};
pub use sessions::{
    CountLive, CountRepeat, CountedLive, EndSessions, EndedSessions, FindMachine, FoundMachine, Held, HoldSession,
    OpenSession, Opened, RotateSession, SessionFilter, SessionStore, Which,
};

use std::future::Future;
use std::pin::Pin;

/// What every method returns; boxed, so that operations can take a store as `&dyn`.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Everything that a deployment keeps. An operation takes the smallest part that it needs.
pub trait Store:
    AccountStore
    + SessionStore
    + ClientStore
    + ResourceStore
    + GrantStore
    + LogoutStore
    + KeyStore
    + RevocationStore
    + AuditStore
    + DeploymentStore
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: AccountStore
        + SessionStore
        + ClientStore
        + ResourceStore
        + GrantStore
        + LogoutStore
        + KeyStore
        + RevocationStore
        + AuditStore
        + DeploymentStore
        + Send
        + Sync
{
}

/// The outcome of a change that expected an older state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// It was as expected; the change is on disk.
    Won,
    /// It was not: read and judge again. Nothing was written.
    Lost,
}
