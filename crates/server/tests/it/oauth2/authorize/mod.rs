//! `/oauth2/authorize`, and what the pages lead to.

mod answers;
mod consent;
mod never_redirected;
mod prompt;
mod redirected;
