//! Changes a derived table's day row by row: what goes is looked for in the files that may have it, and only those
//! are written anew.

use std::collections::HashMap;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};
use brunt_model::{Day, Table, TableKind};

use crate::data_file::DataFile;
use crate::error::Error;
use crate::lookup::Wanted;
use crate::runs::Run;
use crate::transaction::{Transaction, table_of_kind};

/// A file that loses rows and has no more than these is put together with the rows that come: those of sessions under
/// way move from small file to small file, and do not leave a trail of them.
const ABSORBED_ROWS_MAX: u64 = 1_024;

/// How many of each row, by its content.
type Counts = HashMap<Box<[u8]>, usize>;

/// Rows as comparable bytes.
struct Contents {
    converter: RowConverter,
}

impl Transaction {
    /// Takes out the rows of a derived table's day that are in `before` and not in `after`, and puts in those that are in
    /// `after` and not in `before`; equal rows count. False, and nothing is changed, where the day has not all of the rows
    /// that should go.
    pub async fn change_day(
        &mut self,
        table: &str,
        day: Day,
        before: &[RecordBatch],
        after: &[RecordBatch],
    ) -> Result<bool, Error> {
        let table = table_of_kind(table, TableKind::Derived)?;
        let failed = |err: ArrowError| Error::mismatch(table.name, err);
        let contents = Contents::new(table).map_err(failed)?;
        let mut gone = Counts::new();
        contents
            .each(before, |content, _, _| *gone.entry(content.into()).or_default() += 1)
            .map_err(failed)?;
        let mut new = contents.without(after, &mut gone).map_err(failed)?;
        gone.retain(|_, n| *n > 0);
        let mut wanted = Wanted::default();
        contents
            .each(before, |content, batch, row_idx| {
                let times = before[batch].column_by_name(table.time_column());
                let times = times.and_then(|it| it.as_primitive_opt::<TimestampMicrosecondType>());
                if let Some(times) = times.filter(|_| gone.contains_key(content)) {
                    wanted.time(times.value(row_idx));
                }
            })
            .map_err(failed)?;

        let mut touched: Vec<(DataFile, Counts)> = Vec::new();
        for file in self.files_of_day(table, day).await? {
            if gone.is_empty() {
                break;
            }
            let found = self.read_wanted(&file, None, &wanted).await?;
            let mut taken = Counts::new();
            contents
                .each(&found, |content, _, _| {
                    if let Some(n) = gone.get_mut(content).filter(|n| **n > 0) {
                        *n -= 1;
                        *taken.entry(content.into()).or_default() += 1;
                    }
                })
                .map_err(failed)?;
            gone.retain(|_, n| *n > 0);
            if !taken.is_empty() {
                touched.push((file, taken));
            }
        }
        if !gone.is_empty() {
            return Ok(false);
        }
        for (file, mut taken) in touched {
            let rows = self.read(&file, None).await?;
            let kept = contents.without(&rows, &mut taken).map_err(failed)?;
            self.remove_file(table, &file, true);
            if file.n_rows <= ABSORBED_ROWS_MAX {
                new.extend(kept);
            } else {
                self.put_run(Run { table, day, rows: kept }).await?;
            }
        }
        new.retain(|batch| batch.num_rows() > 0);
        if !new.is_empty() {
            self.put_run(Run { table, day, rows: new }).await?;
        }
        Ok(true)
    }
}

impl Contents {
    fn new(table: &Table) -> Result<Self, ArrowError> {
        let schema = table.schema();
        let fields = schema.fields().iter().map(|field| SortField::new(field.data_type().clone()));
        Ok(Self { converter: RowConverter::new(fields.collect())? })
    }

    fn rows(&self, batch: &RecordBatch) -> Result<Rows, ArrowError> {
        let columns: Vec<ArrayRef> = batch.columns().to_vec();
        self.converter.convert_columns(&columns)
    }

    /// Visits each row: its content, its batch, its place there.
    fn each(
        &self,
        batches: &[RecordBatch],
        mut visit: impl FnMut(&[u8], usize, usize),
    ) -> Result<(), ArrowError> {
        for (batch_idx, batch) in batches.iter().enumerate() {
            for (row_idx, row) in self.rows(batch)?.iter().enumerate() {
                visit(row.as_ref(), batch_idx, row_idx);
            }
        }
        Ok(())
    }

    /// The rows that are left after as many of each as are counted; what was counted and is not there stays counted.
    fn without(
        &self,
        batches: &[RecordBatch],
        counts: &mut Counts,
    ) -> Result<Vec<RecordBatch>, ArrowError> {
        let mut left = Vec::with_capacity(batches.len());
        for batch in batches {
            let rows = self.rows(batch)?;
            let keep: BooleanArray = rows
                .iter()
                .map(|row| match counts.get_mut(row.as_ref()).filter(|n| **n > 0) {
                    Some(n) => {
                        *n -= 1;
                        Some(false)
                    }
                    None => Some(true),
                })
                .collect();
            left.push(filter_record_batch(batch, &keep)?);
        }
        Ok(left)
    }
}
