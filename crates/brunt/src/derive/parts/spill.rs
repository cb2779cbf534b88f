//! The rows of each part in a temporary file, which is deleted with it: Arrow's stream format, a stream for each table and
//! day, one behind the other.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom};

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use brunt_model::{Day, Table};
use futures::TryStreamExt;
use futures::stream::{self, StreamExt};

use super::connected::Parts;
use crate::code::Code;
use crate::definitions::Definitions;
use crate::derive::read::{DERIVED_FROM, as_asked, asked_of, base_table};
use crate::derive::{RowStream, Tables};
use crate::error::Error;

/// Bytes of a file that wait in memory.
const BUFFER_BYTES: usize = 128 << 10;

/// The rows of a part.
#[derive(Debug)]
pub(super) struct PartFile {
    file: File,
    /// Where the stream of a table and day begins and how many bytes it has; none where there are no rows.
    streams: HashMap<(&'static str, Day), (u64, u64)>,
}

/// Writes all that derivation reads of these days into a file for each part.
pub(super) async fn spill(
    tables: &mut impl Tables,
    days: &BTreeSet<Day>,
    definitions: &Definitions,
    parts: &Parts,
) -> Result<Vec<PartFile>, Error> {
    let mut files =
        (0..parts.len()).map(|_| Writer::new()).collect::<io::Result<Vec<_>>>().map_err(failed)?;
    for day in days {
        for name in DERIVED_FROM {
            let table = base_table(name)?;
            let asked = asked_of(table, definitions, &definitions.rules);
            let mut rows = tables.rows(table, *day, &asked).await?;
            let mut streams: Vec<StreamWriter<&mut BufWriter<File>>> = Vec::new();
            let mut starts = Vec::new();
            for file in &mut files {
                starts.push(file.out.stream_position().map_err(failed)?);
            }
            let mut outs: Vec<_> = files.iter_mut().map(|file| &mut file.out).collect();
            while let Some(batch) = rows.try_next().await? {
                let batch = as_asked(table, &asked, &batch)?;
                if streams.is_empty() {
                    let schema = batch.schema();
                    let begun = outs.drain(..).map(|out| StreamWriter::try_new(out, &schema));
                    streams = begun.collect::<Result<_, _>>().map_err(arrow_failed)?;
                }
                let rows_of = parts.split(&batch).ok_or_else(|| {
                    Error::statement(
                        Code::Internal,
                        format!("rows of \"{name}\" changed meanwhile"),
                    )
                })?;
                for (stream, rows) in streams.iter_mut().zip(rows_of) {
                    if !rows.is_empty() {
                        let rows = take_record_batch(&batch, &UInt32Array::from(rows));
                        rows.and_then(|rows| stream.write(&rows)).map_err(arrow_failed)?;
                    }
                }
            }
            let has_rows = !streams.is_empty();
            for stream in &mut streams {
                stream.finish().map_err(arrow_failed)?;
            }
            drop(streams);
            for (file, start) in files.iter_mut().zip(starts).filter(|_| has_rows) {
                let end = file.out.stream_position().map_err(failed)?;
                file.streams.insert((table.name, *day), (start, end - start));
            }
        }
    }
    files.into_iter().map(|file| file.finish().map_err(failed)).collect()
}

struct Writer {
    out: BufWriter<File>,
    streams: HashMap<(&'static str, Day), (u64, u64)>,
}

impl Writer {
    fn new() -> io::Result<Self> {
        let out = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile()?);
        Ok(Self { out, streams: HashMap::new() })
    }

    fn finish(self) -> io::Result<PartFile> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(PartFile { file, streams: self.streams })
    }
}

impl PartFile {
    /// The rows of a table on a day. One stream of a file is read at a time, to its end.
    pub(super) fn rows(&self, table: &'static Table, day: Day) -> Result<RowStream, Error> {
        let Some((start, n_bytes)) = self.streams.get(&(table.name, day)) else {
            return Ok(stream::empty().boxed());
        };
        let mut file = self.file.try_clone().map_err(failed)?;
        file.seek(SeekFrom::Start(*start)).map_err(failed)?;
        let bytes = BufReader::with_capacity(BUFFER_BYTES, file.take(*n_bytes));
        let batches = StreamReader::try_new(bytes, None).map_err(arrow_failed)?;
        Ok(stream::iter(batches.map(|batch| batch.map_err(arrow_failed))).boxed())
    }
}

fn failed(source: io::Error) -> Error {
    Error::temporary("rows to derive from", source)
}

fn arrow_failed(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => failed(source),
        other => Error::statement(Code::Internal, other.to_string()),
    }
}
