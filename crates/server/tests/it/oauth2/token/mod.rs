//! `POST /oauth2/token`.

mod authentication;
mod authorization_code;
mod client_credentials;
mod form;
mod proofs;
mod refresh_token;
mod workers;
