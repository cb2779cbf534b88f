//! The files of a table at one version, with their statistics as columns, made once and then only looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, RecordBatch, StructArray, UInt64Array, new_empty_array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use brunt_model::{Day, Table, Ts};

use crate::data_file::DataFile;
use crate::error::Error;
use crate::layout::statistics_columns;
use crate::requests::table_folder;

/// The files of a table at one version.
#[derive(Debug)]
pub struct Snapshot {
    pub table: &'static Table,
    /// The Delta version; none where the epoch does not have the table yet.
    pub version: Option<u64>,
    /// By day, then path.
    pub files: Vec<DataFile>,
    statistics: Statistics,
}

/// Statistics of files as columns: element `i` of each array is about `files[i]`.
///
/// This is what `PruningStatistics` of a query engine asks for.
#[derive(Debug)]
pub struct Statistics {
    pub n_rows: UInt64Array,
    columns: BTreeMap<&'static str, ColumnStatistics>,
}

/// The range of one column in each file; NULL where it is not known or the file has no value.
#[derive(Debug, Clone)]
pub struct ColumnStatistics {
    pub min: ArrayRef,
    pub max: ArrayRef,
    /// NULL where it is not known.
    pub n_nulls: UInt64Array,
}

impl Snapshot {
    /// The statistics of all files.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The files of one day.
    pub fn files_of(&self, day: Day) -> &[DataFile] {
        let start = self.files.partition_point(|file| file.day < day);
        let end = self.files.partition_point(|file| file.day <= day);
        &self.files[start..end]
    }

    /// The days that have files, each once, in order.
    pub fn days(&self) -> Vec<Day> {
        let mut days: Vec<Day> = self.files.iter().map(|file| file.day).collect();
        days.dedup();
        days
    }

    /// The number of rows in all files.
    pub fn n_rows(&self) -> u64 {
        self.files.iter().map(|file| file.n_rows).sum()
    }

    pub(crate) fn empty(table: &'static Table, version: Option<u64>) -> Self {
        let columns = statistics_columns(table).into_iter().filter_map(|name| {
            let empty = new_empty_array(&table.column(name)?.ty.data_type());
            let n_nulls = UInt64Array::from(Vec::<u64>::new());
            Some((name, ColumnStatistics { min: Arc::clone(&empty), max: empty, n_nulls }))
        });
        let statistics =
            Statistics { n_rows: UInt64Array::from(Vec::<u64>::new()), columns: columns.collect() };
        Self { table, version, files: Vec::new(), statistics }
    }

    /// Reads what the table log lists; see [`crate::table_log::TableLog::files`].
    pub(crate) fn from_listing(
        table: &'static Table,
        version: u64,
        listing: &RecordBatch,
    ) -> Result<Self, Error> {
        let listing = Listing { table, batch: listing };
        let mut files = listing.files()?;
        let mut order: Vec<usize> = (0..files.len()).collect();
        order.sort_by(|a, b| {
            (files[*a].day, &files[*a].path).cmp(&(files[*b].day, &files[*b].path))
        });
        let indices = UInt64Array::from_iter_values(order.iter().map(|idx| *idx as u64));
        files.sort_by(|a, b| (a.day, &a.path).cmp(&(b.day, &b.path)));

        let mut columns = BTreeMap::new();
        for name in statistics_columns(table) {
            let n_nulls = counts(&listing.statistic("nullCount", name, &indices)?)?;
            let min = listing.statistic("minValues", name, &indices)?;
            let max = listing.statistic("maxValues", name, &indices)?;
            columns.insert(name, ColumnStatistics { min, max, n_nulls });
        }
        let days: ArrayRef =
            Arc::new(Date32Array::from_iter_values(files.iter().map(|file| file.day.0)));
        let n_nulls = UInt64Array::from(vec![0; files.len()]);
        columns.insert("day", ColumnStatistics { min: Arc::clone(&days), max: days, n_nulls });
        let n_rows = UInt64Array::from_iter_values(files.iter().map(|file| file.n_rows));
        let statistics = Statistics { n_rows, columns };
        Ok(Self { table, version: Some(version), files, statistics })
    }
}

