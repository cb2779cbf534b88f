//! OTLP's log record.

use std::borrow::Cow;

use brunt_model::Table;

use super::{Kept, any_value, scope};
use crate::json::{Fault, Json, Kind};
use crate::normalize::form::{Form, Unit};
use crate::normalize::time::TimeForm;
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
    let table = kept.table;
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "timeUnixNano" | "time_unix_nano" => {
                let value = time(json)?;
                set(row, table, "ts", key, value, NS);
            }
            "observedTimeUnixNano" | "observed_time_unix_nano" => {
                let value = time(json)?;
                if value.as_str() != Some("0") {
                    set(row, table, "observed_at", key, value, NS);
                }
            }
            "severityNumber" | "severity_number" => {
                let value = scope::count(json)?;
                if value.as_str() != Some("0")
                    && value.as_str() != Some("SEVERITY_NUMBER_UNSPECIFIED")
                {
                    set(row, table, "severity_number", key, value, Form::SeverityNumber);
                }
            }
            "severityText" | "severity_text" => {
                let value = text(json)?;
                set(row, table, "severity_text", key, value, Form::Text);
            }
            "body" => {
                let value = any_value::read(json).map_err(|fault| Fault {
                    code: if fault.code == "value_type" { "body_type" } else { fault.code },
                    ..fault
                })?;
                set(row, table, "body", key, value, Form::Text);
            }
            "eventName" | "event_name" => {
                let value = text(json)?;
                set(row, table, "event_name", key, value, Form::Text);
            }
            "traceId" | "trace_id" => id(json, row, table, "trace_id", key)?,
            "spanId" | "span_id" => id(json, row, table, "span_id", key)?,
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
    table: &'static Table,
    column: &str,
    key: Cow<'a, str>,
    value: Scalar<'a>,
    form: Form,
) {
    if let Some(column_idx) = table.column_idx(column) {
        let rank = Level::Record.rank(0) + 1;
        row.offer(column_idx, Offer { key, value, form, rank, kept: false });
    }
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
        Kind::Text | Kind::Null => text(json),
        _ => Err(json.fault("time_type", "a time is neither a number nor a text")),
    }
}

/// A trace or span id. The empty one and zeros are none.
pub(super) fn id<'a>(
    json: &mut Json<'a>,
    row: &mut Row<'a>,
    table: &'static Table,
    column: &'static str,
    key: Cow<'a, str>,
) -> Result<(), Fault> {
    let value = read_id(json, column)?;
    set(
        row,
        table,
        column,
        key,
        Scalar::Text(value),
        if column == "trace_id" { Form::TraceId } else { Form::SpanId },
    );
    Ok(())
}

/// The text of an id in one of the forms that OTLP exporters use: hexadecimal, base64, a UUID; for traces also of 64
/// bits. Empty where there is none.
pub(super) fn read_id<'a>(
    json: &mut Json<'a>,
    column: &'static str,
) -> Result<Cow<'a, str>, Fault> {
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
            return Ok(Cow::Borrowed(""));
        }
        Kind::Text => json.text()?,
        _ => return Err(fault),
    };
    let (lengths, form): (&[usize], _) = if column == "trace_id" {
        (&[32, 16, 24, 22, 36], Form::TraceId)
    } else {
        (&[16, 12, 11], Form::SpanId)
    };
    if id.bytes().all(|byte| byte == b'0') {
        return if id.is_empty() || lengths.contains(&id.len()) {
            Ok(Cow::Borrowed(""))
        } else {
            Err(fault)
        };
    }
    // A decimal id would be ambiguous here, and no exporter of OTLP writes one.
    let decimal = id.len() < 16 && id.bytes().all(|byte| byte.is_ascii_digit());
    match form.read(Scalar::Text(id.clone())) {
        Ok(_) if lengths.contains(&id.len()) && !decimal => Ok(id),
        _ => Err(fault),
    }
}
