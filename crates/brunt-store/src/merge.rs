//! Merges the runs of a day into one run, row by row, without holding more of them than a batch each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::row::{OwnedRow, Rows};
use brunt_model::{Day, Table, Ts};
use parquet::errors::{ParquetError, Result as ParquetResult};

use crate::data_file::{DataFile, EncodedFile, FileRows, RunEncoder};
use crate::error::Error;
use crate::layout::{BATCH_ROWS_MAX, SortKeys};
use crate::location::Location;
use crate::requests::table_folder;
use crate::runs::{NewFile, RunWriter};

/// The files of one day of a table, for one run to be made of.
#[derive(Debug)]
pub(crate) struct DayFiles<'a> {
    pub(crate) table: &'static Table,
    pub(crate) day: Day,
    pub(crate) files: &'a [DataFile],
    /// A file of the new run is closed at this size.
    pub(crate) file_bytes_max: usize,
    /// Whether rows that no commit has yet are among them.
    pub(crate) data_change: bool,
}

/// Writes one run with all rows of the day's files.
pub(crate) async fn merge_day(
    location: &Location,
    input: &DayFiles<'_>,
    now: Ts,
) -> Result<Vec<NewFile>, Error> {
    let failed = |err: ParquetError| Error::storage("merge", table_folder(input.table), err);
    let mut rows = MergedRows::open(location, input).await.map_err(failed)?;
    let mut encoder = RunEncoder::new(input.table, input.file_bytes_max);
    let mut writer = RunWriter::new(input.table, input.day, now, input.data_change);
    let mut files = Vec::new();
    while let Some(batch) = rows.next().await.map_err(failed)? {
        let full: Option<EncodedFile>;
        (encoder, full) = encode(encoder, batch).await.map_err(failed)?;
        if let Some(full) = full {
            files.push(writer.put(location, full).await?);
        }
    }
    if let Some(last) = encoder.finish().map_err(failed)? {
        files.push(writer.put(location, last).await?);
    }
    Ok(files)
}

/// Compressing takes a while, so it is done where it holds up nobody.
async fn encode(
    mut encoder: RunEncoder,
    batch: RecordBatch,
) -> ParquetResult<(RunEncoder, Option<EncodedFile>)> {
    let work = move || encoder.write(&batch).map(|full| (encoder, full));
    tokio::task::spawn_blocking(work).await.map_err(|err| ParquetError::External(err.into()))?
}

/// The rows of several runs in the order of their table.
struct MergedRows {
    keys: SortKeys,
    runs: Vec<RunRows>,
    /// The next row of each run that has one; runs that are equal come in the order of `runs`.
    heads: BinaryHeap<Reverse<(OwnedRow, usize)>>,
}

/// The rows of one run: its files one after the other.
struct RunRows {
    location: Location,
    table: &'static Table,
    files: VecDeque<DataFile>,
    open: Option<FileRows>,
    batch: RecordBatch,
    keys: Option<Rows>,
    row_idx: usize,
}

impl MergedRows {
    async fn open(location: &Location, input: &DayFiles<'_>) -> ParquetResult<Self> {
        let mut by_run: BTreeMap<&str, VecDeque<DataFile>> = BTreeMap::new();
        for file in input.files {
            by_run.entry(file.run()).or_default().push_back(file.clone());
        }
        let keys = SortKeys::new(input.table)?;
        let mut merged = Self { keys, runs: Vec::new(), heads: BinaryHeap::new() };
        for files in by_run.into_values() {
            merged.runs.push(RunRows {
                location: location.clone(),
                table: input.table,
                files,
                open: None,
                batch: RecordBatch::new_empty(input.table.schema()),
                keys: None,
                row_idx: 0,
            });
            merged.advance(merged.runs.len() - 1).await?;
        }
        Ok(merged)
    }

    /// The next rows; `None` after the last.
    async fn next(&mut self) -> ParquetResult<Option<RecordBatch>> {
        let mut picked = Vec::new();
        while picked.len() < BATCH_ROWS_MAX {
            let Some(Reverse((_, run_idx))) = self.heads.pop() else { break };
            let run = &mut self.runs[run_idx];
            picked.push((run_idx, run.row_idx));
            run.row_idx += 1;
            if run.row_idx == run.batch.num_rows() {
                // The picked rows must be taken out before their batch makes room for the next.
                let rows = self.take(&picked)?;
                self.advance(run_idx).await?;
                return Ok(Some(rows));
            }
            self.push_head(run_idx);
        }
        if picked.is_empty() { Ok(None) } else { self.take(&picked).map(Some) }
    }

    fn take(&self, picked: &[(usize, usize)]) -> ParquetResult<RecordBatch> {
        let batches: Vec<&RecordBatch> = self.runs.iter().map(|run| &run.batch).collect();
        Ok(interleave_record_batch(&batches, picked)?)
    }

    /// Goes on to the next rows of a run, if it has any.
    async fn advance(&mut self, run_idx: usize) -> ParquetResult<()> {
        if let Some(batch) = self.runs[run_idx].next_batch().await? {
            let run = &mut self.runs[run_idx];
            run.keys = Some(self.keys.rows(&batch)?);
            run.batch = batch;
            run.row_idx = 0;
            self.push_head(run_idx);
        }
        Ok(())
    }

    fn push_head(&mut self, run_idx: usize) {
        let run = &self.runs[run_idx];
        if let Some(keys) = &run.keys {
            self.heads.push(Reverse((keys.row(run.row_idx).owned(), run_idx)));
        }
    }
}

impl RunRows {
    async fn next_batch(&mut self) -> ParquetResult<Option<RecordBatch>> {
        loop {
            if let Some(open) = &mut self.open
                && let Some(batch) = open.next().await?
            {
                return Ok(Some(batch));
            }
            let Some(file) = self.files.pop_front() else { return Ok(None) };
            self.open = Some(FileRows::open(&self.location, self.table, &file, None).await?);
        }
    }
}
