//! The types of values that are this product's own.

mod address_range;
mod claims;
mod host_and_port;
mod issuer;
mod listen;
mod log_filter;
mod master_key;
mod path;
mod store_url;
mod web_origin;

pub(crate) use self::{
    address_range::AddressRange, issuer::Issuer, log_filter::LogFilter, master_key::MasterKey, store_url::StoreUrl,
    web_origin::WebOrigin,
};
pub(super) use self::{
    claims::Claims,
    host_and_port::HOST_AND_PORT,
    listen::LISTEN,
    path::{PATH, absolute},
};
