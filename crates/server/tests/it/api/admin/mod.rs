//! `/api/v1/admin/…`.

mod access;
mod clients;
mod keys;
mod resources;
mod revocations;
