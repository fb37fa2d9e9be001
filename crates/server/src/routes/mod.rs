//! The routes, one file each: parse, call one operation, answer.

pub(crate) mod api;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod oauth2;
pub(crate) mod revocations;
pub(crate) mod well_known;
