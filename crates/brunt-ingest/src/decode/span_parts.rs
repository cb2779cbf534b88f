//! What the spans of several vendors are made of: ids that may lack zeros, times in microseconds, events, links.

use std::borrow::Cow;

use brunt_model::{SpanId, TraceId};

use crate::decode::shape::Fields;
use crate::fill::Refusal;
use crate::normalize::form::Unit;
use crate::normalize::number;
use crate::normalize::time::{TimeForm, parse_ns, print_ns};
use crate::value::{Scalar, Value};

/// A trace id of up to 32 hexadecimal digits, whose leading zeros may be lost; 64 bits are the low half of 128.
pub(crate) fn trace_id(text: &str) -> Option<TraceId> {
    let text = text.trim();
    let is_id = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then(|| u128::from_str_radix(text, 16).ok().and_then(TraceId::new))?
}

/// A span id of up to 16 hexadecimal digits.
pub(crate) fn span_id(text: &str) -> Option<SpanId> {
    let text = text.trim();
    let is_id = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then(|| u64::from_str_radix(text, 16).ok().and_then(SpanId::new))?
}

/// The trace id and the span id of a span, without which it is none.
pub(crate) fn ids(
    trace: Option<&Value<'_>>,
    span: Option<&Value<'_>>,
) -> Result<(TraceId, SpanId), Refusal> {
    let refusal = |code, reason: &'static str| Refusal { code, reason: Cow::Borrowed(reason) };
    let text = |value: Option<&Value<'_>>| match value {
        Some(Value::Leaf(Scalar::Text(text))) => Some(text.to_string()),
        _ => None,
    };
    let trace = text(trace).and_then(|text| trace_id(&text));
    let span = text(span).and_then(|text| span_id(&text));
    Ok((
        trace.ok_or_else(|| {
            refusal("invalid_trace_id", "a span's trace id is not up to 32 hexadecimal digits")
        })?,
        span.ok_or_else(|| {
            refusal("invalid_span_id", "a span's id is not up to 16 hexadecimal digits")
        })?,
    ))
}

/// A time in microseconds since 1970, as a number whose size tells its unit: those of 1970 to 1973 are too small for
/// that and become seconds.
pub(crate) fn micros(value: Value<'_>) -> Value<'_> {
    let n = value.as_str().and_then(|text| number::scaled(text, 0)).map(i128::unsigned_abs);
    match n {
        Some(micros @ 0..100_000_000_000_000) if micros > 0 => {
            let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
            Value::Leaf(Scalar::Number(Cow::Owned(format!("{seconds}.{fraction:06}"))))
        }
        _ => value,
    }
}

/// An event of a span, at a time in microseconds.
pub(crate) fn event<'a>(
    micros: Option<Value<'a>>,
    name: Option<Value<'a>>,
    attributes: Fields<'a>,
) -> Value<'a> {
    let mut fields = Fields::new();
    if let Some(micros) = micros {
        let ns = micros.as_str().and_then(|text| parse_ns(text, TimeForm::Epoch(Unit::Us)));
        let sane =
            ns.and_then(|ns| i64::try_from(ns).ok()).filter(|ns| *ns >= 946_684_800_000_000_000);
        match sane {
            Some(ns) => fields.push(("ts".into(), Value::text(print_ns(ns)))),
            None => fields.push(("timestamp".into(), micros)),
        }
    }
    fields.extend(name.map(|name| ("name".into(), name)));
    if !attributes.is_empty() {
        fields.push(("attributes".into(), Value::Object(attributes)));
    }
    Value::Object(fields)
}

/// A link to another span.
pub(crate) fn link<'a>(trace: TraceId, span: SpanId, attributes: Fields<'a>) -> Value<'a> {
    let mut fields: Fields<'a> = vec![
        ("trace_id".into(), Value::text(trace.to_string())),
        ("span_id".into(), Value::text(span.to_string())),
    ];
    if !attributes.is_empty() {
        fields.push(("attributes".into(), Value::Object(attributes)));
    }
    Value::Object(fields)
}

/// The status that an `error` tag says, and its message: any value but `false` is an error, and one that is no mere
/// "true" says which.
pub(crate) fn status(error: Option<&Value<'_>>) -> (&'static str, Option<String>) {
    let word = match error {
        None | Some(Value::Leaf(Scalar::Null | Scalar::Bool(false))) => return ("UNSET", None),
        Some(Value::Leaf(Scalar::Bool(true))) => "",
        Some(value) => value.as_str().unwrap_or_default().trim(),
    };
    match word.to_ascii_lowercase().as_str() {
        "false" | "0" => ("UNSET", None),
        "" | "true" | "1" => ("ERROR", None),
        _ => ("ERROR", Some(word.to_owned())),
    }
}

/// The fields as attributes, whatever they are called.
pub(crate) fn as_attributes<'a>(
    rest: impl IntoIterator<Item = (Cow<'a, str>, Value<'a>)>,
) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
    rest.into_iter()
        .filter(|(_, value)| *value != Value::Leaf(Scalar::Null))
        .map(|(key, value)| (Cow::Owned(["attributes.", &key].concat()), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_get_their_zeros_back() {
        assert_eq!(trace_id("abc").unwrap().to_string(), "00000000000000000000000000000abc");
        assert_eq!(trace_id("123456").unwrap().to_string(), "00000000000000000000000000123456");
        assert_eq!(span_id("1").unwrap().to_string(), "0000000000000001");
        for text in ["", "0", "trace-1", "+1", "1".repeat(33).as_str()] {
            assert_eq!(trace_id(text), None, "{text}");
        }
        assert_eq!(span_id(&"1".repeat(17)), None);
    }

    #[test]
    fn small_times_do_not_change_their_unit() {
        let micros = |text: &'static str| match micros(Value::Leaf(Scalar::Number(text.into()))) {
            Value::Leaf(scalar) => scalar.as_str().unwrap().to_owned(),
            _ => String::new(),
        };
        assert_eq!(micros("100"), "0.000100");
        assert_eq!(micros("1761661273000000"), "1761661273000000");
        assert_eq!(micros("0"), "0");
    }

    #[test]
    fn an_error_tag_is_an_error_unless_it_says_no() {
        let of = |text: &'static str| status(Some(&Value::text(text)));
        assert_eq!(of("true"), ("ERROR", None));
        assert_eq!(of(""), ("ERROR", None));
        assert_eq!(of("no route"), ("ERROR", Some("no route".to_owned())));
        assert_eq!(of("false"), ("UNSET", None));
        assert_eq!(status(None), ("UNSET", None));
    }
}
