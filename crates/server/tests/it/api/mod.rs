//! `/api/v1`.

mod accounts;
mod admin;
mod custom_claims;
mod me;
mod openapi;
mod refresh;
mod refresh_rows;
mod refresh_storage;
mod sessions;
mod sign_in;
mod sign_out;
