//! `POST /oauth2/token`.

mod authentication;
mod authorization_code;
mod client_credentials;
mod form;
mod refresh_token;
