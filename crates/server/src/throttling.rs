//! Token buckets for sign-in, in memory: only failures cost, and nobody is ever locked out for good.
//!
//! Each bucket is one number, the time at which it will be full again (GCRA): taking moves it on by one interval,
//! giving back moves it to where it was.

use crate::limits::{BUCKETS_MAX, FETCHES_OF_ONE_HOST};
use countersign_core::session::SecretHash;
use countersign_core::{Network, Span, Time};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many attempts may fail.
#[derive(Debug, Clone, Copy)]
pub struct ThrottlePolicy {
    /// At one account.
    pub account: Bucket,
    /// From one address; also how many client authentications may fail there, how many clients may register themselves
    /// from it, and how many fetches of metadata documents it may cause.
    pub address: Bucket,
    /// From one network (/24, /48); also how many refresh tokens may be forged there.
    pub network: Bucket,
}

/// One kind of bucket.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Failures at once; 0 turns the bucket off.
    pub burst: u32,
    /// One more is forgiven in this time.
    pub every: Span,
}

/// All buckets.
#[derive(Debug)]
pub(crate) struct Throttle {
    accounts: Buckets<[u8; 32]>,
    addresses: Buckets<IpAddr>,
    networks: Buckets<Network>,
    forgers: Buckets<IpAddr>,
    clients: Buckets<IpAddr>,
    registrations: Buckets<IpAddr>,
    fetches: Buckets<IpAddr>,
    fetched: Buckets<[u8; 32]>,
}

/// What an attempt took, to be given back if it succeeds. Dropped, it stays taken.
#[derive(Debug)]
#[must_use = "an attempt that succeeds costs nothing: give it back"]
pub(crate) struct Permit<'a> {
    throttle: &'a Throttle,
    account: [u8; 32],
    address: IpAddr,
}

#[derive(Debug)]
struct Buckets<K> {
    bucket: Bucket,
    full_at: Mutex<HashMap<K, Time>>,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self {
            account: Bucket { burst: 10, every: Span::from_seconds(30) },
            address: Bucket { burst: 50, every: Span::from_seconds(1) },
            network: Bucket { burst: 500, every: Span::from_millis(100) },
        }
    }
}

impl Throttle {
    pub(crate) fn new(policy: ThrottlePolicy) -> Self {
        Self {
            accounts: Buckets::new(policy.account),
            addresses: Buckets::new(policy.address),
            networks: Buckets::new(policy.network),
            forgers: Buckets::new(policy.network),
            clients: Buckets::new(policy.address),
            registrations: Buckets::new(policy.address),
            fetches: Buckets::new(policy.address),
            fetched: Buckets::new(FETCHES_OF_ONE_HOST),
        }
    }

    /// Takes from all three buckets, or from none and tells how long to wait.
    pub(crate) fn take(&self, login: &str, address: IpAddr, now: Time) -> Result<Permit<'_>, Span> {
        // Hashed, so that no login lies about in memory and none is longer than another.
        let account = *SecretHash::of(login.as_bytes()).as_bytes();
        let network = Network::of(address);
        self.networks.take(network, now)?;
        self.addresses.take(address, now).inspect_err(|_| self.networks.give_back(&network))?;
        self.accounts.take(account, now).inspect_err(|_| {
            self.networks.give_back(&network);
            self.addresses.give_back(&address);
        })?;
        Ok(Permit { throttle: self, account, address })
    }

    /// Counts a refresh token that is none of ours (row 2).
    pub(crate) fn take_forged(&self, address: IpAddr, now: Time) -> Result<(), Span> {
        self.forgers.take(address, now)
    }

    /// Whether a client may try to authenticate from this address, after what failed there. A client's secret can't be
    /// guessed; what is limited is the work, so clients have no bucket each, which others could empty.
    pub(crate) fn client_may_try(&self, address: IpAddr, now: Time) -> Result<(), Span> {
        self.clients.look(address, now).map(|_| ())
    }

    /// Counts a client that registers itself.
    pub(crate) fn take_registration(&self, address: IpAddr, now: Time) -> Result<(), Span> {
        self.registrations.take(address, now)
    }

    /// Counts a fetch of something at `host`, caused from `address`: nobody makes us ask others without end, neither from
    /// one place nor, from many, one host.
    pub(crate) fn take_fetch(&self, address: IpAddr, host: &str, now: Time) -> Result<(), Span> {
        self.fetches.take(address, now)?;
        let host = *SecretHash::of(host.as_bytes()).as_bytes();
        self.fetched.take(host, now).inspect_err(|_| self.fetches.give_back(&address))
    }

    /// Counts a client authentication that failed.
    pub(crate) fn count_failed_client(&self, address: IpAddr, now: Time) {
        // The bucket may have been emptied meanwhile: then the next one is refused.
        let _ = self.clients.take(address, now);
    }
}

impl Permit<'_> {
    /// The attempt succeeded.
    pub(crate) fn give_back(self) {
        self.throttle.accounts.give_back(&self.account);
        self.throttle.addresses.give_back(&self.address);
        self.throttle.networks.give_back(&Network::of(self.address));
    }
}

