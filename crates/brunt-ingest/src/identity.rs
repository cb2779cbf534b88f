//! Which row is the same as which, computed from the rows themselves and never stored.

use std::iter::zip;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use brunt_model::Table;
use twox_hash::{XxHash3_64, XxHash3_128};

/// Rows that are added up at a time, column by column, in memory that the processor has at hand.
const BLOCK_ROWS: usize = 1_024;

/// What tells a row from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Equal for rows that are the same thing.
    pub key: u128,
    /// Equal for rows of equal content; of two contents the greater is kept where as many columns are filled.
    pub content: u128,
    /// Columns that are not NULL.
    pub n_filled: u32,
    /// Whether the row has nothing to tell it by but its content. Equal ones inside one load are then different rows,
    /// and [`Identity::nth`] tells them apart.
    pub by_content: bool,
}

impl Identity {
    /// The key of the `n`th (from 0) row of one load with this identity, in the order of the load.
    #[must_use]
    pub fn nth(self, n: u64) -> u128 {
        if !self.by_content || n == 0 {
            return self.key;
        }
        self.key ^ XxHash3_128::oneshot_with_seed(0x006e_7468, &n.to_le_bytes())
    }
}

/// The identity of each row of a batch that has all columns of its base table, in any form in which they were read.
///
/// Spans are told by trace, span and kind; ticket updates by source, ticket, kind, time and the text; events by
/// `event_id`; everything else, and what lacks these, by all columns but `load_id` (TABLES 1).
pub fn identity(batch: &RecordBatch, table: &Table) -> Vec<Identity> {
    let keys = Keys::of(batch, table);
    let columns = columns_of(batch);
    let mut identities = Vec::with_capacity(batch.num_rows());
    let (mut block, mut bytes) = (Vec::with_capacity(BLOCK_ROWS), Vec::new());
    for start in (0..batch.num_rows()).step_by(BLOCK_ROWS) {
        let n_rows = BLOCK_ROWS.min(batch.num_rows() - start);
        block.clear();
        block.resize(n_rows, (0_u128, 0_u32));
        for column in &columns {
            column.add_to(&mut block, start);
        }
        identities.extend(zip(start.., &block).map(|(row_idx, (sum, n_filled))| {
            let content = XxHash3_128::oneshot(&sum.to_le_bytes());
            let key = keys.key(row_idx, &mut bytes);
            let by_content = key.is_none();
            Identity { key: key.unwrap_or(content), content, n_filled: *n_filled, by_content }
        }));
    }
    identities
}

/// The columns that a table's rows are told by.
struct Keys<'b> {
    seed: u64,
    texts: Vec<KeyText<'b>>,
    /// When a ticket's update was made: the first of them that is there.
    times: Vec<&'b TimestampMicrosecondArray>,
}

struct KeyText<'b> {
    column: Option<&'b StringArray>,
    /// Without it there is no key.
    is_needed: bool,
}

impl<'b> Keys<'b> {
    fn of(batch: &'b RecordBatch, table: &Table) -> Self {
        let (texts, times): (&[(&str, bool)], &[&str]) = match table.name {
            "spans" => (&[("trace_id", true), ("span_id", true), ("span_kind", false)], &[]),
            "ticket_updates" => (
                &[
                    ("source", false),
                    ("ticket_id", true),
                    ("kind", false),
                    ("message", false),
                    ("status", false),
                ],
                &["updated_at", "ts"],
            ),
            "events" => (&[("event_id", true)], &[]),
            _ => (&[], &[]),
        };
        let text = |(name, is_needed): &(&str, bool)| KeyText {
            column: batch.column_by_name(name).map(AsArray::as_string),
            is_needed: *is_needed,
        };
        let time = |name: &&str| batch.column_by_name(name).map(AsArray::as_primitive);
        Self {
            seed: XxHash3_64::oneshot(table.name.as_bytes()),
            texts: texts.iter().map(text).collect(),
            times: times.iter().filter_map(time).collect(),
        }
    }

    /// `bytes` is memory to be used again.
    fn key(&self, row_idx: usize, bytes: &mut Vec<u8>) -> Option<u128> {
        if self.texts.is_empty() {
            return None;
        }
        bytes.clear();
        for KeyText { column, is_needed } in &self.texts {
            match column.filter(|column| column.is_valid(row_idx)) {
                Some(column) => {
                    let text = column.value(row_idx);
                    bytes.push(1);
                    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
                None if *is_needed => return None,
                None => bytes.push(0),
            }
        }
        if !self.times.is_empty() {
            let known = self.times.iter().find(|column| column.is_valid(row_idx));
            let micros = known.map(|column| column.value(row_idx)).unwrap_or_default();
            bytes.extend_from_slice(&micros.to_le_bytes());
        }
        Some(XxHash3_128::oneshot_with_seed(self.seed, bytes))
    }
}

/// A column that counts for what rows contain.
struct Column<'b> {
    seed: u64,
    values: Values<'b>,
}

enum Values<'b> {
    Text(&'b StringArray),
    /// Other types are compared in arrow's row format, which has one encoding for equal values.
    Other(&'b ArrayRef, RowConverter),
}

fn columns_of(batch: &RecordBatch) -> Vec<Column<'_>> {
    let fields = batch.schema_ref().fields().iter();
    let filled = fields
        .zip(batch.columns())
        .filter(|(field, column)| field.name() != "load_id" && column.null_count() < column.len());
    let columns = filled.filter_map(|(field, column)| {
        let values = match field.data_type() {
            DataType::Utf8 => Values::Text(column.as_string()),
            other => {
                let converter = RowConverter::new(vec![SortField::new(other.clone())]);
                Values::Other(column, converter.ok()?)
            }
        };
        Some(Column { seed: XxHash3_64::oneshot(field.name().as_bytes()), values })
    });
    columns.collect()
}

impl Column<'_> {
    /// Adds to the sums and counts of rows from `start` on. Each column adds its own part, and NULL adds nothing, so a
    /// column that a later version appends changes no old row.
    fn add_to(&self, block: &mut [(u128, u32)], start: usize) {
        let add = |(sum, n_filled): &mut (u128, u32), bytes: &[u8]| {
            *sum = sum.wrapping_add(XxHash3_128::oneshot_with_seed(self.seed, bytes));
            *n_filled += 1;
        };
        match &self.values {
            Values::Text(column) => {
                for (row_idx, row) in zip(start.., block) {
                    if column.is_valid(row_idx) {
                        add(row, column.value(row_idx).as_bytes());
                    }
                }
            }
            Values::Other(column, converter) => {
                let column = column.slice(start, block.len());
                let Ok(encoded) = converter.convert_columns(&[Arc::clone(&column)]) else { return };
                for ((row_idx, row), encoded) in block.iter_mut().enumerate().zip(&encoded) {
                    if column.is_valid(row_idx) {
                        add(row, encoded.as_ref());
                    }
                }
            }
        }
    }
}
