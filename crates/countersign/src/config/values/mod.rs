//! The types of values that are this product's own.

mod address_range;
mod claims;
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
    listen::LISTEN,
    path::{PATH, absolute},
};
