//! `POST /oauth2/token`.

mod authentication;
mod client_credentials;
mod form;
