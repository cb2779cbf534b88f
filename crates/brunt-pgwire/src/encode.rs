//! Record batches to PostgreSQL's rows: each column is brought to one Arrow type per PostgreSQL type, then written value
//! by value, as text or binary.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Decimal256Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    IntervalMonthDayNanoArray, ListArray, MapArray, RecordBatch, StringArray, StructArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, UnionArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};
use bytes::{BufMut, BytesMut};

use crate::error::Report;
use crate::wire_type::{TYPE_KEY, oid, wire_type};

mod binary;
mod json;
mod numeric;
mod text;
mod time;

pub(crate) use text::{Csv, copy_csv, copy_text, put_csv};
pub(crate) use time::{
    EPOCH_DAYS, EPOCH_MICROS, Zone, put_date, put_interval, put_time, put_timestamp,
};

/// How a client wants a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Binary,
}

/// One column of one batch, ready to be written.
#[derive(Debug)]
pub(crate) enum Column {
    Bool(BooleanArray),
    Int2(Int16Array),
    Int4(Int32Array),
    Int8(Int64Array),
    /// An object number: eight bytes in Arrow, four unsigned ones on the wire.
    Oid(Int64Array),
    Float4(Float32Array),
    Float8(Float64Array),
    Numeric(Decimal128Array),
    WideNumeric(Decimal256Array),
    Text(StringArray),
    /// Text that is JSON already.
    Json(StringArray),
    Bytes(BinaryArray),
    Date(Date32Array),
    Time(Time64MicrosecondArray),
    Timestamp(TimestampMicrosecondArray),
    TimestampTz(TimestampMicrosecondArray),
    Interval(IntervalMonthDayNanoArray),
    List(ListArray, Box<Column>, u32),
    Struct(StructArray, Vec<(String, Column)>),
    Map(MapArray, Box<Column>, Box<Column>),
    Union(UnionArray, Vec<(i8, Column)>),
    /// A column of nothing but NULL.
    Null,
}

/// The columns of a batch.
#[derive(Debug)]
pub(crate) struct Rows {
    columns: Vec<Column>,
    n_rows: usize,
}

impl Rows {
    pub(crate) fn new(batch: &RecordBatch) -> Result<Self, Report> {
        let schema = batch.schema();
        let columns = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, array)| Column::new(field, array))
            .collect::<Result<_, _>>()?;
        Ok(Self { columns, n_rows: batch.num_rows() })
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Appends the row as a `DataRow` message; `formats` has one entry a column.
    pub(crate) fn put_data_row(
        &self,
        row_idx: usize,
        formats: &[Format],
        zone: &Zone,
        out: &mut BytesMut,
    ) -> Result<(), Report> {
        out.put_u8(b'D');
        let start = out.len();
        out.put_i32(0);
        self.put_fields(row_idx, formats, zone, out)?;
        patch_length(out, start, out.len() - start)
    }

    /// Appends the row's number of columns and their values, each with its length: the body of a `DataRow` and a row of
    /// a binary COPY.
    pub(crate) fn put_fields(
        &self,
        row_idx: usize,
        formats: &[Format],
        zone: &Zone,
        out: &mut BytesMut,
    ) -> Result<(), Report> {
        let n_columns = i16::try_from(self.columns.len())
            .map_err(|_| Report::new("54011", "a row has more than 32767 columns"))?;
        out.put_i16(n_columns);
        for (column, format) in self.columns.iter().zip(formats) {
            column.put_value(row_idx, *format, zone, out)?;
        }
        Ok(())
    }
}

