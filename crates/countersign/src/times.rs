//! Times and durations as people write and read them.

use countersign_core::{Span, Time};
use std::time::Duration;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// RFC 3339, UTC, in seconds.
pub(crate) fn rfc3339(time: Time) -> String {
    let seconds = i64::try_from(time.as_millis() / 1000).unwrap_or(i64::MAX);
    // Past the year 9999 there is no RFC 3339.
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "never".to_owned(), |time| time.to_string())
}

/// RFC 3339, UTC, in milliseconds.
pub(crate) fn rfc3339_millis(time: Time) -> String {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| "never".to_owned(), |time| format!("{time:.3}"))
}

/// As seen from `now`: `in 9 minutes`, `2 days ago`.
pub(crate) fn in_words(time: Time, now: Time) -> String {
    let (ahead, ago) = (time.since(now), now.since(time));
    match (ahead.as_seconds(), ago.as_seconds()) {
        (0, 0) => "now".to_owned(),
        (0, _) => format!("{} ago", length(ago)),
        _ => format!("in {}", length(ahead)),
    }
}

/// A length of time in its largest unit: `9 minutes`.
pub(crate) fn length(span: Span) -> String {
    let seconds = span.as_seconds();
    let (count, unit) = match seconds {
        DAY.. => (seconds / DAY, "day"),
        HOUR.. => (seconds / HOUR, "hour"),
        MINUTE.. => (seconds / MINUTE, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Reads a duration as the configuration does: a whole number and one of `ms s m h d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a whole number and one of ms, s, m, h, d, as in \"10m\"".to_owned();
    let unit_at = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(expected)?;
    let (count, unit) = text.split_at(unit_at);
    let count: u64 = count.parse().map_err(|_| expected())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000 * SECOND,
        "m" => 1000 * MINUTE,
        "h" => 1000 * HOUR,
        "d" => 1000 * DAY,
        _ => return Err(expected()),
    };
    count.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| "longer than can be counted".to_owned())
}

/// Reads a time: RFC 3339, or seconds since 1970.
pub(crate) fn time(text: &str) -> Result<Time, String> {
    let expected = || "expected a time as in \"2026-01-31T12:00:00Z\", or seconds since 1970".to_owned();
    if let Ok(seconds) = text.parse::<u64>() {
        return seconds.checked_mul(1000).map(Time::from_millis).ok_or_else(expected);
    }
    let time: jiff::Timestamp = text.parse().map_err(|_| expected())?;
    u64::try_from(time.as_millisecond()).map(Time::from_millis).map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::{duration, in_words, rfc3339, rfc3339_millis, time};
    use countersign_core::Time;
    use std::time::Duration;

    #[test]
    fn a_time_is_told_in_its_largest_unit() {
        let now = Time::from_millis(1_000_000_000);
        let after = |seconds: u64| in_words(Time::from_millis(1_000_000_000 + 1000 * seconds), now);
        assert_eq!(
            [after(0), after(1), after(599), after(7_200), after(86_400)],
            ["now", "in 1 second", "in 9 minutes", "in 2 hours", "in 1 day"]
        );
        assert_eq!(in_words(Time::from_millis(940_000_000), now), "16 hours ago");
    }

    #[test]
    fn a_time_reads_back() {
        assert_eq!(rfc3339(Time::from_millis(1_769_860_800_999)), "2026-01-31T12:00:00Z");
        assert_eq!(rfc3339_millis(Time::from_millis(1_769_860_800_900)), "2026-01-31T12:00:00.900Z");
        assert_eq!(time("2026-01-31T12:00:00Z"), Ok(Time::from_millis(1_769_860_800_000)));
        assert_eq!(time("2026-01-31T13:00:00+01:00"), Ok(Time::from_millis(1_769_860_800_000)));
        assert_eq!(time("1769860800"), Ok(Time::from_millis(1_769_860_800_000)));
        for refused in ["", "yesterday", "2026-01-31", "-1", "1960-01-01T00:00:00Z", "99999999999999999999"] {
            assert!(time(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for refused in ["", "10", "m", "1.5h", "-1s", "10 m", "10M", "99999999999999999999d", "999999999999999999d"] {
            assert!(duration(refused).is_err(), "{refused}");
        }
    }
}
