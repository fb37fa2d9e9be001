//! What the tests share: a server to test, a client to send anything with, users as objects with verbs.

pub(crate) mod app;
pub(crate) mod apps;
pub(crate) mod browsers;
pub(crate) mod certificates;
pub(crate) mod client;
mod conformance;
pub(crate) mod failing;
pub(crate) mod follower;
pub(crate) mod forge;
pub(crate) mod holders;
pub(crate) mod keys;
pub(crate) mod logs;
pub(crate) mod machines;
pub(crate) mod others;
pub(crate) mod resource_servers;
pub(crate) mod secrets;
pub(crate) mod strangers;
pub(crate) mod users;
pub(crate) mod verifier;

pub(crate) use app::{GRACE, ISSUER, SECOND, Setup, TestApp};
pub(crate) use client::{Response, Tokens};
pub(crate) use failing::When;
pub(crate) use forge::Parts;
pub(crate) use users::{ACCESS_COOKIE, PASSWORD, REFRESH_COOKIE};
