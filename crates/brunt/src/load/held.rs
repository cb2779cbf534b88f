//! Rows of loads that were stored already, as `system.duplicates` keeps them, so that a load can be taken back without
//! loss to the others that had its rows too.

use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Date32Type, Int32Type, TimeUnit, TimestampMicrosecondType};
use arrow::json::{LineDelimitedWriter, ReaderBuilder};
use brunt_ingest::Identity;
use brunt_model::{Day, Table, Ts};
use brunt_store::Transaction;

use super::transaction::add_system_rows;
use crate::error::Error;

/// So many wait in memory before they are written.
const WAITING_MAX: usize = 65_536;

/// A row that a load had, and another's copy of which is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) loaded_at: Ts,
    pub(super) load_id: String,
    pub(super) table: String,
    pub(super) day: Day,
    pub(super) key: u128,
    pub(super) content: u128,
    pub(super) n_filled: u32,
    /// As JSON, where the stored row says something else.
    pub(super) row: Option<String>,
}

/// The rows on their way into `system.duplicates`.
#[derive(Debug, Default)]
pub(super) struct Holding {
    waiting: Vec<Held>,
}

impl Held {
    pub(super) fn new(
        table: &Table,
        day: Day,
        load_id: &str,
        now: Ts,
        identity: &Identity,
    ) -> Self {
        let Identity { key, content, n_filled, .. } = *identity;
        let (table, load_id) = (table.name.to_owned(), load_id.to_owned());
        Self { loaded_at: now, load_id, table, day, key, content, n_filled, row: None }
    }
}

impl Holding {
    pub(super) async fn push(&mut self, tx: &mut Transaction, held: Held) -> Result<(), Error> {
        self.waiting.push(held);
        if self.waiting.len() >= WAITING_MAX { self.write(tx).await } else { Ok(()) }
    }

    pub(super) async fn write(&mut self, tx: &mut Transaction) -> Result<(), Error> {
        write(tx, &std::mem::take(&mut self.waiting)).await
    }
}

/// Appends rows to `system.duplicates`, each under the time of its load.
pub(super) async fn write(tx: &mut Transaction, held: &[Held]) -> Result<(), Error> {
    // Times are few: those of loads.
    for part in held.chunk_by(|one, next| one.loaded_at == next.loaded_at) {
        let Some(first) = part.first() else { continue };
        let text = |of: &dyn Fn(&Held) -> Option<String>| -> ArrayRef {
            Arc::new(part.iter().map(of).collect::<StringArray>())
        };
        let hex = |id: u128| Some(format!("{id:032x}"));
        let filled = part.iter().map(|held| i32::try_from(held.n_filled).ok());
        let columns = vec![
            ("load_id", text(&|held| Some(held.load_id.clone()))),
            ("table_name", text(&|held| Some(held.table.clone()))),
            (
                "row_day",
                Arc::new(part.iter().map(|held| Some(held.day.0)).collect::<Date32Array>()),
            ),
            ("row_key", text(&|held| hex(held.key))),
            ("content", text(&|held| hex(held.content))),
            ("n_filled", Arc::new(filled.collect::<Int32Array>()) as ArrayRef),
            ("row", text(&|held| held.row.clone())),
        ];
        add_system_rows(tx, "duplicates", first.loaded_at, part.len(), columns).await?;
    }
    Ok(())
}

/// All rows of `system.duplicates`, in the order of loads.
pub(super) async fn read(tx: &mut Transaction) -> Result<Vec<Held>, Error> {
    let mut held = Vec::new();
    for file in tx.read_table("duplicates").await? {
        for batch in tx.read(&file, None).await? {
            let text = |name: &str, row_idx: usize| {
                let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
                column.is_valid(row_idx).then(|| column.value(row_idx).to_owned())
            };
            let hex = |name: &str, row_idx: usize| {
                let digits = text(name, row_idx)?;
                u128::from_str_radix(&digits, 16).ok()
            };
            let times = batch.column(0).as_primitive_opt::<TimestampMicrosecondType>();
            let row_days = batch.column_by_name("row_day");
            let row_days = row_days.and_then(|column| column.as_primitive_opt::<Date32Type>());
            let n_filled = batch.column_by_name("n_filled");
            let n_filled = n_filled.and_then(|column| column.as_primitive_opt::<Int32Type>());
            for row_idx in 0..batch.num_rows() {
                held.push(Held {
                    loaded_at: Ts(times.map_or(0, |times| times.value(row_idx))),
                    load_id: text("load_id", row_idx).unwrap_or_default(),
                    table: text("table_name", row_idx).unwrap_or_default(),
                    day: Day(row_days.map_or(0, |days| days.value(row_idx))),
                    key: hex("row_key", row_idx).unwrap_or_default(),
                    content: hex("content", row_idx).unwrap_or_default(),
                    n_filled: n_filled
                        .map_or(0, |column| u32::try_from(column.value(row_idx)).unwrap_or(0)),
                    row: text("row", row_idx),
                });
            }
        }
    }
    held.sort_by(|one, other| {
        (one.loaded_at, &one.load_id).cmp(&(other.loaded_at, &other.load_id))
    });
    Ok(held)
}

/// Rows of a batch as JSON, a line each.
pub(super) fn rows_as_json(batch: &RecordBatch, rows: &[u32]) -> Result<Vec<String>, Error> {
    let json = || {
        let taken = take_record_batch(batch, &UInt32Array::from(rows.to_vec()))?;
        // Times go as UTC without the name of a zone, which only a database of zones could read back.
        let columns = taken.columns().iter().map(|column| match column.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
                arrow::compute::cast(column, &DataType::Timestamp(TimeUnit::Microsecond, None))
            }
            _ => Ok(Arc::clone(column)),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let fields: Vec<_> = taken
            .schema_ref()
            .fields()
            .iter()
            .zip(&columns)
            .map(|(field, column)| {
                arrow::datatypes::Field::new(field.name(), column.data_type().clone(), true)
            })
            .collect();
        let schema = Arc::new(arrow::datatypes::Schema::new(fields));
        let mut writer = LineDelimitedWriter::new(Vec::new());
        writer.write(&RecordBatch::try_new(schema, columns)?)?;
        writer.finish()?;
        Ok::<_, arrow::error::ArrowError>(writer.into_inner())
    };
    let bytes = json().map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

/// Rows of a table from their JSON.
pub(super) fn rows_from_json(table: &Table, lines: &[String]) -> Result<RecordBatch, Error> {
    let read = || {
        let text = lines.join("\n");
        let reader = ReaderBuilder::new(table.schema()).build(text.as_bytes())?;
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        arrow::compute::concat_batches(&table.schema(), &batches)
    };
    read().map_err(unreadable)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn unreadable(error: arrow::error::ArrowError) -> Error {
    let reason = error.to_string();
    brunt_store::Error::TableMismatch { table: "duplicates".to_owned(), reason }.into()
}
