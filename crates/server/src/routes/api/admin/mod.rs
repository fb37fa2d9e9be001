//! `/api/v1/admin/…`: what the role `admin` may do.

pub(crate) mod clients;
pub(crate) mod keys;
pub(crate) mod resources;
pub(crate) mod revocations;
