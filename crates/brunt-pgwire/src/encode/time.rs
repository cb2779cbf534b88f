//! Dates, times, timestamps and intervals as PostgreSQL writes them under `DateStyle = ISO` and `IntervalStyle = postgres`.

use std::fmt::Write;
use std::str::FromStr;

use arrow::array::timezone::Tz;
use arrow::datatypes::IntervalMonthDayNano;
use bytes::BytesMut;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike};

use crate::error::Report;

/// Days from 1970-01-01 to 2000-01-01, where PostgreSQL's dates begin.
pub(crate) const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
pub(crate) const EPOCH_MICROS: i64 = 946_684_800_000_000;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The time zone in which a client reads `timestamptz`.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    name: String,
    tz: Tz,
}

impl Zone {
    /// Takes what `SET TIME ZONE` takes: a name (`Europe/Berlin`), hours to the east (`2`, `-7`), or POSIX's form, which
    /// counts to the west (`+05:30`, `GMT-2`). `None` for anything else.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        if matches!(upper.as_str(), "UTC" | "GMT" | "Z" | "ZULU" | "DEFAULT" | "LOCAL") {
            return Some(Self::utc());
        }
        if let Ok(hours) = name.parse::<f32>() {
            // Half hours are the finest that zones have, and quarters in Nepal.
            let offset = offset(
                hours < 0.0,
                &format!("{}", hours.abs().trunc()),
                &format!("{}", hours.abs().fract() * 60.0),
            )?;
            let shown = offset.trim_end_matches(":00").to_owned();
            let name = format!("<{shown}>{}", reversed(&shown));
            return Some(Self { name, tz: Tz::from_str(&offset).ok()? });
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
        for spelling in [name.to_owned(), capitalized(name)] {
            if let Some(tz) = Tz::from_str(&spelling).ok().filter(|_| is_name) {
                return Some(Self { name: spelling, tz });
            }
        }
        let west = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let (hours, minutes) = west
            .trim_start_matches(['+', '-'])
            .split_once(':')
            .unwrap_or((west.trim_start_matches(['+', '-']), "0"));
        let offset = offset(!west.starts_with('-'), hours, minutes)?;
        Some(Self { name: name.to_owned(), tz: Tz::from_str(&offset).ok()? })
    }

    pub(crate) fn utc() -> Self {
        #[expect(clippy::expect_used, reason = "a constant name")]
        let tz = Tz::from_str("UTC").expect("UTC is a zone");
        Self { name: "UTC".to_owned(), tz }
    }

    /// The name or offset by which the query engine knows it.
    pub(crate) fn engine_name(&self) -> String {
        self.tz.to_string()
    }

    /// The name that `SHOW TIME ZONE` prints.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Appends an instant: `2025-10-28 15:21:13.5+01`.
    pub(crate) fn put_timestamptz(&self, micros: i64, out: &mut BytesMut) -> Result<(), Report> {
        let utc = naive(micros)?;
        let offset = self.tz.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        let local = utc
            .checked_add_signed(chrono::TimeDelta::seconds(i64::from(offset)))
            .ok_or_else(out_of_range)?;
        put_datetime(local, out);
        let sign = if offset < 0 { '-' } else { '+' };
        let seconds = offset.unsigned_abs();
        let _ = write!(out, "{sign}{:02}", seconds / 3600);
        if !seconds.is_multiple_of(3600) {
            let _ = write!(out, ":{:02}", seconds / 60 % 60);
        }
        if !seconds.is_multiple_of(60) {
            let _ = write!(out, ":{:02}", seconds % 60);
        }
        put_era(local.date(), out);
        Ok(())
    }
}

/// Appends a timestamp without time zone.
pub(crate) fn put_timestamp(micros: i64, out: &mut BytesMut) -> Result<(), Report> {
    let value = naive(micros)?;
    put_datetime(value, out);
    put_era(value.date(), out);
    Ok(())
}

