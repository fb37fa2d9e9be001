//! `/revocations/…`: the feed, followed by the real follower.

mod access;
mod epochs;
mod feed;
mod reports;
