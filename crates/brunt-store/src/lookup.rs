//! Rows that have one of some wanted values, found without decoding the rest of their file.
//!
//! ```text
//! range in the row group ─► bloom filter ─► ranges of its pages ─► the column itself ─► the asked columns of what is left
//! ```
//! Each step leaves out what cannot have a wanted value, so that a few ids cost little in a large file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use arrow::error::ArrowError;
use brunt_model::{Table, TraceId};
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter, RowSelection};
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use crate::data_file::{DataFile, ObjectReader};

/// Values of which a row has at least one, in the column that is named with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    texts: BTreeMap<&'static str, BTreeSet<Vec<u8>>>,
    /// Lower halves of traces' ids of 128 bits, by column.
    halves: BTreeMap<&'static str, BTreeSet<String>>,
    /// Of the table's time column.
    times: BTreeSet<i64>,
}

/// The wanted values that a row group may have, by column; `None` is the time column.
type Survivors<'w> = BTreeMap<Option<&'static str>, Kept<'w>>;

/// Wanted values of one column.
#[derive(Debug)]
enum Kept<'w> {
    Texts(BTreeSet<&'w [u8]>),
    /// Any, of which ranges and bloom filters cannot tell.
    Any,
    Times(&'w BTreeSet<i64>),
}

impl Wanted {
    /// Wants rows whose text column has this value.
    pub fn text(&mut self, column: &'static str, value: &str) {
        let values = self.texts.entry(column).or_default();
        if !values.contains(value.as_bytes()) {
            values.insert(value.as_bytes().to_vec());
        }
    }

    /// Wants rows whose text column has a trace id of 128 bits of which these 16 hexadecimal digits are the lower half.
    /// Every page with such ids is read for it.
    pub fn lower_half(&mut self, column: &'static str, digits: &str) {
        self.halves.entry(column).or_default().insert(digits.to_owned());
    }

    /// Wants rows whose time is this.
    pub fn time(&mut self, micros: i64) {
        self.times.insert(micros);
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty() && !self.has_texts()
    }

    fn has_texts(&self) -> bool {
        let texts = self.texts.values().any(|values| !values.is_empty());
        texts || self.halves.values().any(|values| !values.is_empty())
    }

    /// Whether a file's range of times alone rules it out.
    pub(crate) fn misses(&self, file: &DataFile) -> bool {
        let by_time = self.times.range(file.ts_min.0..=file.ts_max.0).next().is_some();
        !by_time && !self.has_texts()
    }

    /// Which rows have one of the values; columns that the batch has not count as empty.
    fn holds(&self, batch: &RecordBatch, time: &str) -> BooleanArray {
        let mut holds = vec![false; batch.num_rows()];
        if let Some(times) = batch
            .column_by_name(time)
            .and_then(|it| it.as_primitive_opt::<TimestampMicrosecondType>())
            && !self.times.is_empty()
        {
            for (held, micros) in holds.iter_mut().zip(times.values()) {
                *held = self.times.contains(micros);
            }
        }
        for (column, values) in &self.texts {
            let Some(texts) = batch.column_by_name(column).and_then(text_column) else { continue };
            for (held, text) in holds.iter_mut().zip(texts.iter()) {
                *held |= text.is_some_and(|text| values.contains(text.as_bytes()));
            }
        }
        for (column, halves) in &self.halves {
            let Some(texts) = batch.column_by_name(column).and_then(text_column) else { continue };
            for (held, text) in holds.iter_mut().zip(texts.iter()) {
                *held |= text.and_then(whole_id).is_some_and(|lower| halves.contains(lower));
            }
        }
        holds.into()
    }
}

/// The lower half of an id of which both are known.
fn whole_id(text: &str) -> Option<&str> {
    let (upper, lower) = TraceId::halves(text)?;
    (upper != TraceId::UNKNOWN_HALF).then_some(lower)
}

/// Whether texts up to this one can be ids of which both halves are known.
fn has_whole_ids(max: &[u8]) -> bool {
    !max.starts_with(TraceId::UNKNOWN_HALF.as_bytes())
}

fn text_column(array: &ArrayRef) -> Option<&arrow::array::StringArray> {
    (array.data_type() == &DataType::Utf8).then(|| array.as_string::<i32>())
}

/// Narrows a reader down to the rows that have a wanted value; `None` where no row can.
pub(crate) async fn narrow(
    mut builder: ParquetRecordBatchStreamBuilder<ObjectReader>,
    table: &'static Table,
    wanted: &Wanted,
) -> ParquetResult<Option<ParquetRecordBatchStreamBuilder<ObjectReader>>> {
    let mut row_groups = Vec::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut n_rows = 0;
    let mut read: BTreeSet<&'static str> = BTreeSet::new();
    for idx in 0..builder.metadata().num_row_groups() {
        let survivors = survivors(&mut builder, table, idx, wanted).await?;
        if survivors.is_empty() {
            continue;
        }
        let of_pages = page_ranges(builder.metadata(), table, idx, &survivors);
        if of_pages.is_empty() {
            continue;
        }
        read.extend(survivors.keys().map(|column| column.unwrap_or(table.time_column())));
        ranges.extend(of_pages.into_iter().map(|it| it.start + n_rows..it.end + n_rows));
        row_groups.push(idx);
        n_rows += rows_of(builder.metadata(), idx);
    }
    if row_groups.is_empty() {
        return Ok(None);
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), read);
    let (wanted, time) = (wanted.clone(), table.time_column());
    let holds = move |batch: RecordBatch| Ok::<_, ArrowError>(wanted.holds(&batch, time));
    let filter = RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, holds))]);
    let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), n_rows);
    Ok(Some(
        builder.with_row_groups(row_groups).with_row_selection(selection).with_row_filter(filter),
    ))
}

