//! Times without a year, `Oct 28 14:21:13`: the year follows from the load's time and the order of the file.

use brunt_model::{Day, Ts};

const MONTHS: &[&str] =
    &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HOUR: i64 = 3_600_000_000;
/// A clock in the farthest zone is ahead of UTC by this; beyond that a time is in the future.
const AHEAD_MAX: i64 = 14 * HOUR;
/// Lines of several processes stand out of order by less than this.
const DISORDER_MAX: i64 = 24 * HOUR;
/// A leap day comes once in so many years at the most.
const N_YEARS: i64 = 8;

/// How the months are called in times without a year, January first.
pub(crate) fn month_name(month: usize) -> Option<&'static str> {
    MONTHS.get(month.checked_sub(1)?).copied()
}

/// Whether a text is such a time, all of it.
pub(crate) fn is(text: &str) -> bool {
    parts(text).is_some()
}

/// The years of a file's times.
#[derive(Debug)]
pub(crate) struct Years {
    now: Ts,
    previous: Option<i64>,
}

/// A time at the beginning of a text, and what follows.
pub(crate) fn split(text: &str) -> Option<(&str, &str)> {
    let (_, behind) = text.split_at_checked("Oct 28 14:21:13".len())?;
    let (time, rest) = text.split_at_checked(text.len() - behind.len() + behind.find(' ')?)?;
    parts(time).map(|_| (time, rest.trim_start()))
}

impl Years {
    pub(crate) fn new(now: Ts) -> Self {
        Self { now, previous: None }
    }

    /// The time with its year, or as it is where no year has it. It is the first year in which it is no earlier than the
    /// line before, but never in the future: then, and in the first line, it is the last year that has been.
    pub(crate) fn date(&mut self, text: &str) -> String {
        let Some((month, day, time)) = parts(text) else { return text.to_owned() };
        let this_year = brunt_model::day_of(Ts(self.now.0.saturating_add(AHEAD_MAX))).to_string();
        let this_year: i64 =
            this_year.split('-').next().and_then(|year| year.parse().ok()).unwrap_or(1970);
        let dated = (this_year - N_YEARS..=this_year).filter_map(|year| {
            let date = format!("{year:04}-{month:02}-{day:02}");
            let micros = Day::parse(&date)?.start().0 + micros_of(time)?;
            (micros <= self.now.0.saturating_add(AHEAD_MAX)).then_some((micros, date))
        });
        let dated: Vec<_> = dated.collect();
        let follows = |(micros, _): &&(i64, String)| {
            self.previous.is_some_and(|previous| *micros >= previous - DISORDER_MAX)
        };
        let Some((micros, date)) = dated.iter().find(follows).or_else(|| dated.last()) else {
            return text.to_owned();
        };
        self.previous = Some(*micros);
        [date, "T", time].concat()
    }
}

/// Month, day, and the time of day.
fn parts(text: &str) -> Option<(usize, u8, &str)> {
    let (month, rest) = text.split_at_checked(3)?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (day, time) = rest.strip_prefix(' ')?.split_at_checked(2)?;
    let day = day.trim_start().parse().ok()?;
    let time = time.strip_prefix(' ')?;
    micros_of(time).map(|_| (month, day, time))
}

/// `14:21:13`, or with a fraction, which is no matter here.
fn micros_of(time: &str) -> Option<i64> {
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut parts =
        time.split(':').map(|part| part.parse::<i64>().ok().filter(|_| part.len() == 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let is_time = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    is_time.then_some((hour * 3_600 + minute * 60 + second) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-01-01 00:00 UTC
    const NOW: Ts = Ts(1_767_225_600_000_000);

    #[test]
    fn years_follow_the_file_and_are_never_in_the_future() {
        let mut years = Years::new(NOW);
        for (text, dated) in [
            ("Feb 29 10:00:00", "2024-02-29T10:00:00"),
            ("Dec 31 23:59:59", "2024-12-31T23:59:59"),
            ("Jan  1 00:00:01", "2025-01-01T00:00:01"),
            ("Dec 30 23:00:00", "2025-12-30T23:00:00"),
            // A clock that is ahead by its zone.
            ("Jan  1 01:00:00", "2026-01-01T01:00:00"),
            // Out of order, and then what would be the future.
            ("Dec 31 23:30:00", "2025-12-31T23:30:00"),
            ("Mar  1 00:00:00", "2025-03-01T00:00:00"),
            ("Xxx  1 00:00:00", "Xxx  1 00:00:00"),
        ] {
            assert_eq!(years.date(text), dated);
        }
    }

    #[test]
    fn times_are_told_from_words() {
        assert_eq!(split("Oct  8 14:21:13 h"), Some(("Oct  8 14:21:13", "h")));
        assert_eq!(split("Oct 28 14:21:13.123 h"), Some(("Oct 28 14:21:13.123", "h")));
        for text in ["Oct 28 25:00:00 h", "Okt 28 14:21:13 h", "Oct 28 14:21:13h", "Oct 28", "é"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
