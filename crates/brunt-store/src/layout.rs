//! How rows lie in files: a folder a day, rows clustered by hour and correlation key, and what Parquet does with each column.
//!
//! Within a file rows are sorted by (hour of the time column, sort key, time). Everything that decides bytes on disk
//! is here, so that the benchmark can try others.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::compute::{SortOptions, filter_record_batch, interleave};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::row::{Row, RowConverter, Rows, SortField};
use brunt_model::{ColumnType, Day, Table, Ts, day_of};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

/// Rows of a row group: what one bloom filter and one round of decoding cover.
pub const ROW_GROUP_ROWS_MAX: usize = 128 * 1024;

/// A file that grows past so many bytes is closed, and the next one goes on where it ended.
pub(crate) const FILE_BYTES_MAX: usize = 128 << 20;

/// Rows that are moved at a time.
pub(crate) const BATCH_ROWS_MAX: usize = 8 * 1024;

/// A text longer than this has no minimum and maximum in a file's statistics.
pub(crate) const STATISTICS_BYTES_MAX: usize = 128;

/// Columns with bloom filters: those that point queries and loads look for and that min and max cannot find.
const BLOOM_FILTERED: [&str; 6] =
    ["trace_id", "session_id", "user_id", "user_pseudo_id", "event_id", "order_id"];

/// Ids that hardly repeat, for which a dictionary costs more than it saves.
const NO_DICTIONARY: [&str; 2] = ["trace_id", "span_id"];

/// Columns whose minimum and maximum the table log keeps for each file, besides the time and the sort key.
const PRUNED_BY: [&str; 4] = ["trace_id", "session_id", "user_id", "account_id"];

/// One level of the order of rows in a file; ascending, NULLs last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortColumn {
    /// The whole hours of a time column, counted from 1970-01-01.
    Hour(&'static str),
    /// The column itself.
    Column(&'static str),
}

/// The order of rows in every file of a table that this crate wrote, and across the files of one run.
pub fn sort_order(table: &Table) -> Vec<SortColumn> {
    let time = table.time_column();
    let mut order = vec![SortColumn::Hour(time)];
    order.extend(table.sort_key.iter().copied().map(SortColumn::Column));
    order.push(SortColumn::Column(time));
    order
}

/// The columns that files hold: all but `day`, which is in the folder's name.
pub(crate) fn file_schema(table: &Table) -> SchemaRef {
    let schema = table.schema();
    let fields: Vec<FieldRef> =
        schema.fields().iter().filter(|field| field.name() != "day").cloned().collect();
    Arc::new(Schema::new(fields))
}

/// The columns whose range over a file is kept in the table log.
pub(crate) fn statistics_columns(table: &Table) -> Vec<&'static str> {
    let wanted = |name: &str| {
        name == table.time_column() || table.sort_key.contains(&name) || PRUNED_BY.contains(&name)
    };
    let plain = |ty: ColumnType| matches!(ty, ColumnType::Text | ColumnType::Timestamp);
    table
        .columns
        .iter()
        .filter(|column| wanted(column.name) && plain(column.ty))
        .map(|column| column.name)
        .collect()
}

/// How Parquet writes a table's files.
pub(crate) fn writer_properties(table: &Table) -> WriterProperties {
    let zstd = ZstdLevel::try_new(3).unwrap_or_default();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(zstd))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        // Pages carry statistics of their own, which is what makes the page index.
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(concat!("brunt ", env!("CARGO_PKG_VERSION")).to_owned());
    for column in table.columns.iter().filter(|column| column.name != "day") {
        let path = ColumnPath::from(column.name);
        if column.ty == ColumnType::Timestamp {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
        }
        if NO_DICTIONARY.contains(&column.name) {
            properties = properties.set_column_dictionary_enabled(path.clone(), false);
        }
        if BLOOM_FILTERED.contains(&column.name) {
            properties = properties
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_fpp(path, 0.01);
        }
    }
    properties.build()
}

/// Splits rows by the UTC day of their time.
///
/// # Errors
/// Fails with [`ArrowError::InvalidArgumentError`] where a row has no time.
pub(crate) fn split_by_day(
    table: &Table,
    batch: &RecordBatch,
) -> Result<BTreeMap<Day, RecordBatch>, ArrowError> {
    let times = time_values(table, batch)?;
    let days: Vec<Day> = times.values().iter().map(|micros| day_of(Ts(*micros))).collect();
    let mut parts = BTreeMap::new();
    let mut distinct = days.clone();
    distinct.sort_unstable();
    distinct.dedup();
    for day in &distinct {
        let part = if distinct.len() == 1 {
            batch.clone()
        } else {
            let of_day: BooleanArray = days.iter().map(|other| Some(other == day)).collect();
            filter_record_batch(batch, &of_day)?
        };
        parts.insert(*day, part);
    }
    Ok(parts)
}

