//! OTLP's log record.

use std::borrow::Cow;

use super::columns::Kept;
use super::{any_value, scope};
use crate::json::{Fault, Json, Kind};
use crate::normalize::form::{Form, Unit};
use crate::normalize::time::{TimeForm, parse_ns};
use crate::row::{Level, Offer, Row};
use crate::value::Scalar;

pub(super) const NS: Form = Form::Time(TimeForm::Epoch(Unit::Ns));

/// Reads one record into the row.
pub(super) fn read<'a>(
    json: &mut Json<'a>,
    kept: &mut Kept,
    row: &mut Row<'a>,
) -> Result<(), Fault> {
    if json.peek()? != Kind::Object {
        return Err(json.fault("record_type", "a log record is not an object"));
    }
    let columns = kept.columns;
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "timeUnixNano" | "time_unix_nano" => {
                let value = time(json)?;
                set(row, columns.ts, key, value, NS);
            }
            "observedTimeUnixNano" | "observed_time_unix_nano" => {
                let value = time(json)?;
                if value.as_str() != Some("0") {
                    set(row, columns.observed_at, key, value, NS);
                }
            }
            "severityNumber" | "severity_number" => {
                let value = scope::count(json)?;
                if value.as_str() != Some("0")
                    && value.as_str() != Some("SEVERITY_NUMBER_UNSPECIFIED")
                {
                    set(row, columns.severity_number, key, value, Form::SeverityNumber);
                }
            }
            "severityText" | "severity_text" => {
                let value = text(json)?;
                set(row, columns.severity_text, key, value, Form::Text);
            }
            "body" => {
                let value = any_value::read_as(json, "body_type")?;
                set(row, columns.body, key, value, Form::Text);
            }
            "eventName" | "event_name" => {
                let value = text(json)?;
                set(row, columns.event_name, key, value, Form::Text);
            }
            "traceId" | "trace_id" => id(json, row, columns.trace_id, "trace_id", key)?,
            "spanId" | "span_id" => id(json, row, columns.span_id, "span_id", key)?,
            "attributes" => any_value::attributes(json, &mut |key, value| {
                kept.router.field(row, Level::Record, key, value);
            })?,
            "flags" | "traceFlags" | "trace_flags" => {
                let n = scope::count(json)?;
                scope::write_count(&mut row.attributes, "otel.trace_flags", &n);
            }
            "droppedAttributesCount" | "dropped_attributes_count" => {
                let n = scope::count(json)?;
                scope::write_count(&mut row.attributes, "otel.dropped_attributes_count", &n);
            }
            _ => {
                json.skip()?;
            }
        }
    }
    Ok(())
}

/// Offers a field of the record itself, which goes before any attribute.
pub(super) fn set<'a>(
    row: &mut Row<'a>,
    column_idx: usize,
    key: Cow<'a, str>,
    value: Scalar<'a>,
    form: Form,
) {
    let rank = Level::Record.rank(0) + 1;
    row.offer(column_idx, Offer { key, value, form, rank, kept: false });
}

pub(super) fn text<'a>(json: &mut Json<'a>) -> Result<Scalar<'a>, Fault> {
    match json.peek()? {
        Kind::Null => {
            json.null()?;
            Ok(Scalar::Null)
        }
        _ => Ok(Scalar::Text(json.text()?)),
    }
}

/// Nanoseconds as a number or a text.
pub(super) fn time<'a>(json: &mut Json<'a>) -> Result<Scalar<'a>, Fault> {
    match json.peek()? {
        Kind::Number => Ok(Scalar::Number(Cow::Borrowed(json.number()?))),
        Kind::Text | Kind::Null => {
            let fault = json.fault("time_type", "a time is no number of nanoseconds");
            let value = text(json)?;
            let epoch = TimeForm::Epoch(Unit::Ns);
            match value.as_str().filter(|text| !is_plain_number(text)) {
                Some(text) if parse_ns(text, epoch).is_none() => Err(fault),
                _ => Ok(value),
            }
        }
        _ => Err(json.fault("time_type", "a time is no number of nanoseconds")),
    }
}

/// Digits that need no second look, or nothing.
fn is_plain_number(text: &str) -> bool {
    text.len() < 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A trace or span id. The empty one and zeros are none.
pub(super) fn id<'a>(
    json: &mut Json<'a>,
    row: &mut Row<'a>,
    column_idx: usize,
    column: &'static str,
    key: Cow<'a, str>,
) -> Result<(), Fault> {
    let value = read_id(json, column)?.unwrap_or_default();
    set(
        row,
        column_idx,
        key,
        Scalar::Text(value),
        if column == "trace_id" { Form::TraceId } else { Form::SpanId },
    );
    Ok(())
}

/// The text of an id in one of the forms that OTLP exporters use: hexadecimal, base64, a UUID; for traces also of 64
/// bits. `None` where there is none; empty where it is zeros, which mean none too.
pub(super) fn read_id<'a>(
    json: &mut Json<'a>,
    column: &'static str,
) -> Result<Option<Cow<'a, str>>, Fault> {
    let fault = match column {
        "trace_id" => json.fault("invalid_trace_id", "a trace id is not 32 hexadecimal digits"),
        "parent_span_id" => {
            json.fault("invalid_parent_span_id", "a parent span id is not 16 hexadecimal digits")
        }
        _ => json.fault("invalid_span_id", "a span id is not 16 hexadecimal digits"),
    };
    let id = match json.peek()? {
        Kind::Null => {
            json.null()?;
            return Ok(None);
        }
        Kind::Text => json.text()?,
        _ => return Err(fault),
    };
    if id.is_empty() {
        return Ok(None);
    }
    // Base64 as protobuf's JSON has it, padded. A decimal id would be ambiguous, and no exporter of OTLP writes one.
    let base64 = id.ends_with('=');
    let (fits, form) = match (column, id.len()) {
        ("trace_id", 32 | 16 | 36) => (true, Form::TraceId),
        ("trace_id", 24) => (base64, Form::TraceId),
        ("trace_id", _) => (false, Form::TraceId),
        (_, 16) => (true, Form::SpanId),
        (_, 12) => (base64, Form::SpanId),
        (_, _) => (false, Form::SpanId),
    };
    if !fits {
        return Err(fault);
    }
    if id.bytes().all(|byte| byte == b'0') {
        return Ok(Some(Cow::Borrowed("")));
    }
    match form.read(Scalar::Text(id.clone())) {
        Ok(_) => Ok(Some(id)),
        Err(_) => Err(fault),
    }
}
