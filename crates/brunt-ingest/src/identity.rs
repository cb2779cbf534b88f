//! Which row is the same as which, computed from the rows themselves and never stored.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use arrow::row::{RowConverter, SortField};
use brunt_model::Table;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128, xxh3_128_with_seed};

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
        self.key ^ xxh3_128_with_seed(&n.to_le_bytes(), 0x006e_7468)
    }
}

/// The identity of each row of a batch that has all columns of its base table, in any form in which they were read.
///
/// Spans are told by trace, span and kind; ticket updates by source, ticket, kind, time and the text; events by
/// `event_id`; everything else, and what lacks these, by all columns but `load_id` (TABLES 1).
pub fn identity(batch: &RecordBatch, table: &Table) -> Vec<Identity> {
    let contents = contents(batch);
    let key_columns: &[&str] = match table.name {
        "spans" => &["trace_id", "span_id", "span_kind"],
        "ticket_updates" => &["source", "ticket_id", "kind", "message", "status"],
        "events" => &["event_id"],
        _ => &[],
    };
    let needed: &[&str] = match table.name {
        "spans" => &["trace_id", "span_id"],
        "ticket_updates" => &["ticket_id"],
        "events" => &["event_id"],
        _ => &[],
    };
    let is_valid = |name: &str, row_idx: usize| {
        batch.column_by_name(name).is_some_and(|column| column.is_valid(row_idx))
    };
    contents
        .into_iter()
        .enumerate()
        .map(|(row_idx, (content, n_filled))| {
            let keyed = !needed.is_empty() && needed.iter().all(|name| is_valid(name, row_idx));
            let key = if keyed { row_key(batch, table, key_columns, row_idx) } else { content };
            Identity { key, content, n_filled, by_content: !keyed }
        })
        .collect()
}

fn row_key(batch: &RecordBatch, table: &Table, names: &[&str], row_idx: usize) -> u128 {
    let mut bytes = Vec::with_capacity(96);
    for name in names {
        let text = batch.column_by_name(name).map(AsArray::as_string::<i32>);
        if let Some(text) =
            text.filter(|column| column.is_valid(row_idx)).map(|column| column.value(row_idx))
        {
            bytes.push(1);
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        } else {
            bytes.push(0);
        }
    }
    if table.name == "ticket_updates" {
        let time = |name: &str| {
            let column = batch.column_by_name(name)?.as_primitive::<TimestampMicrosecondType>();
            column.is_valid(row_idx).then(|| column.value(row_idx))
        };
        let micros = time("updated_at").or_else(|| time("ts")).unwrap_or_default();
        bytes.extend_from_slice(&micros.to_le_bytes());
    }
    xxh3_128_with_seed(&bytes, xxh3_64(table.name.as_bytes()))
}

/// Content hash and number of filled columns of each row. Each column adds its own part, and NULL adds nothing, so a
/// column that a later version appends changes no old row.
fn contents(batch: &RecordBatch) -> Vec<(u128, u32)> {
    let mut rows = vec![(0_u128, 0_u32); batch.num_rows()];
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if field.name() == "load_id" || column.null_count() == column.len() {
            continue;
        }
        let seed = xxh3_64(field.name().as_bytes());
        let mut add = |row_idx: usize, bytes: &[u8]| {
            if let Some((content, n_filled)) = rows.get_mut(row_idx) {
                *content = content.wrapping_add(xxh3_128_with_seed(bytes, seed));
                *n_filled += 1;
            }
        };
        if field.data_type() == &DataType::Utf8 {
            for (row_idx, text) in column.as_string::<i32>().iter().enumerate() {
                if let Some(text) = text {
                    add(row_idx, text.as_bytes());
                }
            }
            continue;
        }
        // Other types go through arrow's row format, which has one encoding for equal values.
        let converted = RowConverter::new(vec![SortField::new(field.data_type().clone())])
            .and_then(|converter| converter.convert_columns(&[std::sync::Arc::clone(column)]));
        let Ok(converted) = converted else { continue };
        for (row_idx, row) in converted.iter().enumerate() {
            if column.is_valid(row_idx) {
                add(row_idx, row.as_ref());
            }
        }
    }
    rows.into_iter().map(|(sum, n_filled)| (xxh3_128(&sum.to_le_bytes()), n_filled)).collect()
}
