//! Trace and span ids: every form in which exports write them, and the one form in which brunt prints them.

use std::fmt;

/// A trace: 128 bits, printed as 32 lower-case hexadecimal digits.
///
/// A 64-bit id (B3, Datadog) is the low half of one; [`TraceId::low_half`] joins the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(u128);

/// A span: 64 bits, printed as 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(u64);

impl TraceId {
    /// The id with these bits; `None` for zero, which every format uses for "no trace".
    pub fn new(bits: u128) -> Option<Self> {
        (bits != 0).then_some(Self(bits))
    }

    /// Parses any of the forms that exports use.
    ///
    /// | form | example |
    /// |---|---|
    /// | 32 or 16 hexadecimal digits (OTLP, B3) | `5b8aa5a2d2c872e8321cf37308d69df2` |
    /// | UUID | `5b8aa5a2-d2c8-72e8-321c-f37308d69df2` |
    /// | decimal, not of 16 or 32 digits (Datadog) | `9532127138774266268` |
    /// | base64 of 16 or 8 bytes (protobuf's JSON) | `W4qlotLIcugyHPNzCNad8g==` |
    /// | AWS X-Ray, with or without `Root=` | `1-5759e988-bd862e3fe1be46a994272793` |
    /// | W3C `traceparent` and B3 single header | `00-5b8a…9df2-051581bf3cb55c13-01` |
    /// | Google Cloud | `projects/p/traces/5b8aa5a2d2c872e8321cf37308d69df2` |
    ///
    /// Returns `None` for anything else and for ids of nothing but zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.rsplit_once("/traces/").map_or(text, |(_, id)| id);
        let text = text.strip_prefix("Root=").unwrap_or(text);
        let text = text.strip_prefix("0x").unwrap_or(text);
        Self::new(match text.len() {
            16 | 32 if is_hex(text) => u128::from_str_radix(text, 16).ok()?,
            _ if is_decimal(text) => text.parse().ok()?,
            36 => from_uuid(text)?,
            35 if text.starts_with("1-") => from_xray(text)?,
            11 | 12 | 22 | 24 if !text.contains('-') => from_base64(text)?,
            _ => from_header(text)?,
        })
    }

    /// Parses a decimal id of any length, for fields that are known to hold one (`dd.trace_id`).
    pub fn parse_decimal(text: &str) -> Option<Self> {
        is_decimal(text).then(|| text.parse().ok().and_then(Self::new))?
    }

    /// The lower 64 bits, all that a 64-bit tracer knows of the id.
    pub fn low_half(self) -> u64 {
        (self.0 & u128::from(u64::MAX)).try_into().unwrap_or(u64::MAX)
    }

    pub fn bits(self) -> u128 {
        self.0
    }

    /// The upper half of an id of which only 64 bits are known, as [`TraceId`] prints it.
    pub const UNKNOWN_HALF: &'static str = "0000000000000000";

    /// The upper and the lower half of an id as [`TraceId`] prints it; `None` for any other text.
    ///
    /// ```
    /// # use brunt_model::TraceId;
    /// let halves = TraceId::halves("5b8aa5a2d2c872e8321cf37308d69df2");
    /// assert_eq!(halves, Some(("5b8aa5a2d2c872e8", "321cf37308d69df2")));
    /// assert_eq!(TraceId::halves("321cf37308d69df2"), None);
    /// ```
    pub fn halves(text: &str) -> Option<(&str, &str)> {
        (text.len() == 32).then(|| text.split_at_checked(16))?
    }
}

impl SpanId {
    /// The id with these bits; `None` for zero, which every format uses for "no span".
    pub fn new(bits: u64) -> Option<Self> {
        (bits != 0).then_some(Self(bits))
    }

    /// Parses 16 hexadecimal digits, a decimal that is not of 16 digits (Datadog), or base64 of 8 bytes.
    ///
    /// Returns `None` for anything else and for ids of nothing but zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("0x").unwrap_or(text);
        Self::new(match text.len() {
            16 if is_hex(text) => u64::from_str_radix(text, 16).ok()?,
            _ if is_decimal(text) => text.parse().ok()?,
            11 | 12 => u64::try_from(from_base64(text)?).ok()?,
            // Shorter hexadecimal, whose leading zeros were lost.
            1..16 if is_hex(text) => u64::from_str_radix(text, 16).ok()?,
            _ => return None,
        })
    }

    /// Parses a decimal id of any length, for fields that are known to hold one (`dd.span_id`).
    pub fn parse_decimal(text: &str) -> Option<Self> {
        is_decimal(text).then(|| text.parse().ok().and_then(Self::new))?
    }

    pub fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn from_uuid(text: &str) -> Option<u128> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let hex = groups.concat();
    (lengths == [8, 4, 4, 4, 12] && is_hex(&hex)).then(|| u128::from_str_radix(&hex, 16).ok())?
}

