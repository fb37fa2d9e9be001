//! `[limits]`

use crate::config::{
    declare::{Fallback::Is, section},
    shapes::{Count, DurationIn, FOREVER, MILLISECOND},
};
use std::time::Duration;

const BURST: Count = Count(0..=1_000_000);
const EVERY: DurationIn = DurationIn::new(MILLISECOND, FOREVER);

section! {
    /// How many sign-ins may fail. Only failures count, in token buckets: a bucket holds so many at once and gets one
    /// back every so often. Nobody is ever locked out for good.
    limits: Limits {
        /// Failed sign-ins to one account at once; 0 turns the bucket off.
        sign_in_account_burst: u32 = Is("10"), BURST;
        /// One more for the account after each of these.
        sign_in_account_every: Duration = Is("30s"), EVERY;
        /// Failed sign-ins from one address at once; 0 turns the bucket off. In buckets of their own: clients that
        /// register themselves from there, and fetches of documents that it causes.
        sign_in_address_burst: u32 = Is("50"), BURST;
        /// One more for the address after each of these.
        sign_in_address_every: Duration = Is("1s"), EVERY;
        /// Failed sign-ins from one network (IPv4 /24, IPv6 /48) at once; 0 turns the bucket off. Registrations and
        /// fetches likewise.
        sign_in_network_burst: u32 = Is("500"), BURST;
        /// One more for the network after each of these.
        sign_in_network_every: Duration = Is("100ms"), EVERY;
        /// How long a sign-in may wait for its turn to hash a password before it is answered 503.
        hash_queue_wait: Duration = Is("2s"), DurationIn::new(Duration::ZERO, FOREVER);
    }
}
