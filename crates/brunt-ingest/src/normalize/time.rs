//! Times as exports write them, to microseconds UTC.

use brunt_model::{Day, Ts};
use chrono::{DateTime, NaiveDateTime};

use crate::normalize::form::Unit;
use crate::normalize::number;

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeForm {
    /// ISO 8601, RFC 2822 or RFC 3339, web server logs, or an epoch whose unit its size tells.
    Any,
    /// An epoch in this unit, or any text.
    Epoch(Unit),
}

/// 2000-01-01, the first day that a time may have.
const SANE_MIN: Ts = Ts(946_684_800_000_000);
const DAY_MICROS: i64 = 86_400_000_000;

/// Whether a time is one that telemetry can have: from 2000-01-01 to two days after `now`.
pub(crate) fn is_sane(micros: i64, now: Ts) -> bool {
    (SANE_MIN.0..=now.0.saturating_add(2 * DAY_MICROS)).contains(&micros)
}

/// Microseconds since 1970 UTC; a text without an offset is UTC. `None` where it is no time, or none that fits.
pub(crate) fn parse(text: &str, form: TimeForm) -> Option<i64> {
    let text = text.trim();
    match form {
        TimeForm::Any => iso(text).or_else(|| epoch(text, None)).or_else(|| written(text)),
        TimeForm::Epoch(unit) => {
            epoch(text, Some(unit)).or_else(|| iso(text)).or_else(|| written(text))
        }
    }
}

/// A time in the letters of `strftime`, in microseconds; UTC where the format has no offset.
pub(crate) fn parse_strftime(text: &str, format: &str) -> Option<i64> {
    let text = text.trim();
    DateTime::parse_from_str(text, format)
        .map(|time| time.timestamp_micros())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(text, format)
                .map(|time| time.and_utc().timestamp_micros())
        })
        .ok()
}

/// Nanoseconds since 1970: exact for epoch numbers, else to the microsecond.
pub(crate) fn parse_ns(text: &str, form: TimeForm) -> Option<i128> {
    let text = text.trim();
    let unit = match form {
        TimeForm::Epoch(unit) => Some(unit),
        TimeForm::Any => epoch_unit(text),
    };
    let exact = unit.and_then(|unit| number::scaled(text, unit.exponent()));
    exact.or_else(|| parse(text, form).map(|micros| i128::from(micros) * 1_000))
}

/// A time as ISO 8601 with as many digits as its nanoseconds need: six, or nine.
pub(crate) fn print_ns(ns: i64) -> String {
    let micros = ns.div_euclid(1_000);
    let in_day = micros.rem_euclid(DAY_MICROS);
    let (seconds, fraction) = (in_day / 1_000_000, in_day % 1_000_000);
    let mut out = brunt_model::day_of(Ts(micros)).to_string();
    let nanos = ns.rem_euclid(1_000);
    for (before, number, n_digits) in [
        ('T', seconds / 3_600, 2),
        (':', seconds / 60 % 60, 2),
        (':', seconds % 60, 2),
        ('.', fraction, 6),
    ] {
        out.push(before);
        push_digits(&mut out, number, n_digits);
    }
    if nanos != 0 {
        push_digits(&mut out, nanos, 3);
    }
    out.push('Z');
    out
}

/// The last digits of a number that is not negative.
fn push_digits(out: &mut String, number: i64, n_digits: u32) {
    for place in (0..n_digits).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        out.push(char::from_digit(u32::try_from(digit).unwrap_or_default(), 10).unwrap_or('0'));
    }
}

/// An epoch number, in microseconds.
fn epoch(text: &str, unit: Option<Unit>) -> Option<i64> {
    let unit = unit.or_else(|| epoch_unit(text))?;
    number::scaled(text, unit.exponent() - 3).and_then(|micros| i64::try_from(micros).ok())
}

/// The unit of an epoch number by its size: below 10^11 it is seconds (until the year 5138), below 10^14 milliseconds,
/// below 10^17 microseconds, else nanoseconds.
fn epoch_unit(text: &str) -> Option<Unit> {
    Some(match number::scaled(text, 0)?.unsigned_abs() {
        0..100_000_000_000 => Unit::S,
        100_000_000_000..100_000_000_000_000 => Unit::Ms,
        100_000_000_000_000..100_000_000_000_000_000 => Unit::Us,
        _ => Unit::Ns,
    })
}

