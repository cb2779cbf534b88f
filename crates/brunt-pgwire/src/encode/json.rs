//! Nested values as JSON: structs and maps as objects, lists as arrays, everything else as `to_json` writes it.

use std::fmt::Write;
use std::ops::Range;

use bytes::{BufMut, BytesMut};

use super::text::offset;
use super::{Column, Zone, child_of};
use crate::error::Report;

impl Column {
    /// Appends the value as JSON, `null` where it is NULL.
    pub(crate) fn put_json(
        &self,
        row_idx: usize,
        zone: &Zone,
        out: &mut BytesMut,
    ) -> Result<(), Report> {
        if self.is_null(row_idx) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match self {
            Self::Bool(array) => {
                out.extend_from_slice(if array.value(row_idx) { b"true" } else { b"false" });
                Ok(())
            }
            Self::Float4(array) if !array.value(row_idx).is_finite() => {
                self.put_quoted(row_idx, zone, out)
            }
            Self::Float8(array) if !array.value(row_idx).is_finite() => {
                self.put_quoted(row_idx, zone, out)
            }
            Self::Int2(_)
            | Self::Int4(_)
            | Self::Int8(_)
            | Self::Oid(_)
            | Self::Float4(_)
            | Self::Float8(_)
            | Self::Numeric(_)
            | Self::WideNumeric(_)
            | Self::Json(_) => self.put_text(row_idx, zone, out),
            Self::List(array, items, _) => {
                let range = offset(array.value_offsets()[row_idx])
                    ..offset(array.value_offsets()[row_idx + 1]);
                put_all(*b"[]", range, out, |idx, out| items.put_json(idx, zone, out))
            }
            Self::Struct(_, fields) => put_all(*b"{}", 0..fields.len(), out, |idx, out| {
                let (name, column) = &fields[idx];
                put_string(name, out);
                out.put_u8(b':');
                column.put_json(row_idx, zone, out)
            }),
            Self::Map(array, keys, values) => {
                let range = offset(array.value_offsets()[row_idx])
                    ..offset(array.value_offsets()[row_idx + 1]);
                put_all(*b"{}", range, out, |idx, out| {
                    keys.put_quoted(idx, zone, out)?;
                    out.put_u8(b':');
                    values.put_json(idx, zone, out)
                })
            }
            Self::Union(array, children) => match child_of(array, children, row_idx) {
                Some((child, idx)) => child.put_json(idx, zone, out),
                None => Ok(()),
            },
            Self::TimestampTz(_) | Self::Timestamp(_) => {
                // to_json separates date and time by T.
                let mut value = BytesMut::new();
                self.put_text(row_idx, zone, &mut value)?;
                put_string(&String::from_utf8_lossy(&value).replacen(' ', "T", 1), out);
                Ok(())
            }
            Self::Text(_)
            | Self::Bytes(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::Interval(_)
            | Self::Null => self.put_quoted(row_idx, zone, out),
        }
    }

    fn put_quoted(&self, row_idx: usize, zone: &Zone, out: &mut BytesMut) -> Result<(), Report> {
        let mut value = BytesMut::new();
        self.put_text(row_idx, zone, &mut value)?;
        put_string(&String::from_utf8_lossy(&value), out);
        Ok(())
    }
}

/// Appends members between two brackets, with commas between them.
fn put_all(
    brackets: [u8; 2],
    range: Range<usize>,
    out: &mut BytesMut,
    mut put: impl FnMut(usize, &mut BytesMut) -> Result<(), Report>,
) -> Result<(), Report> {
    out.put_u8(brackets[0]);
    let start = range.start;
    for idx in range {
        if idx > start {
            out.put_u8(b',');
        }
        put(idx, out)?;
    }
    out.put_u8(brackets[1]);
    Ok(())
}

/// Appends a JSON string.
fn put_string(value: &str, out: &mut BytesMut) {
    out.put_u8(b'"');
    for character in value.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            control if control < ' ' => {
                // Writing to a buffer in memory cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => {
                let mut bytes = [0; 4];
                out.extend_from_slice(other.encode_utf8(&mut bytes).as_bytes());
            }
        }
    }
    out.put_u8(b'"');
}
