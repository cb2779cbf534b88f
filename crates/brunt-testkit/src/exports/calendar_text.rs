//! Times as text: RFC 3339 and days, without a clock or a time zone.

use crate::visit::{DAY, SECOND};

/// `2025-10-28T14:21:13.000123Z` of microseconds since 1970 UTC.
pub(crate) fn rfc3339(ts: i64) -> String {
    let of_day = ts.rem_euclid(DAY);
    let seconds = of_day / SECOND;
    format!(
        "{}T{:02}:{:02}:{:02}.{:06}Z",
        day_text(ts.div_euclid(DAY)),
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        of_day % SECOND
    )
}

/// `2025-10-28` of days since 1970-01-01 (Howard Hinnant's `civil_from_days`).
pub(crate) fn day_text(day: i64) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{:02}", of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(day_text(0), "1970-01-01");
        assert_eq!(day_text(11_016), "2000-02-29");
        assert_eq!(day_text(i64::from(crate::END_DAY)), "2025-10-29");
    }

    #[test]
    fn times_keep_their_microseconds() {
        assert_eq!(rfc3339(i64::from(crate::END_DAY) * DAY - 1), "2025-10-28T23:59:59.999999Z");
    }
}
