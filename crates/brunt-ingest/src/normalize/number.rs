//! Numbers read exactly from decimal text.

/// A whole number, also one written with a fraction of zeros or an exponent; `None` where it does not fit the type.
pub(crate) fn integer<T: TryFrom<i128>>(text: &str) -> Option<T> {
    // The common case, and the fast one.
    if let Ok(number) = text.parse::<i64>() {
        return T::try_from(i128::from(number)).ok();
    }
    let number = decimal(text, 0)?;
    (number.remainder == 0).then(|| T::try_from(number.whole).ok())?
}

/// The number times ten to the `exponent`, rounded towards minus infinity: `scaled("1.5", 6)` is 1,500,000.
pub(crate) fn scaled(text: &str, exponent: i32) -> Option<i128> {
    // In 64 bits where that will do: wide divisions are slow.
    if let (Ok(number), Some(scale)) =
        (text.parse::<i64>(), 10_i64.checked_pow(exponent.unsigned_abs()))
    {
        return Some(if exponent < 0 {
            i128::from(number.div_euclid(scale))
        } else {
            i128::from(number) * i128::from(scale)
        });
    }
    decimal(text, exponent).map(|number| number.whole)
}

/// A finite floating-point number.
pub(crate) fn double(text: &str) -> Option<f64> {
    // `parse` knows words such as "infinity" too, which no export means as a number.
    let plain =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

struct Decimal {
    whole: i128,
    /// Whether digits were cut off: 0 or 1.
    remainder: u8,
}

fn decimal(text: &str, exponent: i32) -> Option<Decimal> {
    let (mantissa, shift) = match text.split_once(['e', 'E']) {
        Some((mantissa, shift)) => (mantissa, shift.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || !(-60..=60).contains(&shift) {
        return None;
    }
    let n_kept = i32::try_from(whole.len()).ok()? + shift + exponent;
    let (mut value, mut remainder, mut n_read): (i128, u8, i32) = (0, 0, 0);
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        if n_read < n_kept {
            value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
        } else if digit > 0 {
            remainder = 1;
        }
        n_read += 1;
    }
    while n_read < n_kept && value != 0 {
        value = value.checked_mul(10)?;
        n_read += 1;
    }
    let whole = if negative { -value - i128::from(remainder) } else { value };
    Some(Decimal { whole, remainder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_scale_exactly() {
        for (text, exponent, expected) in [
            ("1674981742.383150913", 9, Some(1_674_981_742_383_150_913)),
            ("1.5", 6, Some(1_500_000)),
            ("1.5e3", 0, Some(1_500)),
            ("0.0004", 3, Some(0)),
            ("-0.0004", 3, Some(-1)),
            ("12", -1, Some(1)),
            ("", 0, None),
            (".", 0, None),
            ("1,5", 0, None),
            ("1e99", 0, None),
            ("0e50", 0, Some(0)),
        ] {
            assert_eq!(scaled(text, exponent), expected, "{text}");
        }
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_decimal() {
        assert_eq!(integer::<i32>("200.0"), Some(200));
        assert_eq!(integer::<i32>("2e2"), Some(200));
        assert_eq!(integer::<i32>("200.5"), None);
        assert_eq!(integer::<i16>("40000"), None);
        assert_eq!(double("inf"), None);
        assert_eq!(double("1e400"), None);
        assert_eq!(double("-2.5"), Some(-2.5));
    }
}
