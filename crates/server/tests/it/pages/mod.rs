//! The pages: what browsers may do with them, and what is tried on them.

mod cross_site;
mod escaping;
mod headers;
mod secrets;
mod sign_in;