fn rows_of(metadata: &ParquetMetaData, row_group: usize) -> usize {
    usize::try_from(metadata.row_group(row_group).num_rows()).unwrap_or_default()
}

/// The place of a column among the leaves of a file.
fn leaf(metadata: &ParquetMetaData, name: &str) -> Option<usize> {
    metadata
        .file_metadata()
        .schema_descr()
        .columns()
        .iter()
        .position(|it| it.path().string() == name)
}

/// What is left of the wanted values after the row group's ranges and bloom filters.
async fn survivors<'w>(
    builder: &mut ParquetRecordBatchStreamBuilder<ObjectReader>,
    table: &'static Table,
    row_group: usize,
    wanted: &'w Wanted,
) -> ParquetResult<Survivors<'w>> {
    let mut survivors = Survivors::new();
    if !wanted.times.is_empty()
        && let Some(column) = leaf(builder.metadata(), table.time_column())
    {
        let statistics = builder.metadata().row_group(row_group).column(column).statistics();
        let within = match statistics {
            Some(Statistics::Int64(of)) => match (of.min_opt(), of.max_opt()) {
                (Some(min), Some(max)) => wanted.times.range(*min..=*max).next().is_some(),
                _ => true,
            },
            _ => true,
        };
        if within {
            survivors.insert(None, Kept::Times(&wanted.times));
        }
    }
    for (name, values) in &wanted.texts {
        let Some(column) = leaf(builder.metadata(), name) else { continue };
        let statistics = builder.metadata().row_group(row_group).column(column).statistics();
        let bounds = statistics.and_then(|of| Some((of.min_bytes_opt()?, of.max_bytes_opt()?)));
        let all_null = statistics.and_then(Statistics::null_count_opt)
            == u64::try_from(rows_of(builder.metadata(), row_group)).ok();
        let mut kept: BTreeSet<&[u8]> = match bounds {
            _ if all_null => BTreeSet::new(),
            Some((min, max)) => values
                .range(min.to_vec()..=max.to_vec().max(min.to_vec()))
                .map(Vec::as_slice)
                .collect(),
            None => values.iter().map(Vec::as_slice).collect(),
        };
        if !kept.is_empty()
            && let Some(bloom) =
                builder.get_row_group_column_bloom_filter(row_group, column).await?
        {
            kept.retain(|value| bloom.check(*value));
        }
        if !kept.is_empty() {
            survivors.insert(Some(name), Kept::Texts(kept));
        }
    }
    for (name, halves) in &wanted.halves {
        let Some(column) = leaf(builder.metadata(), name) else { continue };
        let statistics = builder.metadata().row_group(row_group).column(column).statistics();
        let max = statistics.and_then(Statistics::max_bytes_opt);
        if !halves.is_empty() && max.is_none_or(has_whole_ids) {
            survivors.insert(Some(name), Kept::Any);
        }
    }
    Ok(survivors)
}

/// The rows of those pages of a row group that may have a value that is left, in order.
fn page_ranges(
    metadata: &ParquetMetaData,
    table: &'static Table,
    row_group: usize,
    survivors: &Survivors<'_>,
) -> Vec<Range<usize>> {
    let n_rows = rows_of(metadata, row_group);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (name, kept) in survivors {
        let column = leaf(metadata, name.unwrap_or(table.time_column()));
        let pages = column.and_then(|column| {
            let index = metadata.column_index()?.get(row_group)?.get(column)?;
            let offsets = metadata.offset_index()?.get(row_group)?.get(column)?;
            Some((index, offsets.page_locations()))
        });
        let Some((index, locations)) = pages else { return std::iter::once(0..n_rows).collect() };
        for (page, location) in locations.iter().enumerate() {
            if may_have(index, page, kept) {
                let next = locations.get(page + 1).map(|next| next.first_row_index);
                let place = |row: i64| usize::try_from(row).unwrap_or(n_rows);
                ranges.push(place(location.first_row_index)..next.map_or(n_rows, place));
            }
        }
    }
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn may_have(index: &ColumnIndexMetaData, page: usize, kept: &Kept<'_>) -> bool {
    match (index, kept) {
        (ColumnIndexMetaData::NONE, _) => true,
        (index, _) if index.is_null_page(page) => false,
        (ColumnIndexMetaData::INT64(of), Kept::Times(times)) => {
            match (of.min_value(page), of.max_value(page)) {
                (Some(min), Some(max)) => times.range(*min..=*max).next().is_some(),
                _ => true,
            }
        }
        (ColumnIndexMetaData::BYTE_ARRAY(of), Kept::Any) => {
            of.max_value(page).is_none_or(has_whole_ids)
        }
        (ColumnIndexMetaData::BYTE_ARRAY(of), Kept::Texts(texts)) => {
            match (of.min_value(page), of.max_value(page)) {
                (Some(min), Some(max)) if min <= max => texts.range(min..=max).next().is_some(),
                _ => true,
            }
        }
        _ => true,
    }
}
