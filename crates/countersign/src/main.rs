//! Countersign.

// For the lead: goes when the commands use the configuration.
#[allow(dead_code, unused_imports)]
mod config;

fn main() {}
