//! The first-party JSON API, which acts as the built-in client.

pub(crate) mod accounts;
pub(crate) mod admin;
pub(crate) mod delivery;
pub(crate) mod me;
pub(crate) mod openapi;
pub(crate) mod page;
pub(crate) mod refresh;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_out;

use jiff::Timestamp;

/// A time as the API writes it: RFC 3339, UTC.
pub(crate) fn rfc3339(time: countersign_core::Time) -> String {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::rfc3339;
    use countersign_core::Time;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(rfc3339(Time::from_millis(1_764_000_000_000)), "2025-11-24T16:00:00Z");
        assert_eq!(rfc3339(Time::from_millis(u64::MAX)), "9999-12-30T22:00:00.999999999Z");
    }
}