/// RFC 2822 (`Tue, 28 Oct 2025 14:21:13 +0000`), the common log format (`28/Oct/2025:14:21:13 +0000`), and how Tomcat,
/// Apache's error log, Django, Redis and `java.util.logging` write it, in UTC.
fn written(text: &str) -> Option<i64> {
    let with_zone = DateTime::parse_from_rfc2822(text)
        .or_else(|_| DateTime::parse_from_str(text, "%d/%b/%Y:%H:%M:%S %z"));
    if let Ok(time) = with_zone {
        return Some(time.timestamp_micros());
    }
    let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
    WRITTEN
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|time| time.and_utc().timestamp_micros())
}

const WRITTEN: &[&str] = &[
    "%d-%b-%Y %H:%M:%S%.f",
    "%a %b %d %H:%M:%S%.f %Y",
    "%d/%b/%Y %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S",
    "%d %b %Y %H:%M:%S%.f",
    "%b %d, %Y %I:%M:%S %p",
];

/// ISO 8601 and its kin: `2025-10-28`, `2025/10/28 14:21:13`, `2025-10-28T14:21:13.5Z`, `2025-10-28 14:21:13,5 +01:00`, `20251028T142113Z`.
fn iso(text: &str) -> Option<i64> {
    let mut rest = text;
    let year = take_digits(&mut rest, 4)?;
    let dash = ["-", "/"].into_iter().find(|dash| take(&mut rest, &[dash]));
    let dashed = dash.is_some();
    let month = take_digits(&mut rest, 2)?;
    if dash.is_some_and(|dash| !take(&mut rest, &[dash])) {
        return None;
    }
    let day = take_digits(&mut rest, 2)?;
    let date = Day::parse(&format!("{year:04}-{month:02}-{day:02}"))?.start().0;
    if rest.is_empty() {
        return dashed.then_some(date);
    }
    if !take(&mut rest, &["T", "t", " "]) {
        return None;
    }
    let hour = take_digits(&mut rest, 2)?;
    let colons = take(&mut rest, &[":"]);
    let minute = take_digits(&mut rest, 2)?;
    let with_seconds =
        take(&mut rest, &[":"]) || (!colons && rest.starts_with(|c: char| c.is_ascii_digit()));
    let second = if with_seconds { take_digits(&mut rest, 2)? } else { 0 };
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let fraction = if take(&mut rest, &[".", ","]) { take_fraction(&mut rest)? } else { 0 };
    let offset = offset_seconds(rest)?;
    let seconds = hour * 3_600 + minute * 60 + second - offset;
    date.checked_add(seconds * 1_000_000 + fraction)
}

/// Zones by their names in logs, with hours east of UTC: Europe's, and those of RFC 2822 4.3 that nobody else has. Others
/// are of several places at once, as `CST` of Chicago and of Shanghai, and a time with such a name is none.
const ZONES: [(&str, i64); 14] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("z", 0),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("EST", -5),
    ("EDT", -4),
    ("MST", -7),
    ("MDT", -6),
];

/// Seconds east of UTC: nothing, the name of a zone, `+01`, `+0100`, `+01:00`, and Go's `+0100 CET`.
fn offset_seconds(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut hours_of_name = 0;
    let word = rest.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    if let Some((name, hours)) = ZONES.iter().find(|(name, _)| *name == word) {
        rest = rest.strip_suffix(name).unwrap_or(rest).trim_end();
        hours_of_name = *hours;
    }
    let sign = match rest.chars().next() {
        None => return Some(hours_of_name * 3_600),
        Some('+') => 1,
        Some('-') => -1,
        Some(_) => return None,
    };
    rest = rest.get(1..)?;
    let hours = take_digits(&mut rest, 2)?;
    take(&mut rest, &[":"]);
    let minutes = if rest.is_empty() { 0 } else { take_digits(&mut rest, 2)? };
    (rest.is_empty() && hours <= 18 && minutes <= 59)
        .then_some(sign * (hours * 3_600 + minutes * 60))
}

fn take(rest: &mut &str, any_of: &[&str]) -> bool {
    let after = any_of.iter().find_map(|prefix| rest.strip_prefix(prefix));
    *rest = after.unwrap_or(rest);
    after.is_some()
}