impl Statistics {
    /// The range of a column, where ranges of it are kept: `day`, times, the sort key and the ids of people.
    pub fn column(&self, name: &str) -> Option<&ColumnStatistics> {
        self.columns.get(name)
    }
}

/// What the kernel says about the files of a version.
struct Listing<'a> {
    table: &'static Table,
    batch: &'a RecordBatch,
}

impl Listing<'_> {
    fn files(&self) -> Result<Vec<DataFile>, Error> {
        let folder = table_folder(self.table);
        let paths = self.column("path")?.as_string_opt::<i32>();
        let sizes = self.column("size")?.as_primitive_opt::<Int64Type>();
        let days = self.child("partitionValues_parsed", "day")?;
        let days = days.as_primitive_opt::<Date32Type>();
        let n_rows = self.child("stats_parsed", "numRecords")?;
        let n_rows = n_rows.as_primitive_opt::<Int64Type>();
        let time = self.table.time_column();
        let (ts_min, ts_max) = (self.bound("minValues", time)?, self.bound("maxValues", time)?);
        let times = |array: &'_ ArrayRef, idx: usize| {
            array.as_primitive_opt::<TimestampMicrosecondType>().map(|times| Ts(times.value(idx)))
        };
        (0..self.batch.num_rows())
            .map(|idx| {
                let size = sizes.map(|sizes| sizes.value(idx));
                let n_rows = n_rows.filter(|counts| counts.is_valid(idx)).map(|it| it.value(idx));
                Some(DataFile {
                    path: format!("{folder}/{}", paths?.value(idx)),
                    size_bytes: u64::try_from(size?).ok()?,
                    day: Day(days?.value(idx)),
                    n_rows: u64::try_from(n_rows?).ok()?,
                    ts_min: times(&ts_min, idx)?,
                    ts_max: times(&ts_max, idx)?,
                })
            })
            .collect::<Option<Vec<DataFile>>>()
            .ok_or_else(|| Error::damaged(folder, "a file of its log has no statistics of ours"))
    }

    /// A statistic of all files, in the order of `indices`.
    fn statistic(&self, kind: &str, name: &str, indices: &UInt64Array) -> Result<ArrayRef, Error> {
        let values = self.bound(kind, name)?;
        take(&values, indices, None).map_err(|err| self.unlike(&err))
    }

    fn bound(&self, kind: &str, name: &str) -> Result<ArrayRef, Error> {
        let of_kind = self.child("stats_parsed", kind)?;
        let found =
            of_kind.as_struct_opt().and_then(|of_kind| of_kind.column_by_name(name).cloned());
        found.ok_or_else(|| self.unlike(&format!("{kind} has no \"{name}\"")))
    }

    fn child(&self, parent: &str, name: &str) -> Result<ArrayRef, Error> {
        let parent_column: Option<&StructArray> = self.column(parent)?.as_struct_opt();
        let found = parent_column.and_then(|parent| parent.column_by_name(name).cloned());
        found.ok_or_else(|| self.unlike(&format!("{parent} has no \"{name}\"")))
    }

    fn column(&self, name: &str) -> Result<&ArrayRef, Error> {
        let found = self.batch.column_by_name(name);
        found.ok_or_else(|| self.unlike(&format!("the listing has no \"{name}\"")))
    }

    fn unlike(&self, reason: &impl ToString) -> Error {
        Error::damaged(table_folder(self.table), reason.to_string())
    }
}

fn counts(values: &ArrayRef) -> Result<UInt64Array, Error> {
    let cast = cast(values, &DataType::UInt64);
    let cast = cast.map_err(|err| Error::damaged("_delta_log", err))?;
    Ok(cast.as_primitive::<UInt64Type>().clone())
}
