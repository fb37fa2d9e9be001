//! Each library as its documentation says to use it: keys prepared once, times, issuer and audience checked, claims
//! read into a type.

#[cfg(feature = "josekit")]
mod josekit;
pub mod jsonwebtoken;
mod jwt_simple;
pub mod ours;

use crate::{measure::Side, tokens::Workload};

pub fn all_verify(work: &Workload) -> Vec<Side<'_>> {
    let sides = [jsonwebtoken::verify(work), jwt_simple::verify(work)];
    #[cfg(feature = "josekit")]
    let sides = sides.into_iter().chain([josekit::verify(work)]);
    sides.into_iter().flatten().collect()
}

pub fn all_sign(work: &Workload) -> Vec<Side<'_>> {
    let sides = [jsonwebtoken::sign(work), jwt_simple::sign(work)];
    #[cfg(feature = "josekit")]
    let sides = sides.into_iter().chain([josekit::sign(work)]);
    sides.into_iter().flatten().collect()
}
