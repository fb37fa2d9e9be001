//! What became of sign-ins, of presented refresh tokens, and of all that was refused.

use super::exposition::{Exposition, Series};
use super::names::{PROBLEMS, REFRESHES, SIGN_INS};
use crate::error::{ApiError, Kind};
use countersign_core::session::Row;
use std::sync::atomic::{AtomicU64, Ordering};

/// Refused and failed requests by code.
#[derive(Debug)]
pub(crate) struct Problems(Vec<AtomicU64>);

/// Presented refresh tokens by the row that decided.
#[derive(Debug)]
pub(crate) struct Refreshes {
    by_row: [AtomicU64; Row::ALL.len()],
    /// Of row 17 those that were refused: storage should not have been behind.
    ahead_refused: AtomicU64,
}

/// Sign-ins by outcome.
#[derive(Debug, Default)]
pub(crate) struct SignIns([AtomicU64; SIGN_IN_OUTCOMES.len()]);

const SIGN_IN_OUTCOMES: [&str; 6] =
    ["signed_in", "invalid_credentials", "rate_limited", "overloaded", "failed", "refused"];
const AHEAD_REFUSED: &str = "ahead_refused";

impl Default for Problems {
    fn default() -> Self {
        Self(Kind::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl Problems {
    pub(crate) fn count(&self, kind: Kind) {
        add(self.0.get(kind as usize));
    }

    pub(crate) fn expose(&self, exposition: &mut Exposition) {
        exposition.add(PROBLEMS, Kind::ALL.iter().zip(&self.0).map(|(kind, count)| series(kind.row_code(), count)));
    }
}

impl Default for Refreshes {
    fn default() -> Self {
        Self { by_row: Row::ALL.map(|_| AtomicU64::new(0)), ahead_refused: AtomicU64::new(0) }
    }
}

impl Refreshes {
    /// Tokens left.
    pub(crate) fn issued(&self, row: Row) {
        add(self.by_row.get(usize::from(row.number()) - 1));
    }

    /// No token left.
    pub(crate) fn refused(&self, row: Row) {
        if row == Row::Ahead {
            add(Some(&self.ahead_refused));
        } else {
            self.issued(row);
        }
    }

    pub(crate) fn expose(&self, exposition: &mut Exposition) {
        let by_row = Row::ALL.iter().zip(&self.by_row).map(|(row, count)| series(row.code(), count));
        exposition.add(REFRESHES, by_row.chain([series(AHEAD_REFUSED, &self.ahead_refused)]));
    }
}

impl SignIns {
    pub(crate) fn count<T>(&self, signed_in: &Result<T, ApiError>) {
        let outcome = match signed_in.as_ref().map_err(ApiError::kind) {
            Ok(_) => 0,
            Err(Kind::InvalidCredentials) => 1,
            Err(Kind::RateLimited) => 2,
            Err(Kind::Overloaded) => 3,
            Err(Kind::Unavailable | Kind::Internal) => 4,
            Err(_) => 5,
        };
        add(self.0.get(outcome));
    }

    pub(crate) fn expose(&self, exposition: &mut Exposition) {
        exposition.add(SIGN_INS, SIGN_IN_OUTCOMES.iter().zip(&self.0).map(|(outcome, count)| series(outcome, count)));
    }
}

fn add(counter: Option<&AtomicU64>) {
    if let Some(counter) = counter {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn series(label: &str, counter: &AtomicU64) -> Series {
    Series::count([label], counter.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::Refreshes;
    use crate::error::Kind;
    use countersign_core::session::Row;
    use std::sync::atomic::Ordering;

    #[test]
    fn each_row_and_each_kind_has_its_place() {
        for (place, row) in Row::ALL.iter().enumerate() {
            assert_eq!(usize::from(row.number()), place + 1);
        }
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place);
        }
    }

    #[test]
    fn a_token_ahead_of_storage_that_is_refused_is_another_outcome() {
        let refreshes = Refreshes::default();
        refreshes.issued(Row::Ahead);
        refreshes.refused(Row::Ahead);
        refreshes.refused(Row::Reused);
        assert_eq!(refreshes.by_row[16].load(Ordering::Relaxed), 1);
        assert_eq!(refreshes.by_row[15].load(Ordering::Relaxed), 1);
        assert_eq!(refreshes.ahead_refused.load(Ordering::Relaxed), 1);
    }
}
