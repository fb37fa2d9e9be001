//! What should not happen, and does.

mod hostile;
mod limits;
