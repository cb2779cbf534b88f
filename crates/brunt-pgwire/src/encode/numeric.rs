//! Numbers as PostgreSQL writes them: numerics from their own digits, floats with the shortest digits that round-trip.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};

use crate::error::Report;

/// A decimal: its unscaled digits, sign apart, and how many of them follow the point.
#[derive(Debug)]
pub(crate) struct Digits<'a> {
    pub(crate) negative: bool,
    /// Decimal digits of the absolute unscaled value, most significant first.
    pub(crate) digits: &'a str,
    /// Digits after the point; negative where zeros follow the digits.
    pub(crate) scale: i8,
}

impl<'a> Digits<'a> {
    /// Reads the unscaled value as an integer prints it.
    pub(crate) fn new(unscaled: &'a str, scale: i8) -> Self {
        match unscaled.strip_prefix('-') {
            Some(digits) => Self { negative: true, digits, scale },
            None => Self { negative: false, digits: unscaled, scale },
        }
    }

    /// `-12.3400`: every digit of the scale is written, as PostgreSQL does.
    pub(crate) fn put_text(&self, out: &mut BytesMut) {
        if self.negative {
            out.put_u8(b'-');
        }
        let (whole, fraction) = self.split();
        out.extend_from_slice(if whole.is_empty() { b"0" } else { whole.as_bytes() });
        if !fraction.is_empty() {
            out.put_u8(b'.');
            out.extend_from_slice(fraction.as_bytes());
        }
    }

    /// PostgreSQL's binary form (`numeric_send` in its `numeric.c`): number of base-10000 digits, weight of the first,
    /// sign, display scale, digits.
    pub(crate) fn put_binary(&self, out: &mut BytesMut) -> Result<(), Report> {
        let (whole, fraction) = self.split();
        let mut groups: Vec<i16> = Vec::with_capacity(whole.len() / 4 + fraction.len() / 4 + 2);
        let lead = whole.len() % 4;
        if lead > 0 {
            groups.push(group(&whole[..lead]));
        }
        groups.extend(whole.as_bytes()[lead..].chunks(4).map(|chunk| value(chunk.iter().copied())));
        let n_whole = groups.len();
        groups.extend(
            fraction
                .as_bytes()
                .chunks(4)
                .map(|chunk| value(chunk.iter().copied().chain([b'0'; 4]).take(4))),
        );
        let n_leading = groups.iter().take_while(|group| **group == 0).count();
        let n_trailing = groups[n_leading..].iter().rev().take_while(|group| **group == 0).count();
        let groups = &groups[n_leading..groups.len() - n_trailing];
        let too_large = |_| Report::new("22003", "a numeric has too many digits");
        let weight = if groups.is_empty() {
            0
        } else {
            i16::try_from(n_whole).map_err(too_large)?
                - i16::try_from(n_leading).map_err(too_large)?
                - 1
        };
        out.put_i16(i16::try_from(groups.len()).map_err(too_large)?);
        out.put_i16(weight);
        out.put_u16(if self.negative && !groups.is_empty() { 0x4000 } else { 0 });
        out.put_i16(i16::from(self.scale.max(0)));
        for group in groups {
            out.put_i16(*group);
        }
        Ok(())
    }

    fn split(&self) -> (String, String) {
        let digits = self.digits.trim_start_matches('0');
        match usize::try_from(self.scale) {
            Err(_) if digits.is_empty() => (String::new(), String::new()),
            Err(_) => (
                format!("{digits}{}", "0".repeat(usize::from(self.scale.unsigned_abs()))),
                String::new(),
            ),
            Ok(scale) if digits.len() > scale => {
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                (whole.to_owned(), fraction.to_owned())
            }
            Ok(scale) => (String::new(), format!("{digits:0>scale$}")),
        }
    }
}

/// Writes a float as PostgreSQL 12 and later do: shortest digits, an exponent below 1e-4 and from 1e15 on.
pub(crate) fn put_float8(value: f64, out: &mut BytesMut) {
    put_float(value.is_nan(), value.is_infinite(), value < 0.0, &format!("{value:e}"), 15, out);
}

/// The same for four bytes, where the exponent starts at 1e6.
pub(crate) fn put_float4(value: f32, out: &mut BytesMut) {
    put_float(value.is_nan(), value.is_infinite(), value < 0.0, &format!("{value:e}"), 6, out);
}

fn put_float(
    is_nan: bool,
    is_infinite: bool,
    is_negative: bool,
    scientific: &str,
    exponent_max: i32,
    out: &mut BytesMut,
) {
    if is_nan {
        out.extend_from_slice(b"NaN");
        return;
    }
    if is_infinite {
        out.extend_from_slice(if is_negative { b"-Infinity" } else { b"Infinity" });
        return;
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= exponent_max {
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to a buffer in memory cannot fail.
        let _ = write!(out, "{mantissa}e{sign}{:02}", exponent.unsigned_abs());
        return;
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    out.extend_from_slice(sign.as_bytes());
    match usize::try_from(exponent) {
        Ok(shift) if digits.len() > shift + 1 => {
            let (whole, fraction) = digits.split_at(shift + 1);
            let _ = write!(out, "{whole}.{fraction}");
        }
        Ok(shift) => {
            let _ = write!(out, "{digits:0<width$}", width = shift + 1);
        }
        Err(_) => {
            let n_zeros = exponent.unsigned_abs() - 1;
            let _ = write!(out, "0.{}{digits}", "0".repeat(n_zeros as usize));
        }
    }
}

fn group(digits: &str) -> i16 {
    value(digits.bytes())
}

fn value(digits: impl Iterator<Item = u8>) -> i16 {
    digits.fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
}
