//! Runs: sorted rows of one table and day on their way into data files, first buffered, then encoded and put.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, RecordBatch};
use brunt_model::{Day, Table, Ts};
use bytes::Bytes;
use parquet::errors::Result as ParquetResult;
use tokio::task::{JoinError, JoinHandle};
use uuid::Uuid;

use crate::data_file::{DataFile, EncodedFile, RunEncoder};
use crate::delta::FileAction;
use crate::error::Error;
use crate::layout::{FILE_BYTES_MAX, sorted};
use crate::location::Location;
use crate::requests::table_folder;

/// Rows of one table and day that are buffered before they become a file.
const BUFFER_BYTES_MAX: usize = 48 << 20;

/// Rows that are buffered in all; past it the largest buffer becomes a file.
const BUFFERS_BYTES_MAX: usize = 60 << 20;

/// A data file that is in the store and that no commit names yet.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    pub(crate) file: DataFile,
    /// The `add` action.
    pub(crate) add: String,
}

/// Rows that wait for more of their table and day.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    of: BTreeMap<(&'static str, Day), Buffer>,
    n_bytes: usize,
}

#[derive(Debug)]
struct Buffer {
    table: &'static Table,
    rows: Vec<RecordBatch>,
    n_bytes: usize,
}

/// Rows that have waited long enough.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) table: &'static Table,
    pub(crate) day: Day,
    pub(crate) rows: Vec<RecordBatch>,
}

impl Buffers {
    /// Takes rows; returns what should become a file now.
    pub(crate) fn push(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: RecordBatch,
    ) -> Option<Run> {
        let n_bytes = content_bytes(&rows);
        let key = (table.name, day);
        let buffer =
            self.of.entry(key).or_insert_with(|| Buffer { table, rows: Vec::new(), n_bytes: 0 });
        buffer.rows.push(rows);
        buffer.n_bytes += n_bytes;
        self.n_bytes += n_bytes;
        if buffer.n_bytes >= BUFFER_BYTES_MAX {
            return self.take(key);
        }
        if self.n_bytes >= BUFFERS_BYTES_MAX {
            let largest = self.of.iter().max_by_key(|(_, buffer)| buffer.n_bytes);
            return largest.map(|(key, _)| *key).and_then(|key| self.take(key));
        }
        None
    }

    /// The rows of one table and day.
    pub(crate) fn take(&mut self, key: (&'static str, Day)) -> Option<Run> {
        let buffer = self.of.remove(&key)?;
        self.n_bytes -= buffer.n_bytes;
        Some(Run { table: buffer.table, day: key.1, rows: buffer.rows })
    }

    /// The keys that have rows.
    pub(crate) fn keys(&self) -> Vec<(&'static str, Day)> {
        self.of.keys().copied().collect()
    }
}

/// What the rows take, without the room that their arrays have besides: that depends on what was read before them.
fn content_bytes(rows: &RecordBatch) -> usize {
    let of = |array: &ArrayRef| {
        array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
    };
    rows.columns().iter().map(of).sum()
}

/// A run that becomes files, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Encoding {
    pub(crate) table: &'static Table,
    pub(crate) day: Day,
    files: JoinHandle<ParquetResult<Vec<EncodedFile>>>,
}

impl Encoding {
    /// Begins to sort and encode rows, given in any order.
    pub(crate) fn start(run: Run) -> Self {
        let Run { table, day, rows } = run;
        let files = tokio::task::spawn_blocking(move || {
            let mut encoder = RunEncoder::new(table, FILE_BYTES_MAX);
            let mut files = Vec::new();
            for batch in sorted(table, &rows)? {
                files.extend(encoder.write(&batch?)?);
            }
            drop(rows);
            files.extend(encoder.finish()?);
            Ok(files)
        });
        Self { table, day, files }
    }

    /// Waits for the files.
    pub(crate) async fn finish(self) -> Result<Vec<EncodedFile>, Error> {
        let failed = |err: JoinError| Error::storage("encode rows of", self.table.name, err);
        let encoded = self.files.await.map_err(failed)?;
        encoded.map_err(|err| Error::mismatch(self.table.name, err))
    }
}

/// Puts the files of one run, one after the other.
#[derive(Debug)]
pub(crate) struct RunWriter {
    table: &'static Table,
    day: Day,
    now: Ts,
    run: String,
    /// False where the run only lays rows out anew.
    data_change: bool,
    n_files: usize,
}

impl RunWriter {
    pub(crate) fn new(table: &'static Table, day: Day, now: Ts, data_change: bool) -> Self {
        Self { table, day, now, run: Uuid::new_v4().simple().to_string(), data_change, n_files: 0 }
    }

    pub(crate) async fn put(
        &mut self,
        location: &Location,
        encoded: EncodedFile,
    ) -> Result<NewFile, Error> {
        let (file, bytes) = self.name(encoded);
        location.write(&file.file.path, bytes).await?;
        Ok(file)
    }

    /// Gives the next file of the run its name, for whoever puts it.
    pub(crate) fn name(&mut self, encoded: EncodedFile) -> (NewFile, Bytes) {
        let within = format!(
            "day={}/{}-{:05}-{}.parquet",
            self.day, self.run, self.n_files, encoded.content
        );
        self.n_files += 1;
        let path = format!("{}/{within}", table_folder(self.table));
        let file = DataFile {
            path,
            size_bytes: encoded.bytes.len() as u64,
            day: self.day,
            n_rows: encoded.n_rows,
            ts_min: encoded.ts_min,
            ts_max: encoded.ts_max,
        };
        let action = FileAction {
            path: &within,
            day: self.day,
            size_bytes: file.size_bytes,
            now: self.now,
            data_change: self.data_change,
        };
        let add = action.add(&encoded.statistics);
        (NewFile { file, add }, encoded.bytes)
    }
}
