//! `/revocations/…`: the feed, followed by the real follower.

mod access;
mod epochs;
mod feed;
mod paused_mint;
mod purge;
mod reports;
