//! The order of rows in a table's files, which scans and merges rely on.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};
use brunt_model::{Table, Ts};

/// Places (batch, row) of the rows by (hour of `ts`, sort key, `ts`), NULL first; equal rows stay in their order.
pub(crate) fn sorted_places(
    table: &Table,
    batches: &[&RecordBatch],
) -> Result<Vec<(usize, usize)>, ArrowError> {
    let keys: Vec<_> = batches.iter().map(|batch| key_columns(table, batch)).collect();
    let Some(first) = keys.first() else { return Ok(Vec::new()) };
    let fields = first.iter().map(|column| SortField::new(column.data_type().clone())).collect();
    let converter = RowConverter::new(fields)?;
    let keys = keys.iter().map(|columns| converter.convert_columns(columns));
    let keys: Vec<Rows> = keys.collect::<Result<_, _>>()?;
    let places = keys.iter().enumerate().flat_map(|(batch_idx, rows)| {
        rows.iter().enumerate().map(move |(row_idx, key)| (key, batch_idx, row_idx))
    });
    let mut order: Vec<_> = places.collect();
    order.sort_unstable();
    Ok(order.into_iter().map(|(_, batch_idx, row_idx)| (batch_idx, row_idx)).collect())
}

/// What the rows of a batch are sorted by.
fn key_columns(table: &Table, batch: &RecordBatch) -> Vec<ArrayRef> {
    let Some(ts) = batch.columns().first() else { return Vec::new() };
    let times = ts.as_primitive::<TimestampMicrosecondType>();
    let hours: Int64Array =
        times.iter().map(|micros| micros.map(|micros| Ts(micros).hour())).collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(hours)];
    for key in table.sort_key {
        columns.extend(batch.column_by_name(key).cloned());
    }
    columns.push(Arc::clone(ts));
    columns
}
