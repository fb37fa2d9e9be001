//! Durations: a whole number and one of `ms s m h d`.

use super::{Describe, Faults, Raw, Shape};
use crate::config::error::Fault;
use std::time::Duration;

pub(in crate::config) const MILLISECOND: Duration = Duration::from_millis(1);
pub(in crate::config) const SECOND: Duration = Duration::from_secs(1);
pub(in crate::config) const MINUTE: Duration = Duration::from_secs(60);
pub(in crate::config) const HOUR: Duration = Duration::from_secs(3_600);
pub(in crate::config) const DAY: Duration = Duration::from_secs(86_400);
/// A hundred years: no one means more, and no sum of instants below it overflows.
pub(in crate::config) const FOREVER: Duration = Duration::from_secs(36_500 * 86_400);

/// The units, largest first: as written, as told, and how long.
const UNITS: [(&str, &str, Duration); 5] =
    [("d", "d", DAY), ("h", "h", HOUR), ("m", "min", MINUTE), ("s", "s", SECOND), ("ms", "ms", MILLISECOND)];

/// A duration in a range, both ends included.
pub(in crate::config) struct DurationIn {
    least: Duration,
    most: Duration,
    too_long: Option<(&'static str, &'static str)>,
}

impl DurationIn {
    /// From `least` to `most`.
    pub(in crate::config) const fn new(least: Duration, most: Duration) -> Self {
        Self { least, most, too_long: None }
    }

    /// Why there is an upper limit, and what to do instead.
    pub(in crate::config) const fn too_long(self, because: &'static str, hint: &'static str) -> Self {
        Self { too_long: Some((because, hint)), ..self }
    }

    fn check(&self, found: Duration) -> Result<Duration, Fault> {
        if found < self.least {
            return Err(Fault::new(format!("shorter than the limit of {}", told(self.least)))
                .hint(format!("use \"{}\" or more", written(self.least))));
        }
        if found > self.most {
            let limit = format!("longer than the limit of {}", told(self.most));
            return Err(match self.too_long {
                Some((because, hint)) => Fault::new(format!("{limit}: {because}")).hint(hint),
                None => Fault::new(limit).hint(format!("use \"{}\" or less", written(self.most))),
            });
        }
        Ok(found)
    }
}

impl Describe for DurationIn {
    fn describe(&self) -> String {
        if self.most == FOREVER {
            format!("duration, {} or more", told(self.least))
        } else {
            format!("duration, {} to {}", told(self.least), told(self.most))
        }
    }
}

impl Shape for DurationIn {
    type Value = Duration;

    fn read(&self, raw: &Raw) -> Result<Duration, Faults> {
        if let Raw::Integer(number) = raw {
            return Err(Fault::new("a duration needs a unit")
                .hint(format!("\"{number}s\" if you mean seconds"))
                .into());
        }
        Ok(self.check(parse(raw.text()?)?)?)
    }
}

fn parse(text: &str) -> Result<Duration, Fault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(Fault::new("not a duration: expected a whole number and one of ms, s, m, h, d, as in \"10m\""));
    }
    let Some((_, _, length)) = UNITS.iter().find(|(name, ..)| *name == unit) else {
        return Err(refuse_unit(number, unit));
    };
    // More than fits is out of every range: the range says so.
    let count = number.parse::<u32>().ok();
    Ok(count.and_then(|count| length.checked_mul(count)).unwrap_or(Duration::MAX))
}

fn refuse_unit(number: &str, unit: &str) -> Fault {
    let meant = match unit.trim().to_ascii_lowercase().as_str() {
        "" => {
            return Fault::new("no unit: expected one of ms, s, m, h, d")
                .hint(format!("\"{number}s\" if you mean seconds"));
        }
        "ms" | "msec" | "millis" | "milliseconds" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        _ => {
            return Fault::new("not a duration: expected one whole number and one of ms, s, m, h, d")
                .hint("use a smaller unit: \"90m\" for an hour and a half");
        }
    };
    Fault::new("unknown unit: expected one of ms, s, m, h, d, right after the number")
        .hint(format!("use \"{number}{meant}\""))
}

/// As a person would say it: "1 h".
pub(super) fn told(duration: Duration) -> String {
    let (count, (_, unit, _)) = in_largest_unit(duration);
    format!("{count} {unit}")
}

/// As it is written in the file: `1h`.
fn written(duration: Duration) -> String {
    let (count, (unit, _, _)) = in_largest_unit(duration);
    format!("{count}{unit}")
}

fn in_largest_unit(duration: Duration) -> (u128, (&'static str, &'static str, Duration)) {
    let milliseconds = duration.as_millis();
    let zero = (0, UNITS[3]);
    let whole = |unit: &(&'static str, &'static str, Duration)| milliseconds.is_multiple_of(unit.2.as_millis());
    let unit = UNITS.into_iter().find(whole).filter(|_| milliseconds > 0);
    unit.map_or(zero, |unit| (milliseconds / unit.2.as_millis(), unit))
}