impl<K: Hash + Eq + Copy> Buckets<K> {
    fn new(bucket: Bucket) -> Self {
        Self { bucket, full_at: Mutex::new(HashMap::new()) }
    }

    /// When the bucket would be full again after one more, or how long until one more is forgiven; `None`: it is off.
    fn look(&self, key: K, now: Time) -> Result<Option<Time>, Span> {
        self.after_one_more(&self.lock(), key, now)
    }

    fn take(&self, key: K, now: Time) -> Result<(), Span> {
        let mut buckets = self.lock();
        let Some(full_at) = self.after_one_more(&buckets, key, now)? else { return Ok(()) };
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&key) {
            make_room(&mut buckets, now);
        }
        buckets.insert(key, full_at);
        Ok(())
    }

    fn after_one_more(&self, buckets: &HashMap<K, Time>, key: K, now: Time) -> Result<Option<Time>, Span> {
        let Bucket { burst, every } = self.bucket;
        if burst == 0 {
            return Ok(None);
        }
        let full_at = buckets.get(&key).copied().unwrap_or(now).max(now) + every;
        let holds = Span::from_millis(every.as_millis().saturating_mul(u64::from(burst)));
        let beyond = full_at.since(now + holds);
        if beyond.is_zero() { Ok(Some(full_at)) } else { Err(beyond) }
    }

    fn give_back(&self, key: &K) {
        if let Some(full_at) = self.lock().get_mut(key) {
            *full_at = *full_at - self.bucket.every;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Time>> {
        // Nothing that holds the lock can panic half-way.
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the buckets that are full; if none is, the half that will be full first, so that a flood of new keys costs
/// one pass in fifty thousand.
fn make_room<K: Hash + Eq + Copy>(buckets: &mut HashMap<K, Time>, now: Time) {
    buckets.retain(|_, full_at| *full_at > now);
    if buckets.len() >= BUCKETS_MAX {
        let mut times: Vec<Time> = buckets.values().copied().collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        buckets.retain(|_, full_at| *full_at > median);
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Buckets, Throttle, ThrottlePolicy, make_room};
    use crate::limits::BUCKETS_MAX;
    use countersign_core::{Span, Time};
    use std::collections::HashMap;

    const HERE: [u8; 4] = [192, 0, 2, 1];

    fn at(seconds: u64) -> Time {
        Time::from_millis(1_000_000 + seconds * 1000)
    }

    #[test]
    fn failures_cost_until_they_are_forgiven_one_by_one() {
        let throttle = Throttle::new(ThrottlePolicy::default());
        for _ in 0..10 {
            let _ = throttle.take("ana", HERE.into(), at(0)).unwrap();
        }
        assert_eq!(throttle.take("ana", HERE.into(), at(0)).unwrap_err(), Span::from_seconds(30));
        assert_eq!(throttle.take("ana", HERE.into(), at(29)).unwrap_err(), Span::from_seconds(1));
        assert!(throttle.take("ana", HERE.into(), at(30)).is_ok());
        assert!(throttle.take("ana", HERE.into(), at(30)).is_err());
    }

    #[test]
    fn a_success_costs_nothing_and_a_refusal_takes_from_no_other_bucket() {
        let throttle = Throttle::new(ThrottlePolicy::default());
        for _ in 0..1_000 {
            throttle.take("ana", HERE.into(), at(0)).unwrap().give_back();
        }
        for _ in 0..10 {
            let _ = throttle.take("ana", HERE.into(), at(0)).unwrap();
        }
        for _ in 0..1_000 {
            assert!(throttle.take("ana", HERE.into(), at(0)).is_err());
        }
        assert!(throttle.take("ben", HERE.into(), at(0)).is_ok());
    }

    #[test]
    fn an_address_that_tries_many_accounts_is_slowed_down() {
        let throttle = Throttle::new(ThrottlePolicy::default());
        for account in 0..50 {
            let _ = throttle.take(&account.to_string(), HERE.into(), at(0)).unwrap();
        }
        assert!(throttle.take("another", HERE.into(), at(0)).is_err());
        assert!(throttle.take("another", [192, 0, 2, 9].into(), at(0)).is_ok());
    }

    #[test]
    fn a_burst_of_none_turns_a_bucket_off() {
        let off = Buckets::new(Bucket { burst: 0, every: Span::from_seconds(30) });
        assert!((0..1_000).all(|_| off.take(1, at(0)).is_ok()));
    }

    #[test]
    fn memory_is_bounded_and_the_emptiest_buckets_are_kept() {
        let mut buckets: HashMap<usize, Time> = (0..BUCKETS_MAX).map(|n| (n, at(n as u64 + 1))).collect();
        make_room(&mut buckets, at(0));
        assert!(buckets.len() < BUCKETS_MAX && buckets.contains_key(&(BUCKETS_MAX - 1)));
    }
}
