//! What Countersign does, one verb a file: reads, asks the rule, commits once.
//!
//! | verb | what |
//! |---|---|
//! | [`SignUp`] | makes an account |
//! | [`SignIn`] | checks credentials and opens a session |
//! | [`Refresh`] | trades a refresh token for a fresh access token and, mostly, its successor |
//! | [`PushAuthorizationRequest`] | keeps what a client will ask the authorization endpoint for |
//! | [`Authorize`] | gives a client an authorization code, once whoever is at the browser signed in and agreed |
//! | [`SignOut`] | ends a session, or all of its account's |
//! | [`LogOut`] | signs somebody out of their browser on a client's wish |
//! | [`AuthenticateClient`] | checks a client's secret |
//! | [`ExchangeCode`] | trades an authorization code for the tokens of a new session |
//! | [`ClientCredentials`] | gives a machine an access token |
//! | [`EndOwnSessions`] | ends other sessions from within one |
//! | [`ChangePassword`], [`SetPassword`] | replaces a password; other sessions end |
//! | [`ChangeRole`], [`ChangeStatus`], [`ChangeAttribute`], [`RemoveAccount`] | administer an account |
//! | [`RegisterClient`], [`ReplaceClientSecret`], [`ChangeClientStatus`], [`RemoveClient`] | administer a client |
//! | [`SelfRegistration`] | registers a client that no operator knows |
//! | [`AddResource`], [`RemoveResource`] | administer a resource server |
//! | [`Revoke`] | takes back a session, a token or a client's tokens |
//! | [`Found`] | founds a deployment at its first start |
//! | [`Restore`] | turns a restored copy of storage into one that may serve |
//! | [`RotateKeys`] | moves the key ring on |

mod accounts;
mod authenticate;
mod authenticate_client;
mod authorize;
mod browser_session;
mod change_password;
mod client_credentials;
mod clients;
mod end_sessions;
mod exchange_code;
mod found;
mod hashing;
mod issue;
mod log_out;
mod push_request;
mod refresh;
mod resources;
mod restore;
mod revoke;
mod rotate_keys;
mod self_registration;
mod sign_in;
mod sign_out;
mod sign_up;
mod target;

pub use accounts::{AccountChanged, ChangeAttribute, ChangeRole, ChangeStatus, InvalidAttribute, RemoveAccount};
pub use authenticate::{Authenticated, authenticate, standing};
pub use authenticate_client::AuthenticateClient;
pub use authorize::{Authorize, Authorized, ConsentNeeded, Decision, SignInNeeded};
pub use browser_session::{BrowserSession, browser_session};
pub use change_password::{ChangePassword, PasswordChange, SetPassword};
pub use client_credentials::{ClientCredentials, MachineToken};
pub use clients::{
    ChangeClientStatus, ClientChange, ClientRegistered, RegisterClient, RemoveClient, ReplaceClientSecret,
    SecretReplaced, longest_token_lifetime,
};
pub use end_sessions::{EndOwnSessions, Others};
pub use exchange_code::{ExchangeCode, Exchanged, NotExchanged};
pub use found::{Found, Foundation, OnIssuerChange};
pub use hashing::{HashInPlace, HashingError, HashingFuture, PasswordHashing};
pub use issue::{Issue, IssuedRefresh};
pub use log_out::{AfterLogout, LogOut, LoggedOut, LogoutQuestion};
pub use push_request::{AuthorizationRequestPushed, PushAuthorizationRequest};
pub use refresh::{Refresh, Refreshed};
pub use resources::{AddResource, RemoveResource};
pub use restore::{Replaced, Restore, Restored, RestoredSessions};
pub use revoke::{Revocable, Revoke, Revoked};
pub use rotate_keys::{KeyRingChanged, RotateKeys, RotationError};
pub use self_registration::SelfRegistration;
pub use sign_in::{NotSignedIn, SignIn, SignedIn};
pub use sign_out::{SignOut, SignOutProof, SignedOut};
pub use sign_up::{SignUp, SignedUp};

use crate::account::PasswordPolicy;
use crate::account::password::PasswordHashError;
use crate::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use crate::store::StoreError;
use std::net::IpAddr;

/// Everything that the operator chose.
#[derive(Debug)]
pub struct Policies {
    /// How access tokens are made.
    pub token: TokenPolicy,
    /// How sessions live.
    pub session: SessionPolicy,
    /// How keys rotate.
    pub key: KeyPolicy,
    /// Which passwords are taken.
    pub password: PasswordPolicy,
}

/// Where a request came from, for sessions and the audit log.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The peer's address.
    pub address: IpAddr,
    /// The request's id, as the peer was told it.
    pub request: String,
}

/// An operation failed, not the request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpError {
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// Storage holds something else than a password's hash.
    #[error("the account's password can't be compared")]
    PasswordHash(#[from] PasswordHashError),
}

impl Origin {
    /// As the audit log tells it.
    #[must_use]
    pub fn actor(&self) -> crate::audit::Actor {
        crate::audit::Actor { account: None, address: Some(self.address), request: Some(self.request.clone()) }
    }
}
