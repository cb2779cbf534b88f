//! Values in PostgreSQL's binary forms, as the `_send` functions of its types make them.

use bytes::{BufMut, BytesMut};

use super::numeric::Digits;
use super::text::offset;
use super::time::{EPOCH_DAYS, EPOCH_MICROS};
use super::{Column, Format, Zone, element_oid};
use crate::error::Report;

impl Column {
    /// Appends the value, which is not NULL.
    pub(crate) fn put_binary(
        &self,
        row_idx: usize,
        zone: &Zone,
        out: &mut BytesMut,
    ) -> Result<(), Report> {
        match self {
            Self::Bool(array) => out.put_u8(u8::from(array.value(row_idx))),
            Self::Int2(array) => out.put_i16(array.value(row_idx)),
            Self::Int4(array) => out.put_i32(array.value(row_idx)),
            Self::Int8(array) => out.put_i64(array.value(row_idx)),
            Self::Oid(array) => out.put_u32(
                u32::try_from(array.value(row_idx))
                    .map_err(|_| Report::new("22003", "oid out of range"))?,
            ),
            Self::Float4(array) => out.put_f32(array.value(row_idx)),
            Self::Float8(array) => out.put_f64(array.value(row_idx)),
            Self::Numeric(array) => {
                Digits::new(&array.value(row_idx).to_string(), array.scale()).put_binary(out)?;
            }
            Self::WideNumeric(array) => {
                Digits::new(&array.value(row_idx).to_string(), array.scale()).put_binary(out)?;
            }
            Self::Text(array) | Self::Json(array) => {
                out.extend_from_slice(array.value(row_idx).as_bytes());
            }
            Self::Bytes(array) => out.extend_from_slice(array.value(row_idx)),
            Self::Date(array) => out.put_i32(array.value(row_idx).saturating_sub(EPOCH_DAYS)),
            Self::Time(array) => out.put_i64(array.value(row_idx)),
            Self::Timestamp(array) | Self::TimestampTz(array) => {
                out.put_i64(array.value(row_idx).saturating_sub(EPOCH_MICROS));
            }
            Self::Interval(array) => {
                let value = array.value(row_idx);
                out.put_i64(value.nanoseconds / 1000);
                out.put_i32(value.days);
                out.put_i32(value.months);
            }
            Self::List(array, items, item_oid) if !items.is_nested() => {
                let start = offset(array.value_offsets()[row_idx]);
                let end = offset(array.value_offsets()[row_idx + 1]);
                put_array(items, *item_oid, start..end, zone, out)?;
            }
            Self::List(..) | Self::Struct(..) | Self::Map(..) | Self::Union(..) => {
                self.put_json(row_idx, zone, out)?;
            }
            Self::Null => {}
        }
        Ok(())
    }
}

/// One dimension with lower bound 1, as `array_send` writes it; an empty array has no dimension.
fn put_array(
    items: &Column,
    item_oid: u32,
    range: std::ops::Range<usize>,
    zone: &Zone,
    out: &mut BytesMut,
) -> Result<(), Report> {
    let length =
        i32::try_from(range.len()).map_err(|_| Report::new("54000", "an array is too long"))?;
    let has_null = range.clone().any(|item_idx| items.is_null(item_idx));
    out.put_i32(i32::from(length > 0));
    out.put_i32(i32::from(has_null));
    out.put_u32(element_oid(item_oid));
    if length == 0 {
        return Ok(());
    }
    out.put_i32(length);
    out.put_i32(1);
    range.into_iter().try_for_each(|item_idx| items.put_value(item_idx, Format::Binary, zone, out))
}
