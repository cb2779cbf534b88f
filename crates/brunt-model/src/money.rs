//! Money as an exact decimal with four places; never a float, never without its currency column.

use std::fmt;

/// Digits that a money column holds in all.
pub const MONEY_PRECISION: u8 = 18;
/// Digits after the point.
pub const MONEY_SCALE: i8 = 4;

const UNIT: i128 = 10_000;
const MAX: i128 = 999_999_999_999_999_999;

/// An amount in ten-thousandths of its currency's unit, as a `numeric(18,4)` column stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i128);

impl Money {
    /// The amount of so many ten-thousandths; `None` where it has more than 18 digits.
    pub fn from_units(units: i128) -> Option<Self> {
        (-MAX..=MAX).contains(&units).then_some(Self(units))
    }

    /// Ten-thousandths.
    pub fn units(self) -> i128 {
        self.0
    }

    /// Parses `-12.5`, `1e3`, `+0.00005` (rounded half away from zero at the fourth place).
    ///
    /// Returns `None` for everything else: thousands separators, currency signs, NaN, more than 14 digits before the point.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.as_bytes().first()? {
            b'-' => (true, &mantissa[1..]),
            b'+' => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || !(-40..=40).contains(&exponent) {
            return None;
        }
        let units = round_to_units(whole, fraction, exponent)?;
        Self::from_units(if negative { -units } else { units })
    }
}

impl fmt::Display for Money {
    /// All four places: `12.5000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:04}", self.0.abs() / UNIT, self.0.abs() % UNIT)
    }
}

/// The digits `whole.fraction` times ten to the `exponent`, in ten-thousandths; the first digit past those decides.
fn round_to_units(whole: &str, fraction: &str, exponent: i32) -> Option<i128> {
    let places = i32::try_from(whole.len()).ok()? + exponent + i32::from(MONEY_SCALE);
    let mut units: i128 = 0;
    let mut digit_idx = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        if digit_idx < places {
            units = units.checked_mul(10)?.checked_add(digit)?;
        } else if digit_idx == places && digit >= 5 {
            units += 1;
        }
        digit_idx += 1;
    }
    while digit_idx < places {
        units = units.checked_mul(10)?;
        digit_idx += 1;
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_parse_exactly() {
        for (text, printed) in [
            ("12.5", "12.5000"),
            ("-0.01", "-0.0100"),
            ("1e3", "1000.0000"),
            ("1.25E-2", "0.0125"),
            ("0.00005", "0.0001"),
            ("-0.00005", "-0.0001"),
            ("0.00004999", "0.0000"),
            (".5", "0.5000"),
            ("7.", "7.0000"),
            ("99999999999999.9999", "99999999999999.9999"),
            (" 3 ", "3.0000"),
        ] {
            assert_eq!(
                Money::parse(text).map(|money| money.to_string()),
                Some(printed.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["", ".", "-", "1,000", "$5", "NaN", "1e999", "100000000000000", "1.2.3", "--1", "٣"]
        {
            assert_eq!(Money::parse(text), None, "{text}");
        }
    }
}
