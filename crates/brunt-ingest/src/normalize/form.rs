//! The way in which a column's values are read, whatever the format wrote.

use std::borrow::Cow;

use brunt_model::{Column, ColumnType, Money, SpanId, TraceId};

use crate::normalize::flags::flags_json;
use crate::normalize::time::{self, TimeForm};
use crate::normalize::{agent, number, severity, words};
use crate::value::Scalar;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Ns,
    Us,
    Ms,
    S,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Lower,
    Upper,
    /// A word of a vendor's own enumeration, in lower case with underscores.
    Snake,
    /// Words of an enumeration, by their table.
    Words(&'static [(&'static str, &'static str)]),
    Environment,
    Country,
    IsBot,
    /// What a client says that it is; only programs that say so are of interest.
    UserAgent,
    /// One in so many, or the share that is kept.
    SampleRate,
    TraceId,
    DecimalTraceId,
    SpanId,
    DecimalSpanId,
    SpanKind,
    StatusCode,
    /// The path of a URL; what else the URL says stays behind.
    UrlPath,
    Time(TimeForm),
    Duration(Unit),
    /// OpenTelemetry's 1 to 24, or its name.
    SeverityNumber,
    /// The `logging` module's 10 to 50.
    PythonLevel,
    SmallInt,
    Int,
    BigInt,
    Double,
    /// How many rows one stands for: a weight of at least 1, or the rate that it is the inverse of.
    Weight,
    Boolean,
    Money,
    List,
    Json,
    Flags,
}

/// A value as its column stores it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Text(Cow<'a, str>),
    SmallInt(i16),
    Int(i32),
    BigInt(i64),
    Double(f64),
    Boolean(bool),
    /// Microseconds UTC.
    Time(i64),
    /// Ten-thousandths.
    Money(i128),
    List(Vec<Cow<'a, str>>),
}

impl Unit {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "ns" => Some(Self::Ns),
            "us" => Some(Self::Us),
            "ms" => Some(Self::Ms),
            "s" => Some(Self::S),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ns => "ns",
            Self::Us => "us",
            Self::Ms => "ms",
            Self::S => "s",
        }
    }

    /// The power of ten that makes nanoseconds of it.
    pub(crate) fn exponent(self) -> i32 {
        match self {
            Self::Ns => 0,
            Self::Us => 3,
            Self::Ms => 6,
            Self::S => 9,
        }
    }
}

impl Form {
    /// The way in which a column is read unless an alias or a mapping knows better.
    pub(crate) fn of(column: &Column) -> Self {
        match column.name {
            "trace_id" => Self::TraceId,
            "span_id" | "parent_span_id" => Self::SpanId,
            "plan_tier" => Self::Lower,
            "status" | "priority" => Self::Snake,
            "http_request_method" | "currency" => Self::Upper,
            "deployment_environment_name" => Self::Environment,
            "device_type" => Self::Words(words::DEVICE_TYPES),
            "synthetic_type" => Self::Words(words::SYNTHETIC_TYPES),
            "geo_country" => Self::Country,
            "feature_flags" => Self::Flags,
            "url_path" => Self::UrlPath,
            "span_kind" => Self::SpanKind,
            "status_code" => Self::StatusCode,
            "severity_number" => Self::SeverityNumber,
            "duration_ns" => Self::Duration(Unit::Ns),
            "sample_weight" => Self::Weight,
            _ => match column.ty {
                ColumnType::Text => Self::Text,
                ColumnType::TextArray => Self::List,
                ColumnType::Json => Self::Json,
                ColumnType::SmallInt => Self::SmallInt,
                ColumnType::Int => Self::Int,
                ColumnType::BigInt => Self::BigInt,
                ColumnType::Double => Self::Double,
                ColumnType::Boolean => Self::Boolean,
                ColumnType::Timestamp | ColumnType::Date => Self::Time(TimeForm::Any),
                ColumnType::Numeric => Self::Money,
            },
        }
    }

