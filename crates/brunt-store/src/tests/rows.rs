//! Rows for tests: a log line is its minute, its session and its body.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use brunt_model::{Day, Table, Ts, day_of, table};

use crate::{Epoch, Error, Store};

/// 2025-10-28.
pub(crate) const DAY: Day = Day(20_389);

/// A moment of that day.
pub(crate) fn at(day: Day, minute: i64) -> Ts {
    Ts(day.start().0 + minute * 60_000_000)
}

pub(crate) fn table_of(name: &str) -> &'static Table {
    table(name).unwrap()
}

/// One row for each (time, session, body); all other columns are NULL.
pub(crate) fn logs(rows: &[(Ts, &str, &str)]) -> RecordBatch {
    let texts = |of: fn(&(Ts, &str, &str)) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
    };
    let columns = HashMap::from([
        ("session_id", texts(|row| row.1.to_owned())),
        ("body", texts(|row| row.2.to_owned())),
    ]);
    batch("logs", &rows.iter().map(|row| row.0).collect::<Vec<_>>(), &columns)
}

/// Sessions of these ids, one a minute from the day's begin.
pub(crate) fn sessions(day: Day, ids: &[&str]) -> RecordBatch {
    let times: Vec<Ts> = (0..).zip(ids).map(|(minute, _)| at(day, minute)).collect();
    let ids: ArrayRef = Arc::new(StringArray::from(ids.to_vec()));
    batch("sessions", &times, &HashMap::from([("session_id", ids)]))
}

pub(crate) fn batch(table: &str, times: &[Ts], columns: &HashMap<&str, ArrayRef>) -> RecordBatch {
    let table = table_of(table);
    let days: ArrayRef =
        Arc::new(Date32Array::from_iter_values(times.iter().map(|ts| day_of(*ts).0)));
    let micros = TimestampMicrosecondArray::from_iter_values(times.iter().map(|ts| ts.0));
    let micros: ArrayRef = Arc::new(micros.with_timezone("UTC"));
    let arrays = table.columns.iter().map(|column| match column.name {
        "day" => Arc::clone(&days),
        name if name == table.time_column() => Arc::clone(&micros),
        name => columns
            .get(name)
            .cloned()
            .unwrap_or_else(|| new_null_array(&column.ty.data_type(), times.len())),
    });
    RecordBatch::try_new(table.schema(), arrays.collect()).unwrap()
}

/// The values of a text column in an epoch, sorted.
pub(crate) async fn texts(store: &Store, epoch: &Epoch, table: &str, column: &str) -> Vec<String> {
    let mut texts = texts_in_order(store, epoch, table, column).await;
    texts.sort();
    texts
}

/// The values of a text column in an epoch, file by file.
pub(crate) async fn texts_in_order(
    store: &Store,
    epoch: &Epoch,
    table: &str,
    column: &str,
) -> Vec<String> {
    let mut texts = Vec::new();
    for file in &store.snapshot(epoch, table).await.unwrap().files {
        for batch in store.read(file, Some(&[column])).await.unwrap() {
            let values = batch.column(0).as_string::<i32>();
            texts.extend((0..values.len()).map(|row_idx| values.value(row_idx).to_owned()));
        }
    }
    texts
}

/// Appends log lines in a write of its own.
pub(crate) async fn append_logs(store: &Store, rows: &[(Ts, &str, &str)]) -> Result<u64, Error> {
    let rows = logs(rows);
    let committed =
        store.write(at(DAY, 0), async |tx| tx.append_rows(table_of("logs"), &rows).await).await?;
    Ok(committed.epoch.number)
}
