//! What the server tells about itself.

mod log;

pub use log::{LogError, LogFormat, LogPolicy, init, subscriber};