    /// The value as its column stores it, or the value itself where it makes no sense there.
    pub(crate) fn read(self, value: Scalar<'_>) -> Result<Cell<'_>, Scalar<'_>> {
        match self {
            Self::Text => text(value).map(Cell::Text),
            Self::Lower => text_as(value, words::lower),
            Self::Upper => text_as(value, words::upper),
            Self::Snake => text_as(value, |text| Cow::Owned(words::snake(text))),
            Self::Words(table) => word(value, |text| words::find(table, text)),
            Self::Environment => text_as(value, words::environment),
            Self::Country => text_as(value, words::country),
            Self::IsBot => match read_boolean(&value) {
                Some(true) => Ok(Cell::Text(Cow::Borrowed("bot"))),
                _ => Err(value),
            },
            Self::UserAgent => match value.as_str().and_then(agent::synthetic_type) {
                Some(word) => Ok(Cell::Text(Cow::Borrowed(word))),
                None => Err(value),
            },
            Self::SampleRate => typed(value, |text| {
                let rate = number::double(text).filter(|rate| *rate > 0.0)?;
                Some(Cell::Double(if rate < 1.0 { 1.0 / rate } else { rate }))
            }),
            Self::TraceId | Self::DecimalTraceId => trace_id(value, self == Self::DecimalTraceId),
            Self::SpanId | Self::DecimalSpanId => span_id(value, self == Self::DecimalSpanId),
            Self::SpanKind => word(value, words::span_kind),
            Self::StatusCode => word(value, words::status_code),
            Self::UrlPath => url_path(value),
            Self::Time(form) => typed(value, |text| time::parse(text, form).map(Cell::Time)),
            Self::Duration(unit) => typed(value, |text| {
                number::scaled(text, unit.exponent())
                    .and_then(|ns| i64::try_from(ns).ok())
                    .map(Cell::BigInt)
            }),
            Self::SeverityNumber => typed(value, |text| severity::number(text).map(Cell::SmallInt)),
            Self::PythonLevel => {
                typed(value, |text| severity::python_level(text).map(Cell::SmallInt))
            }
            Self::SmallInt => typed(value, |text| number::integer(text).map(Cell::SmallInt)),
            Self::Int => typed(value, |text| number::integer(text).map(Cell::Int)),
            Self::BigInt => typed(value, |text| number::integer(text).map(Cell::BigInt)),
            Self::Double => typed(value, |text| number::double(text).map(Cell::Double)),
            Self::Weight => typed(value, |text| {
                number::double(text)
                    .filter(|weight| *weight > 0.0)
                    .map(|weight| Cell::Double(if weight < 1.0 { weight.recip() } else { weight }))
            }),
            Self::Boolean => read_boolean(&value).map(Cell::Boolean).ok_or(value),
            Self::Money => {
                typed(value, |text| Money::parse(text).map(|money| Cell::Money(money.units())))
            }
            Self::List => words::list(value).map(Cell::List),
            Self::Json => json(value),
            Self::Flags => flags_json(value).map(|flags| Cell::Text(Cow::Owned(flags))),
        }
    }
}

/// What a value says as text; null and the empty text come back.
fn text(value: Scalar<'_>) -> Result<Cow<'_, str>, Scalar<'_>> {
    if value.as_str().is_some_and(str::is_empty) {
        return Err(value);
    }
    value.into_text().ok_or(Scalar::Null)
}

fn typed<'a>(
    value: Scalar<'a>,
    parse: impl FnOnce(&str) -> Option<Cell<'a>>,
) -> Result<Cell<'a>, Scalar<'a>> {
    value.as_str().and_then(|text| parse(text.trim())).ok_or(value)
}

fn word(
    value: Scalar<'_>,
    find: impl FnOnce(&str) -> Option<&'static str>,
) -> Result<Cell<'_>, Scalar<'_>> {
    typed(value, |text| find(text).map(|word| Cell::Text(Cow::Borrowed(word))))
}

/// Text in the form that `convert` gives it; a copy is made only where that differs.
fn text_as(
    value: Scalar<'_>,
    convert: impl FnOnce(&str) -> Cow<'_, str>,
) -> Result<Cell<'_>, Scalar<'_>> {
    let text = text(value)?;
    let converted = convert(text.trim());
    Ok(Cell::Text(if text == converted { text } else { Cow::Owned(converted.into_owned()) }))
}

fn trace_id(value: Scalar<'_>, decimal: bool) -> Result<Cell<'_>, Scalar<'_>> {
    if let Scalar::Text(text) = &value
        && is_canonical_hex(text, 32)
    {
        return Ok(Cell::Text(text.clone()));
    }
    typed(value, |text| {
        let id = if decimal && text.len() != 32 { TraceId::parse_decimal(text) } else { None };
        id.or_else(|| TraceId::parse(text)).map(|id| Cell::Text(Cow::Owned(id.to_string())))
    })
}

fn span_id(value: Scalar<'_>, decimal: bool) -> Result<Cell<'_>, Scalar<'_>> {
    if !decimal
        && let Scalar::Text(text) = &value
        && is_canonical_hex(text, 16)
    {
        return Ok(Cell::Text(text.clone()));
    }
    typed(value, |text| {
        let id = if decimal { SpanId::parse_decimal(text) } else { None };
        id.or_else(|| SpanId::parse(text)).map(|id| Cell::Text(Cow::Owned(id.to_string())))
    })
}

