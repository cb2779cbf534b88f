//! A row's time in microseconds UTC, and the day it belongs to.

use std::fmt;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Microseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ts(pub i64);

/// Days since 1970-01-01: the partition of a row, by the UTC date of its `ts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub i32);

/// The UTC day of a time; exact for every `i64`, before 1970 too.
#[expect(
    clippy::cast_possible_truncation,
    reason = "i64 microseconds span 213 million days, which fit i32"
)]
pub fn day_of(ts: Ts) -> Day {
    Day(ts.0.div_euclid(MICROS_PER_DAY) as i32)
}

impl Ts {
    /// The hour bucket by which files are clustered: hours since 1970-01-01.
    pub fn hour(self) -> i64 {
        self.0.div_euclid(3_600_000_000)
    }
}

impl Day {
    /// The day of rows without a sane time, which therefore have no age.
    pub const UNDATED: Self = Self(0);

    /// The first microsecond of the day.
    pub fn start(self) -> Ts {
        Ts(i64::from(self.0) * MICROS_PER_DAY)
    }

    /// The day that is `n` days later (earlier where negative).
    #[must_use]
    pub fn plus(self, n: i32) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// Parses `YYYY-MM-DD`, the form of partition folders.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let all_digits =
            [year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if !all_digits || year.len() != 4 || month.len() != 2 || day.len() != 2 {
            return None;
        }
        let parsed = days_from_civil(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        // A date that does not print as it was given (31 April) is no date.
        (parsed.to_string() == text).then_some(parsed)
    }
}

impl fmt::Display for Day {
    /// `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(i64::from(self.0));
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date, counting eras of 400 years that begin on 1 March,
/// so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<Day> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok().map(Day)
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_print_and_parse_as_dates() {
        for (days, text) in
            [(0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (20_389, "2025-10-28")]
        {
            assert_eq!(Day(days).to_string(), text);
            assert_eq!(Day::parse(text), Some(Day(days)));
        }
    }

    #[test]
    fn every_day_of_four_centuries_round_trips() {
        for days in -80_000..80_000 {
            assert_eq!(Day::parse(&Day(days).to_string()), Some(Day(days)));
        }
    }

    #[test]
    fn texts_that_are_no_date_are_refused() {
        for text in [
            "",
            "2025-13-01",
            "2025-04-31",
            "2025-1-01",
            "25-01-01",
            "2025-01-01T00:00",
            "+025-01-01",
            "2023-02-29",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_before_1970_belongs_to_the_day_before() {
        assert_eq!(day_of(Ts(-1)), Day(-1));
        assert_eq!(day_of(Ts(0)), Day(0));
        assert_eq!(day_of(Day(20_389).start()), Day(20_389));
        assert_eq!(Ts(-1).hour(), -1);
    }
}
