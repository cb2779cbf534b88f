//! The latest state of what is exported again and again: per column the newest value of a key's rows.

use arrow::array::{Array, ArrayRef, TimestampMicrosecondArray, UInt32Array};
use arrow::compute::{concat_batches, take};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use brunt_model::{Day, Table};
use futures::TryStreamExt;

use super::read::as_asked;
use super::{Rows, internal};
use crate::code::Code;
use crate::error::Error;

/// All rows of a base table in an order that depends on their content alone.
#[derive(Debug)]
pub(super) struct States {
    pub(super) rows: RecordBatch,
}

impl States {
    /// Reads all rows of these days, by a time and then by all their columns.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) async fn read(
        tables: &mut impl Rows,
        table: &'static Table,
        days: impl Iterator<Item = Day>,
        ordered_by: fn(&RecordBatch, usize) -> i64,
    ) -> Result<Self, Error> {
        // A load's id says when a row came, which must not matter.
        let names = table.columns.iter().map(|column| column.name);
        let asked: Vec<&'static str> =
            names.filter(|name| !matches!(*name, "load_id" | "day")).collect();
        let mut batches = Vec::new();
        for day in days {
            let mut rows = tables.rows(table, day, &asked).await?;
            while let Some(batch) = rows.try_next().await? {
                batches.push(as_asked(table, &asked, &batch)?);
            }
        }
        let empty = RecordBatch::new_empty(table.schema());
        let schema = batches.first().map_or_else(|| empty.schema(), RecordBatch::schema);
        let rows = concat_batches(&schema, &batches).map_err(|error| internal(&error))?;
        let order = content_order(&rows, ordered_by)?;
        let arrays = rows.columns().iter().map(|array| take(array, &order, None));
        let arrays =
            arrays.collect::<Result<Vec<ArrayRef>, _>>().map_err(|error| internal(&error))?;
        let rows = RecordBatch::try_new(schema, arrays).map_err(|error| internal(&error))?;
        Ok(Self { rows })
    }

    /// A column with the values of these rows, NULL where there is none.
    ///
    /// # Errors
    /// [`Code::Internal`] where there is no such column.
    pub(super) fn take(&self, name: &str, rows: &[Option<u32>]) -> Result<ArrayRef, Error> {
        let array = self.column(name)?;
        take(array, &UInt32Array::from(rows.to_vec()), None).map_err(|error| internal(&error))
    }

    /// The newest of these rows that has a value in the column.
    ///
    /// # Errors
    /// As [`States::take`].
    pub(super) fn newest(&self, name: &str, rows: &[u32]) -> Result<Option<u32>, Error> {
        let array = self.column(name)?;
        Ok(rows.iter().rev().copied().find(|row| array.is_valid(*row as usize)))
    }

    fn column(&self, name: &str) -> Result<&ArrayRef, Error> {
        let found = self.rows.column_by_name(name);
        found.ok_or_else(|| {
            Error::statement(Code::Internal, format!("there is no column \"{name}\""))
        })
    }
}

/// A time of a row, or 0 where it has none.
pub(super) fn micros(rows: &RecordBatch, name: &str, row: usize) -> i64 {
    let array = rows.column_by_name(name);
    let times = array.and_then(|array| array.as_any().downcast_ref::<TimestampMicrosecondArray>());
    times.filter(|times| times.is_valid(row)).map_or(0, |times| times.value(row))
}

/// A text of a row.
pub(super) fn text<'a>(rows: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let array = rows.column_by_name(name)?;
    let texts = array.as_any().downcast_ref::<arrow::array::StringArray>()?;
    texts.is_valid(row).then(|| texts.value(row))
}

fn content_order(
    rows: &RecordBatch,
    ordered_by: fn(&RecordBatch, usize) -> i64,
) -> Result<UInt32Array, Error> {
    let fields = rows
        .schema()
        .fields()
        .iter()
        .map(|field| SortField::new(field.data_type().clone()))
        .collect();
    let converter = RowConverter::new(fields).map_err(|error| internal(&error))?;
    let content = converter.convert_columns(rows.columns()).map_err(|error| internal(&error))?;
    let mut order: Vec<u32> = (0_u32..).take(rows.num_rows()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (*a as usize, *b as usize);
        let times = ordered_by(rows, a).cmp(&ordered_by(rows, b));
        times.then_with(|| content.row(a).cmp(&content.row(b)))
    });
    Ok(UInt32Array::from(order))
}