/// `1-TIME-REST`: eight hexadecimal digits of epoch seconds and twenty-four of chance.
fn from_xray(text: &str) -> Option<u128> {
    let (time, rest) = text.strip_prefix("1-")?.split_once('-')?;
    let hex = [time, rest].concat();
    (time.len() == 8 && rest.len() == 24 && is_hex(&hex))
        .then(|| u128::from_str_radix(&hex, 16).ok())?
}

/// `VERSION-TRACE-SPAN-FLAGS` of W3C trace context, or `TRACE-SPAN[-SAMPLED]` of B3.
fn from_header(text: &str) -> Option<u128> {
    let parts: Vec<&str> = text.split('-').collect();
    let trace = match parts.as_slice() {
        [version, trace, span, flags]
            if version.len() == 2 && flags.len() == 2 && span.len() == 16 =>
        {
            trace
        }
        [trace, span] | [trace, span, ..] if span.len() == 16 && parts.len() <= 4 => trace,
        _ => return None,
    };
    (matches!(trace.len(), 16 | 32) && is_hex(trace))
        .then(|| u128::from_str_radix(trace, 16).ok())?
}

/// Standard or URL-safe base64 of exactly 8 or 16 bytes, padded or not (RFC 4648).
fn from_base64(text: &str) -> Option<u128> {
    let digits = text.trim_end_matches('=');
    let mut bits: u128 = 0;
    let mut n_bits = 0_usize;
    let n_bits_kept = match digits.len() {
        11 => 64,
        22 => 128,
        _ => return None,
    };
    for byte in digits.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        let n_taken = 6.min(n_bits_kept - n_bits);
        bits = bits << n_taken | u128::from(value >> (6 - n_taken));
        n_bits += n_taken;
    }
    (n_bits == n_bits_kept).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "5b8aa5a2d2c872e8321cf37308d69df2";

    #[test]
    fn all_forms_of_one_trace_print_alike() {
        // Base64 from `python3 -c "import base64;print(base64.b64encode(bytes.fromhex('5b8aa5a2d2c872e8321cf37308d69df2')))"`,
        // the decimal from `python3 -c "print(int('5b8aa5a2d2c872e8321cf37308d69df2',16))"`.
        for form in [
            HEX,
            "5B8AA5A2D2C872E8321CF37308D69DF2",
            " 5b8aa5a2d2c872e8321cf37308d69df2 ",
            "0x5b8aa5a2d2c872e8321cf37308d69df2",
            "5b8aa5a2-d2c8-72e8-321c-f37308d69df2",
            "1-5b8aa5a2-d2c872e8321cf37308d69df2",
            "Root=1-5b8aa5a2-d2c872e8321cf37308d69df2",
            "00-5b8aa5a2d2c872e8321cf37308d69df2-051581bf3cb55c13-01",
            "5b8aa5a2d2c872e8321cf37308d69df2-051581bf3cb55c13-1",
            "5b8aa5a2d2c872e8321cf37308d69df2-051581bf3cb55c13",
            "projects/shop/traces/5b8aa5a2d2c872e8321cf37308d69df2",
            "W4qlotLIcugyHPNzCNad8g==",
            "W4qlotLIcugyHPNzCNad8g",
            "121679644080686260342866383613480836594",
        ] {
            assert_eq!(
                TraceId::parse(form).map(|id| id.to_string()),
                Some(HEX.to_owned()),
                "{form}"
            );
        }
    }

    #[test]
    fn a_64_bit_id_is_the_low_half_of_a_128_bit_one() {
        let low = TraceId::parse("321cf37308d69df2").unwrap();
        assert_eq!(low.to_string(), "0000000000000000321cf37308d69df2");
        assert_eq!(low.low_half(), TraceId::parse(HEX).unwrap().low_half());
        // `python3 -c "print(int('321cf37308d69df2',16))"`
        assert_eq!(TraceId::parse("3611028676639366642"), Some(low));
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        for text in [
            "",
            "0",
            "00000000000000000000000000000000",
            "root",
            "-",
            "xyz",
            "5b8a",
            "1-zz",
            "5b8aa5a2d2c872e8321cf37308d69dfé",
        ] {
            assert_eq!(TraceId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sixteen_digits_are_hexadecimal_unless_the_field_says_decimal() {
        assert_eq!(TraceId::parse("1000000000000000").unwrap().bits(), 0x1000_0000_0000_0000);
        assert_eq!(
            TraceId::parse_decimal("1000000000000000").unwrap().bits(),
            1_000_000_000_000_000
        );
    }

    #[test]
    fn span_ids_parse_from_hex_decimal_and_base64() {
        // `python3 -c "print(int('051581bf3cb55c13',16))"`
        for form in ["051581bf3cb55c13", "51581bf3cb55c13", "366341603057818643", "BRWBvzy1XBM="] {
            assert_eq!(
                SpanId::parse(form).map(|id| id.to_string()),
                Some("051581bf3cb55c13".to_owned()),
                "{form}"
            );
        }
        for text in ["", "0", "0000000000000000", "not a span"] {
            assert_eq!(SpanId::parse(text), None, "{text}");
        }
    }
}