/// Appends a date that is `days` after 1970-01-01.
pub(crate) fn put_date(days: i32, out: &mut BytesMut) -> Result<(), Report> {
    let date = NaiveDate::from_ymd_opt(1970, 1, 1)
        .and_then(|first| first.checked_add_signed(chrono::TimeDelta::days(i64::from(days))))
        .ok_or_else(out_of_range)?;
    put_day(date, out);
    put_era(date, out);
    Ok(())
}

/// Appends a time of day that is `micros` after midnight.
pub(crate) fn put_time(micros: i64, out: &mut BytesMut) {
    let seconds = micros.div_euclid(MICROS_PER_SECOND);
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    put_fraction(micros.rem_euclid(MICROS_PER_SECOND), out);
}

/// Appends an interval: `1 year 2 mons 3 days 04:05:06.789`.
pub(crate) fn put_interval(value: IntervalMonthDayNano, out: &mut BytesMut) {
    let micros = value.nanoseconds / 1000;
    let mut needs_space = false;
    let mut had_negative = false;
    for (amount, unit) in
        [(value.months / 12, "year"), (value.months % 12, "mon"), (value.days, "day")]
    {
        if amount == 0 {
            continue;
        }
        let space = if needs_space { " " } else { "" };
        // A positive part after a negative one carries its sign, or it would read as negative.
        let sign = if had_negative && amount > 0 { "+" } else { "" };
        let plural = if amount == 1 { "" } else { "s" };
        let _ = write!(out, "{space}{sign}{amount} {unit}{plural}");
        needs_space = true;
        had_negative = amount < 0;
    }
    if micros == 0 && needs_space {
        return;
    }
    let space = if needs_space { " " } else { "" };
    let sign = match (micros < 0, had_negative) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    };
    let micros = micros.unsigned_abs();
    let seconds = micros / 1_000_000;
    let _ = write!(
        out,
        "{space}{sign}{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    put_fraction(i64::try_from(micros % 1_000_000).unwrap_or(0), out);
}

fn naive(micros: i64) -> Result<NaiveDateTime, Report> {
    DateTime::from_timestamp_micros(micros).map(|value| value.naive_utc()).ok_or_else(out_of_range)
}

fn put_datetime(value: NaiveDateTime, out: &mut BytesMut) {
    put_day(value.date(), out);
    let _ = write!(out, " {:02}:{:02}:{:02}", value.hour(), value.minute(), value.second());
    put_fraction(i64::from(value.nanosecond() / 1000), out);
}

fn put_day(date: NaiveDate, out: &mut BytesMut) {
    let year = if date.year() > 0 { date.year() } else { 1 - date.year() };
    let _ = write!(out, "{year:04}-{:02}-{:02}", date.month(), date.day());
}

fn put_era(date: NaiveDate, out: &mut BytesMut) {
    if date.year() <= 0 {
        out.extend_from_slice(b" BC");
    }
}

/// Trailing zeros are left out.
fn put_fraction(micros: i64, out: &mut BytesMut) {
    if micros != 0 {
        let fraction = format!("{micros:06}");
        let _ = write!(out, ".{}", fraction.trim_end_matches('0'));
    }
}

fn out_of_range() -> Report {
    Report::new("22008", "timestamp out of range")
}

/// `+HH:MM`, to the east unless `is_negative`.
fn offset(is_negative: bool, hours: &str, minutes: &str) -> Option<String> {
    let hours: u8 = hours.parse().ok().filter(|hours| *hours <= 15)?;
    let minutes: u8 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    let sign = if is_negative { '-' } else { '+' };
    Some(format!("{sign}{hours:02}:{minutes:02}"))
}

/// POSIX counts offsets to the west, and PostgreSQL names fixed offsets that way.
fn reversed(offset: &str) -> String {
    let (sign, rest) = offset.split_at(1);
    format!("{}{rest}", if sign == "+" { "-" } else { "+" })
}

/// `europe/new_york` as the names of zones are written.
fn capitalized(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|c| {
            let shown = if start { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            start = matches!(c, '/' | '_' | '-');
            shown
        })
        .collect()
}