fn take_digits(rest: &mut &str, n_digits: usize) -> Option<i64> {
    let digits =
        rest.get(..n_digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    *rest = rest.get(n_digits..)?;
    digits.parse().ok()
}

/// Digits after the point, as microseconds; finer ones are cut off.
fn take_fraction(rest: &mut &str) -> Option<i64> {
    let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let digits = rest.get(..n_digits).filter(|digits| !digits.is_empty())?;
    *rest = rest.get(n_digits..)?;
    let kept = digits.get(..6).unwrap_or(digits);
    let scale = 10_i64.checked_pow(u32::try_from(6 - kept.len()).ok()?)?;
    kept.parse::<i64>().ok().map(|fraction| fraction * scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // `date -u -d 2025-10-28T14:21:13Z +%s`
    const MICROS: i64 = 1_761_661_273_000_000;

    #[test]
    fn one_time_in_all_its_forms() {
        for text in [
            "2025-10-28T14:21:13Z",
            "2025-10-28T14:21:13",
            "2025-10-28 14:21:13",
            "2025-10-28 14:21:13.000 +0000 UTC",
            "2025-10-28 14:21:13 UTC",
            "2025-10-28T14:21:13.000000000Z",
            "2025-10-28T15:21:13+01:00",
            "2025-10-28T15:21:13+01",
            "2025-10-28T09:51:13-0430",
            "20251028T142113Z",
            "2025-10-28 15:21:13.000 CET",
            "2025-10-28 16:21:13 CEST",
            "2025-10-28T09:21:13 EST",
            "2025-10-28 08:21:13 MDT",
            "2025-10-28 16:21:13.000 +0200 CEST",
            "Tue, 28 Oct 2025 14:21:13 +0000",
            "Tue, 28 Oct 2025 15:21:13 +0100",
            "28/Oct/2025:14:21:13 +0000",
            "28/Oct/2025:14:21:13 UTC",
            "28/Oct/2025 14:21:13",
            "28-Oct-2025 14:21:13.000",
            "Tue Oct 28 14:21:13.000000 2025",
            "28 Oct 2025 14:21:13.000",
            "Oct 28, 2025 2:21:13 PM",
            "Oct 28, 2025 2:21:13\u{202f}PM",
            "2025/10/28 14:21:13",
            "1761661273",
            "1761661273.000",
            "1761661273000",
            "1761661273000000",
            "1761661273000000000",
            " 1761661273 ",
            "1.761661273e9",
        ] {
            assert_eq!(parse(text, TimeForm::Any), Some(MICROS), "{text}");
        }
    }

    #[test]
    fn fractions_are_kept_to_the_microsecond() {
        for (text, micros) in [
            ("2025-10-28T14:21:13.5Z", 500_000),
            ("2025-10-28 14:21:13,123", 123_000),
            ("2025-10-28T14:21:13.123456789Z", 123_456),
            ("1761661273.123456789", 123_456),
            ("1761661273123456789", 123_456),
        ] {
            assert_eq!(parse(text, TimeForm::Any), Some(MICROS + micros), "{text}");
        }
        assert_eq!(parse("2025-10-28", TimeForm::Any), Some(1_761_609_600_000_000));
    }

    #[test]
    fn a_given_unit_or_format_is_kept_to() {
        assert_eq!(parse("1", TimeForm::Epoch(Unit::Ns)), Some(0));
        assert_eq!(parse("1761661273", TimeForm::Epoch(Unit::Ms)), Some(1_761_661_273_000));
        assert_eq!(parse_strftime("28.10.2025 14:21:13", "%d.%m.%Y %H:%M:%S"), Some(MICROS));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2025-13-01",
            "2025-02-30T00:00:00Z",
            "2025-10-28T25:00:00Z",
            "2025-10-28T14:21:13 IST",
            "2025-10-28T14:21:13 CST",
            "2025-10-28T14:21:13 CEST CEST",
            "2025-10-28T",
            "14:21:13",
            "NaN",
        ] {
            assert_eq!(parse(text, TimeForm::Any), None, "{text}");
        }
    }

    #[test]
    fn times_print_with_the_digits_they_have() {
        assert_eq!(print_ns(1_761_661_273_123_456_000), "2025-10-28T14:21:13.123456Z");
        assert_eq!(print_ns(1_761_661_273_123_456_789), "2025-10-28T14:21:13.123456789Z");
        assert_eq!(print_ns(-1), "1969-12-31T23:59:59.999999999Z");
    }

    proptest! {
        #[test]
        fn any_text_parses_or_not_without_a_panic(text in "(?s).{0,40}") {
            let _ = parse(&text, TimeForm::Any);
        }

        #[test]
        fn a_printed_time_reads_back(ns in 0_i64..4_000_000_000_000_000_000) {
            prop_assert_eq!(parse(&print_ns(ns), TimeForm::Any), Some(ns.div_euclid(1_000)));
        }
    }
}
