//! `/oauth2/authorize`, and what the pages lead to.

mod answers;
mod claims;
mod consent;
mod end_to_end;
mod never_redirected;
mod prompt;
pub(crate) mod redirected;
