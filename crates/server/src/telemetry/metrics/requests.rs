//! Requests by route: counted at the edge, once each, without a lock that all of them share.

use super::exposition::{Exposition, Series};
use super::names::{REQUEST_TIMES, REQUESTS};
use crate::limits::ROUTES_COUNTED_MAX;
use arc_swap::ArcSwap;
use axum::http::StatusCode;
use countersign_core::measure::Histogram;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What was asked for, by route. The table is read without waiting, and copied when a route is seen the first time.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    routes: ArcSwap<BTreeMap<String, Arc<Route>>>,
    unmatched: Route,
}

#[derive(Debug)]
struct Route {
    by_class: [AtomicU64; CLASSES.len()],
    times: Histogram,
}

/// The name of all that no route matched.
pub(crate) const UNMATCHED: &str = "none";

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
// Nanoseconds: a refresh takes 0.1 ms beside the disk, a sign-in 20 ms and more, a long poll 25 s.
const TIMES: &[u64] = &[
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    100_000_000,
    500_000_000,
    2_500_000_000,
];

impl Default for Route {
    fn default() -> Self {
        Self { by_class: Default::default(), times: Histogram::new(TIMES) }
    }
}

impl Requests {
    /// Counts an answer. `route` is the template of a route, never a path as it was sent.
    pub(crate) fn count(&self, route: Option<&str>, status: StatusCode, took: Duration) {
        let Some(route) = route else { return self.unmatched.count(status, took) };
        match self.routes.load().get(route) {
            Some(counted) => counted.count(status, took),
            None => self.added(route).as_deref().unwrap_or(&self.unmatched).count(status, took),
        }
    }

    /// The counters of a route that is seen the first time; none where there are too many, which no router of ours has.
    fn added(&self, route: &str) -> Option<Arc<Route>> {
        let added = Arc::<Route>::default();
        self.routes.rcu(|routes| {
            let mut routes = BTreeMap::clone(routes);
            if routes.len() < ROUTES_COUNTED_MAX {
                routes.entry(route.to_owned()).or_insert_with(|| Arc::clone(&added));
            }
            routes
        });
        // Somebody else may have been faster.
        self.routes.load().get(route).cloned()
    }

    pub(crate) fn expose(&self, exposition: &mut Exposition) {
        let routes = self.routes.load();
        let all = || routes.iter().map(|(name, route)| (name.as_str(), &**route)).chain([(UNMATCHED, &self.unmatched)]);
        exposition.add(REQUESTS, all().flat_map(|(name, route)| route.by_class(name)));
        exposition.add(REQUEST_TIMES, all().map(|(name, route)| Series::times([name], route.times.read())));
    }
}

impl Route {
    fn count(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(count) = self.by_class.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.times.count_time(took);
    }

    /// The classes that a route answers at all, and success from the start.
    fn by_class<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Series> + 'a {
        let counts = CLASSES.iter().zip(&self.by_class).map(|(class, count)| (*class, count.load(Ordering::Relaxed)));
        counts
            .filter(|(class, count)| *count > 0 || *class == "2xx")
            .map(move |(class, count)| Series::count([name, class], count))
    }
}
