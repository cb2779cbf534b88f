//! Nested values as JSON: structs and maps as objects, lists as arrays, everything else as `to_json` writes it.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};

use super::text::offset;
use super::{Column, Zone, child_of};
use crate::error::Report;

impl Column {
    /// Appends the value as JSON, `null` where it is NULL.
    pub(crate) fn put_json(&self, row_idx: usize, zone: &Zone, out: &mut BytesMut) -> Result<(), Report> {
        if self.is_null(row_idx) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match self {
            Self::Bool(array) => {
                out.extend_from_slice(if array.value(row_idx) { b"true" } else { b"false" });
                Ok(())
            }
            Self::Float4(array) if !array.value(row_idx).is_finite() => self.put_quoted(row_idx, zone, out),
            Self::Float8(array) if !array.value(row_idx).is_finite() => self.put_quoted(row_idx, zone, out),
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
                let start = offset(array.value_offsets()[row_idx]);
                let end = offset(array.value_offsets()[row_idx + 1]);
                out.put_u8(b'[');
                for item_idx in start..end {
                    if item_idx > start {
                        out.put_u8(b',');
                    }
                    items.put_json(item_idx, zone, out)?;
                }
                out.put_u8(b']');
                Ok(())
            }
            Self::Struct(_, fields) => {
                out.put_u8(b'{');
                for (position, (name, column)) in fields.iter().enumerate() {
                    if position > 0 {
                        out.put_u8(b',');
                    }
                    put_string(name, out);
                    out.put_u8(b':');
                    column.put_json(row_idx, zone, out)?;
                }
                out.put_u8(b'}');
                Ok(())
            }
            Self::Map(array, keys, values) => {
                let start = offset(array.value_offsets()[row_idx]);
                let end = offset(array.value_offsets()[row_idx + 1]);
                out.put_u8(b'{');
                for item_idx in start..end {
                    if item_idx > start {
                        out.put_u8(b',');
                    }
                    keys.put_quoted(item_idx, zone, out)?;
                    out.put_u8(b':');
                    values.put_json(item_idx, zone, out)?;
                }
                out.put_u8(b'}');
                Ok(())
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
            Self::Text(_) | Self::Bytes(_) | Self::Date(_) | Self::Time(_) | Self::Interval(_) | Self::Null => {
                self.put_quoted(row_idx, zone, out)
            }
        }
    }

    fn put_quoted(&self, row_idx: usize, zone: &Zone, out: &mut BytesMut) -> Result<(), Report> {
        let mut value = BytesMut::new();
        self.put_text(row_idx, zone, &mut value)?;
        put_string(&String::from_utf8_lossy(&value), out);
        Ok(())
    }
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