/// Lower-case hexadecimal of this length and not all zeros: the form that would be printed anyway.
fn is_canonical_hex(text: &str, len: usize) -> bool {
    // Counting looks at many bytes in one step, which a search for the first odd one does not.
    let count = |is: fn(&u8) -> bool| text.as_bytes().iter().filter(|byte| is(byte)).count();
    text.len() == len
        && count(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) == len
        && count(|byte| *byte == b'0') < len
}

fn url_path(value: Scalar<'_>) -> Result<Cell<'_>, Scalar<'_>> {
    Ok(Cell::Text(match text(value)? {
        Cow::Borrowed(text) => Cow::Borrowed(words::url_path(text)),
        Cow::Owned(text) => Cow::Owned(words::url_path(&text).to_owned()),
    }))
}

fn read_boolean(value: &Scalar<'_>) -> Option<bool> {
    if let Scalar::Bool(value) = value {
        return Some(*value);
    }
    match value.as_str()?.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "1" => Some(true),
        "false" | "f" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// JSON as it is; a text that holds an object or list is taken as that, anything else as a JSON scalar.
fn json(value: Scalar<'_>) -> Result<Cell<'_>, Scalar<'_>> {
    match value {
        Scalar::Null => Err(value),
        Scalar::Json(text) => Ok(Cell::Text(text)),
        Scalar::Text(text) => {
            Ok(Cell::Text(Cow::Owned(words::nested_json(&text).unwrap_or_else(|| {
                let mut out = String::new();
                Scalar::Text(text).write_json(&mut out);
                out
            }))))
        }
        Scalar::Bool(_) | Scalar::Number(_) => {
            let mut out = String::new();
            value.write_json(&mut out);
            Ok(Cell::Text(Cow::Owned(out)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, text: &str) -> Option<Cell<'_>> {
        form.read(Scalar::text(text)).ok()
    }

    #[expect(clippy::unnecessary_wraps, reason = "compared with what may be none")]
    fn text(text: &'static str) -> Option<Cell<'static>> {
        Some(Cell::Text(Cow::Borrowed(text)))
    }

    #[test]
    fn texts_take_the_form_of_their_column() {
        assert_eq!(read(Form::Lower, "Pro"), text("pro"));
        assert_eq!(read(Form::Upper, "get"), text("GET"));
        assert_eq!(read(Form::Environment, "PROD"), text("production"));
        assert_eq!(read(Form::Snake, "On-hold"), text("on_hold"));
        assert_eq!(read(Form::Snake, " In  Progress "), text("in_progress"));
        assert_eq!(read(Form::Snake, "3"), text("3"));
        assert_eq!(read(Form::UrlPath, "https://shop.example/cart?x=1#top"), text("/cart"));
        assert_eq!(read(Form::Text, ""), None);
    }

    #[test]
    fn ids_print_in_one_form_and_decimal_ones_only_where_the_key_says_so() {
        let hex = "5b8aa5a2d2c872e8321cf37308d69df2";
        assert_eq!(read(Form::TraceId, "5B8AA5A2-D2C872E8-321CF373-08D69DF2"), None);
        assert_eq!(read(Form::TraceId, "5B8AA5A2D2C872E8321CF37308D69DF2"), text(hex));
        // `python3 -c "print('%032x' % 1000000000000000)"`
        assert_eq!(
            read(Form::DecimalTraceId, "1000000000000000"),
            text("000000000000000000038d7ea4c68000")
        );
        assert_eq!(
            read(Form::SpanId, "1000000000000000"),
            text("1000000000000000"),
            "sixteen digits are hexadecimal"
        );
        assert_eq!(read(Form::SpanId, "0000000000000000"), None);
    }

    #[test]
    fn numbers_keep_their_value_whatever_their_unit_or_type() {
        assert_eq!(read(Form::Duration(Unit::Ms), "1.5"), Some(Cell::BigInt(1_500_000)));
        assert_eq!(read(Form::Int, "200.0"), Some(Cell::Int(200)));
        assert_eq!(read(Form::Int, "200.5"), None);
        assert_eq!(read(Form::SmallInt, "70000"), None);
        assert_eq!(read(Form::Money, "19.90"), Some(Cell::Money(199_000)));
        assert_eq!(read(Form::Weight, "0.25"), Some(Cell::Double(4.0)));
    }
}