/// The rows of all batches in the table's order, equal rows in the order in which they came, in batches of at most
/// [`BATCH_ROWS_MAX`] rows. One batch is made at a time, so that the rows are not in memory twice.
pub(crate) fn sorted(
    table: &Table,
    batches: &[RecordBatch],
) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>>, ArrowError> {
    let order = order(table, batches)?;
    let columns = columns_of(batches);
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let mut done = 0;
    Ok(std::iter::from_fn(move || {
        let part = order.get(done..order.len().min(done + BATCH_ROWS_MAX))?;
        done += part.len();
        let part: Vec<(usize, usize)> = part.iter().map(|place| place.row).collect();
        let take = |(columns, field): (&Option<Vec<&dyn Array>>, &FieldRef)| match columns {
            Some(columns) => interleave(columns, &part),
            None => Ok(new_null_array(field.data_type(), part.len())),
        };
        let taken = || columns.iter().zip(schema.fields()).map(take).collect::<Result<_, _>>();
        (!part.is_empty()).then(|| RecordBatch::try_new(Arc::clone(&schema), taken()?))
    }))
}

/// The arrays of each column; `None` of one without values. Half of the columns of most inputs have none, and to move
/// nothing takes as long as to move something.
fn columns_of(batches: &[RecordBatch]) -> Vec<Option<Vec<&dyn Array>>> {
    let n_columns = batches.first().map_or(0, RecordBatch::num_columns);
    let column = |column_idx: usize| {
        let arrays = batches.iter().map(|batch| batch.column(column_idx).as_ref());
        let arrays: Vec<&dyn Array> = arrays.collect();
        let is_empty = arrays.iter().all(|array| array.null_count() == array.len());
        (!is_empty).then_some(arrays)
    };
    (0..n_columns).map(column).collect()
}

/// A row, as batch and row, and how its key begins, which tells most rows apart without a look at their keys.
#[derive(Debug)]
struct Place {
    prefix: u128,
    row: (usize, usize),
}

/// The places of all rows in the table's order.
fn order(table: &Table, batches: &[RecordBatch]) -> Result<Vec<Place>, ArrowError> {
    let keys = SortKeys::new(table)?;
    let rows: Vec<Rows> = batches.iter().map(|batch| keys.rows(batch)).collect::<Result<_, _>>()?;
    let place = |(batch_idx, rows): (usize, &Rows)| {
        let places = rows.iter().enumerate();
        let place = |(row_idx, key): (usize, Row<'_>)| Place {
            prefix: prefix(key.as_ref()),
            row: (batch_idx, row_idx),
        };
        places.map(place).collect::<Vec<_>>()
    };
    let mut order: Vec<Place> = rows.iter().enumerate().flat_map(place).collect();
    let key = |place: &Place| rows[place.row.0].row(place.row.1);
    order.sort_unstable_by(|a, b| {
        let begins = a.prefix.cmp(&b.prefix);
        begins.then_with(|| key(a).cmp(&key(b))).then_with(|| a.row.cmp(&b.row))
    });
    Ok(order)
}

/// The first 16 bytes, zeros where there are fewer, as a number of the same order.
fn prefix(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let n = key.len().min(bytes.len());
    bytes[..n].copy_from_slice(&key[..n]);
    u128::from_be_bytes(bytes)
}

/// Makes comparable keys of rows, in the table's order.
#[derive(Debug)]
pub(crate) struct SortKeys {
    converter: RowConverter,
    columns: Vec<SortColumn>,
}

impl SortKeys {
    pub(crate) fn new(table: &Table) -> Result<Self, ArrowError> {
        let columns = sort_order(table);
        let schema = table.schema();
        let fields = columns
            .iter()
            .map(|column| {
                let data_type = match column {
                    SortColumn::Hour(_) => DataType::Int64,
                    SortColumn::Column(name) => schema.field_with_name(name)?.data_type().clone(),
                };
                let options = SortOptions { descending: false, nulls_first: false };
                Ok(SortField::new_with_options(data_type, options))
            })
            .collect::<Result<_, ArrowError>>()?;
        Ok(Self { converter: RowConverter::new(fields)?, columns })
    }

    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<Rows, ArrowError> {
        let columns = self
            .columns
            .iter()
            .map(|column| match column {
                SortColumn::Hour(name) => hours(column_named(batch, name)?),
                SortColumn::Column(name) => column_named(batch, name).cloned(),
            })
            .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        self.converter.convert_columns(&columns)
    }
}

fn hours(times: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let hours: Int64Array =
        timestamps(times)?.iter().map(|micros| micros.map(|it| Ts(it).hour())).collect();
    Ok(Arc::new(hours))
}

fn time_values<'a>(
    table: &Table,
    batch: &'a RecordBatch,
) -> Result<&'a TimestampMicrosecondArray, ArrowError> {
    let times = timestamps(column_named(batch, table.time_column())?)?;
    if times.null_count() > 0 {
        return Err(ArrowError::InvalidArgumentError(format!(
            "column \"{}\" has NULLs",
            table.time_column()
        )));
    }
    Ok(times)
}

fn column_named<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, ArrowError> {
    batch
        .column_by_name(name)
        .ok_or_else(|| ArrowError::SchemaError(format!("there is no column \"{name}\"")))
}

fn timestamps(column: &ArrayRef) -> Result<&TimestampMicrosecondArray, ArrowError> {
    column.as_any().downcast_ref().ok_or_else(|| {
        ArrowError::SchemaError(format!("a time is {} and not microseconds", column.data_type()))
    })
}
