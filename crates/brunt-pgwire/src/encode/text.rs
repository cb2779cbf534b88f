//! Values as text, in rows, in arrays, and in COPY's text and CSV forms.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};

use super::numeric::{Digits, put_float4, put_float8};
use super::time::{put_date, put_interval, put_time, put_timestamp};
use super::{Column, Zone};
use crate::error::Report;

impl Column {
    /// Appends the value, which is not NULL, as PostgreSQL's output functions print it.
    pub(crate) fn put_text(
        &self,
        row_idx: usize,
        zone: &Zone,
        out: &mut BytesMut,
    ) -> Result<(), Report> {
        match self {
            Self::Bool(array) => out.put_u8(if array.value(row_idx) { b't' } else { b'f' }),
            Self::Int2(array) => put_display(array.value(row_idx), out),
            Self::Int4(array) => put_display(array.value(row_idx), out),
            Self::Int8(array) | Self::Oid(array) => put_display(array.value(row_idx), out),
            Self::Float4(array) => put_float4(array.value(row_idx), out),
            Self::Float8(array) => put_float8(array.value(row_idx), out),
            Self::Numeric(array) => {
                Digits::new(&array.value(row_idx).to_string(), array.scale()).put_text(out);
            }
            Self::WideNumeric(array) => {
                Digits::new(&array.value(row_idx).to_string(), array.scale()).put_text(out);
            }
            Self::Text(array) | Self::Json(array) => {
                out.extend_from_slice(array.value(row_idx).as_bytes());
            }
            Self::Bytes(array) => {
                out.extend_from_slice(b"\\x");
                for byte in array.value(row_idx) {
                    let _ = write!(out, "{byte:02x}");
                }
            }
            Self::Date(array) => put_date(array.value(row_idx), out)?,
            Self::Time(array) => put_time(array.value(row_idx), out),
            Self::Timestamp(array) => put_timestamp(array.value(row_idx), out)?,
            Self::TimestampTz(array) => zone.put_timestamptz(array.value(row_idx), out)?,
            Self::Interval(array) => put_interval(array.value(row_idx), out),
            Self::List(array, items, _) if !items.is_nested() => {
                let start = offset(array.value_offsets()[row_idx]);
                let end = offset(array.value_offsets()[row_idx + 1]);
                put_array(items, start..end, zone, out)?;
            }
            Self::List(..) | Self::Struct(..) | Self::Map(..) | Self::Union(..) => {
                self.put_json(row_idx, zone, out)?;
            }
            Self::Null => {}
        }
        Ok(())
    }

    /// Values that have no array type of their own.
    pub(super) fn is_nested(&self) -> bool {
        matches!(self, Self::List(..) | Self::Struct(..) | Self::Map(..) | Self::Union(..))
    }
}

/// Appends a value as one field of COPY's text form: backslash escapes for what separates fields and lines.
pub(crate) fn copy_text(
    column: &Column,
    row_idx: usize,
    delimiter: u8,
    zone: &Zone,
    out: &mut BytesMut,
) -> Result<(), Report> {
    let mut value = BytesMut::new();
    column.put_text(row_idx, zone, &mut value)?;
    for byte in value {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0b => out.extend_from_slice(b"\\v"),
            0x0c => out.extend_from_slice(b"\\f"),
            byte if byte == delimiter => out.extend_from_slice(&[b'\\', byte]),
            byte => out.put_u8(byte),
        }
    }
    Ok(())
}

/// How a CSV field is written.
#[derive(Debug, Clone)]
pub(crate) struct Csv {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) escape: u8,
    pub(crate) null: String,
    pub(crate) force_quote: bool,
}

/// Appends a value as one CSV field; quoted where it would otherwise read as something else, the NULL text included.
pub(crate) fn copy_csv(
    column: &Column,
    row_idx: usize,
    csv: &Csv,
    zone: &Zone,
    out: &mut BytesMut,
) -> Result<(), Report> {
    let mut value = BytesMut::new();
    column.put_text(row_idx, zone, &mut value)?;
    put_csv(&value, csv, out);
    Ok(())
}

/// Appends bytes as one CSV field.
pub(crate) fn put_csv(value: &[u8], csv: &Csv, out: &mut BytesMut) {
    let special =
        |byte: &u8| *byte == csv.delimiter || *byte == csv.quote || matches!(byte, b'\n' | b'\r');
    let needs_quotes = csv.force_quote || value == csv.null.as_bytes() || value.iter().any(special);
    if !needs_quotes {
        out.extend_from_slice(value);
        return;
    }
    out.put_u8(csv.quote);
    for byte in value {
        if *byte == csv.quote || *byte == csv.escape {
            out.put_u8(csv.escape);
        }
        out.put_u8(*byte);
    }
    out.put_u8(csv.quote);
}

fn put_display(value: impl std::fmt::Display, out: &mut BytesMut) {
    // Writing to a buffer in memory cannot fail.
    let _ = write!(out, "{value}");
}

fn put_array(
    items: &Column,
    range: std::ops::Range<usize>,
    zone: &Zone,
    out: &mut BytesMut,
) -> Result<(), Report> {
    out.put_u8(b'{');
    let mut value = BytesMut::new();
    for (position, item_idx) in range.enumerate() {
        if position > 0 {
            out.put_u8(b',');
        }
        if items.is_null(item_idx) {
            out.extend_from_slice(b"NULL");
            continue;
        }
        value.clear();
        items.put_text(item_idx, zone, &mut value)?;
        put_array_item(&value, out);
    }
    out.put_u8(b'}');
    Ok(())
}

/// Quotes an element where PostgreSQL's `array_out` does.
fn put_array_item(value: &[u8], out: &mut BytesMut) {
    let special = |byte: &u8| {
        matches!(byte, b'{' | b'}' | b',' | b'"' | b'\\')
            || byte.is_ascii_whitespace()
            || *byte == 0x0b
    };
    if !value.is_empty() && !value.eq_ignore_ascii_case(b"null") && !value.iter().any(special) {
        out.extend_from_slice(value);
        return;
    }
    out.put_u8(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.put_u8(b'\\');
        }
        out.put_u8(*byte);
    }
    out.put_u8(b'"');
}

/// Offsets of Arrow's lists are never negative.
pub(super) fn offset(value: i32) -> usize {
    usize::try_from(value).unwrap_or(0)
}
