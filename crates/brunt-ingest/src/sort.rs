//! The order of rows in a table's files, which scans and merges rely on.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use brunt_model::{Table, Ts};

/// Places of the rows by (hour of `ts`, sort key, `ts`), NULL first; equal rows stay in their order.
pub(crate) fn sorted_indices(
    table: &Table,
    batch: &RecordBatch,
) -> Result<UInt32Array, ArrowError> {
    let Some(ts) = batch.columns().first() else { return Ok(UInt32Array::from(Vec::<u32>::new())) };
    let times = ts.as_primitive::<TimestampMicrosecondType>();
    let hours: Int64Array =
        times.iter().map(|micros| micros.map(|micros| Ts(micros).hour())).collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(hours)];
    for key in table.sort_key {
        columns.extend(batch.column_by_name(key).cloned());
    }
    columns.push(Arc::clone(ts));
    let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
    let rows = RowConverter::new(fields)?.convert_columns(&columns)?;
    let mut order: Vec<_> = rows.iter().zip(0_u32..).collect();
    order.sort_unstable();
    Ok(order.into_iter().map(|(_, row_idx)| row_idx).collect())
}
