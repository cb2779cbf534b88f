//! Files as the engine's scan wants them: where they are, how large, their day, and the range of each column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::Schema;
use brunt_store::{DataFile, Snapshot};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::error::Result;
use object_store::ObjectMeta;
use object_store::path::Path;
use url::Url;

use super::DAY;

/// The chosen files of a snapshot in at most `n_groups` groups, with statistics of the columns of `output`.
pub(super) fn file_groups(
    snapshot: &Snapshot,
    file_idxs: &[usize],
    output: &Schema,
    store_url: &Url,
    n_groups: usize,
) -> Result<Vec<FileGroup>> {
    let has_day = output.index_of(DAY).is_ok();
    let ranges = ranges(snapshot, output)?;
    let mut files = Vec::with_capacity(file_idxs.len());
    for file_idx in file_idxs {
        let file = &snapshot.files[*file_idx];
        let mut partitioned = PartitionedFile::new_from_meta(object_meta(file, store_url));
        if has_day {
            partitioned.partition_values = vec![ScalarValue::Date32(Some(file.day.0))];
        }
        let columns = ranges.iter().map(|ranges| match ranges {
            Some(ranges) => ranges.statistics(*file_idx),
            None => Ok(ColumnStatistics::new_unknown()),
        });
        let statistics = Statistics {
            num_rows: Precision::Exact(usize::try_from(file.n_rows).unwrap_or(usize::MAX)),
            total_byte_size: Precision::Absent,
            column_statistics: columns.collect::<Result<_>>()?,
        };
        files.push(partitioned.with_statistics(Arc::new(statistics)));
    }
    Ok(FileGroup::new(files).split_files(n_groups))
}

/// What all files together hold.
pub(super) fn total_statistics(groups: &[FileGroup], schema: &Schema) -> Result<Statistics> {
    let of_files =
        groups.iter().flat_map(FileGroup::iter).filter_map(|file| file.statistics.as_deref());
    Statistics::try_merge_iter(of_files, schema)
}

fn object_meta(file: &DataFile, store_url: &Url) -> ObjectMeta {
    let root = Path::from_url_path(store_url.path()).unwrap_or_default();
    ObjectMeta {
        location: file.path.split('/').fold(root, Path::join),
        // Data files are never written twice, so that nothing depends on their time.
        last_modified: chrono::DateTime::UNIX_EPOCH,
        size: file.size_bytes,
        e_tag: None,
        version: None,
    }
}

/// The ranges of one column in every file. They are exact: the log keeps whole values or none.
struct Ranges<'a> {
    min: ArrayRef,
    max: ArrayRef,
    n_nulls: &'a UInt64Array,
}

/// For each column of the files that is in `output`, in that order.
fn ranges<'a>(snapshot: &'a Snapshot, output: &Schema) -> Result<Vec<Option<Ranges<'a>>>> {
    let columns = output.fields().iter().filter(|field| field.name() != DAY);
    columns
        .map(|field| {
            let Some(known) = snapshot.statistics().column(field.name()) else { return Ok(None) };
            Ok(Some(Ranges {
                min: cast(&known.min, field.data_type())?,
                max: cast(&known.max, field.data_type())?,
                n_nulls: &known.n_nulls,
            }))
        })
        .collect()
}

impl Ranges<'_> {
    fn statistics(&self, file_idx: usize) -> Result<ColumnStatistics> {
        let bound = |values: &ArrayRef| -> Result<Precision<ScalarValue>> {
            if values.is_null(file_idx) {
                return Ok(Precision::Absent);
            }
            Ok(Precision::Exact(ScalarValue::try_from_array(values, file_idx)?))
        };
        let mut column = ColumnStatistics::new_unknown();
        column.min_value = bound(&self.min)?;
        column.max_value = bound(&self.max)?;
        if self.n_nulls.is_valid(file_idx) {
            let n_nulls = usize::try_from(self.n_nulls.value(file_idx)).unwrap_or(usize::MAX);
            column.null_count = Precision::Exact(n_nulls);
        }
        Ok(column)
    }
}