impl Column {
    /// Brings `array` to the type in which its PostgreSQL type is written.
    pub(crate) fn new(field: &Field, array: &ArrayRef) -> Result<Self, Report> {
        let target = canonical(array.data_type());
        let array = if &target == array.data_type() {
            ArrayRef::clone(array)
        } else {
            let options = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(array, &target, &options).map_err(|error| {
                Report::new("22003", format!("encode column \"{}\": {error}", field.name()))
            })?
        };
        let tag = field.metadata().get(TYPE_KEY).map(String::as_str);
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool(array.as_boolean().clone()),
            DataType::Int16 => Self::Int2(array.as_primitive().clone()),
            DataType::Int32 => Self::Int4(array.as_primitive().clone()),
            DataType::Int64 if tag == Some("oid") => Self::Oid(array.as_primitive().clone()),
            DataType::Int64 => Self::Int8(array.as_primitive().clone()),
            DataType::Float32 => Self::Float4(array.as_primitive().clone()),
            DataType::Float64 => Self::Float8(array.as_primitive().clone()),
            DataType::Decimal128(..) => Self::Numeric(array.as_primitive().clone()),
            DataType::Decimal256(..) => Self::WideNumeric(array.as_primitive().clone()),
            DataType::Utf8 if tag == Some("json") => Self::Json(array.as_string().clone()),
            DataType::Utf8 => Self::Text(array.as_string().clone()),
            DataType::Binary => Self::Bytes(array.as_binary().clone()),
            DataType::Date32 => Self::Date(array.as_primitive().clone()),
            DataType::Time64(_) => Self::Time(array.as_primitive().clone()),
            DataType::Timestamp(_, None) => Self::Timestamp(array.as_primitive().clone()),
            DataType::Timestamp(_, Some(_)) => Self::TimestampTz(array.as_primitive().clone()),
            DataType::Interval(_) => Self::Interval(array.as_primitive().clone()),
            DataType::List(item) => {
                let list: &ListArray = array.as_list();
                let items = Self::new(item, list.values())?;
                Self::List(list.clone(), Box::new(items), wire_type(item).oid)
            }
            DataType::Struct(fields) => {
                let array = array.as_struct();
                let columns = fields
                    .iter()
                    .zip(array.columns())
                    .map(|(field, child)| Ok((field.name().clone(), Self::new(field, child)?)))
                    .collect::<Result<_, Report>>()?;
                Self::Struct(array.clone(), columns)
            }
            DataType::Map(entries, _) => {
                let map = array.as_map();
                let (keys, values) = key_and_value(entries)?;
                Self::Map(
                    map.clone(),
                    Box::new(Self::new(&keys, map.keys())?),
                    Box::new(Self::new(&values, map.values())?),
                )
            }
            DataType::Union(fields, _) => Self::union(array.as_union(), fields.iter())?,
            other => {
                return Err(Report::new(
                    "0A000",
                    format!("column \"{}\" has the type {other}", field.name()),
                )
                .hint("Cast it to text."));
            }
        })
    }

    pub(crate) fn is_null(&self, row_idx: usize) -> bool {
        match self {
            Self::Bool(array) => array.is_null(row_idx),
            Self::Int2(array) => array.is_null(row_idx),
            Self::Int4(array) => array.is_null(row_idx),
            Self::Int8(array) | Self::Oid(array) => array.is_null(row_idx),
            Self::Float4(array) => array.is_null(row_idx),
            Self::Float8(array) => array.is_null(row_idx),
            Self::Numeric(array) => array.is_null(row_idx),
            Self::WideNumeric(array) => array.is_null(row_idx),
            Self::Text(array) | Self::Json(array) => array.is_null(row_idx),
            Self::Bytes(array) => array.is_null(row_idx),
            Self::Date(array) => array.is_null(row_idx),
            Self::Time(array) => array.is_null(row_idx),
            Self::Timestamp(array) | Self::TimestampTz(array) => array.is_null(row_idx),
            Self::Interval(array) => array.is_null(row_idx),
            Self::List(array, ..) => array.is_null(row_idx),
            Self::Struct(array, _) => array.is_null(row_idx),
            Self::Map(array, ..) => array.is_null(row_idx),
            Self::Union(array, children) => {
                child_of(array, children, row_idx).is_none_or(|(child, idx)| child.is_null(idx))
            }
            Self::Null => true,
        }
    }

    /// Appends the value's length and bytes; NULL is the length -1.
    fn put_value(
        &self,
        row_idx: usize,
        format: Format,
        zone: &Zone,
        out: &mut BytesMut,
    ) -> Result<(), Report> {
        if self.is_null(row_idx) {
            out.put_i32(-1);
            return Ok(());
        }
        let start = out.len();
        out.put_i32(0);
        match format {
            Format::Text => self.put_text(row_idx, zone, out)?,
            Format::Binary => self.put_binary(row_idx, zone, out)?,
        }
        patch_length(out, start, out.len() - start - 4)
    }

    fn union<'a>(
        array: &UnionArray,
        fields: impl Iterator<Item = (i8, &'a FieldRef)>,
    ) -> Result<Self, Report> {
        let children = fields
            .map(|(id, field)| {
                // The JSON functions give a union whose arrays and objects are JSON text.
                let is_json = matches!(field.name().as_str(), "array" | "object");
                let tagged = if is_json && field.data_type() == &DataType::Utf8 {
                    field
                        .as_ref()
                        .clone()
                        .with_metadata([(TYPE_KEY.to_owned(), "json".to_owned())].into())
                } else {
                    field.as_ref().clone()
                };
                Ok((id, Self::new(&tagged, array.child(id))?))
            })
            .collect::<Result<_, Report>>()?;
        Ok(Self::Union(array.clone(), children))
    }
}

/// The child of a union that holds the row's value, and where in it.
fn child_of<'a>(
    array: &UnionArray,
    children: &'a [(i8, Column)],
    row_idx: usize,
) -> Option<(&'a Column, usize)> {
    let id = array.type_id(row_idx);
    children
        .iter()
        .find(|(candidate, _)| *candidate == id)
        .map(|(_, child)| (child, array.value_offset(row_idx)))
}

fn key_and_value(entries: &FieldRef) -> Result<(FieldRef, FieldRef), Report> {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => {
            Ok((FieldRef::clone(&fields[0]), FieldRef::clone(&fields[1])))
        }
        _ => Err(Report::new("XX000", "a map has no keys and values")),
    }
}

/// The one Arrow type in which values of a PostgreSQL type are written.
fn canonical(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Int8 | DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::Date64 => DataType::Date32,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Duration(_) | DataType::Interval(_) => {
            DataType::Interval(IntervalUnit::MonthDayNano)
        }
        DataType::Dictionary(_, value) => canonical(value),
        DataType::RunEndEncoded(_, value) => canonical(value.data_type()),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => {
            let item = item.as_ref().clone();
            let data_type = canonical(item.data_type());
            DataType::List(item.with_data_type(data_type).into())
        }
        other => other.clone(),
    }
}

fn patch_length(out: &mut BytesMut, start: usize, length: usize) -> Result<(), Report> {
    let length =
        i32::try_from(length).map_err(|_| Report::new("54000", "a row is larger than 2 GB"))?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// The element type that a binary array announces.
fn element_oid(item: u32) -> u32 {
    if item == oid::UNKNOWN { oid::TEXT } else { item }
}

#[cfg(test)]
mod tests;
