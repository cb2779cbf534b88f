//! Parquet, whose rows go the way of JSON records, so that aliases and mappings mean the same for both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::json::LineDelimitedWriter;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::decode::{Plan, plain};
use crate::error::Error;
use crate::fill::Filler;
use crate::format::Spec;
use crate::load::Load;
use crate::read::{Block, Source};

/// Rows that are turned to records at a time.
const BATCH_ROWS: usize = 4_096;

pub(crate) static SPEC: Spec = Spec {
    name: "parquet",
    about: "Parquet; columns go by their names",
    is: |head| head.bytes.starts_with(b"PAR1"),
    is_generic: true,
    decode,
};

/// Reads an input to its end. Parquet needs random access, so it is held whole.
fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut filler = plan.filler(source, load)?;
    let input = source.name().to_owned();
    let malformed =
        |reason: String| Error::Malformed { input: input.clone(), format: "parquet", reason };
    let bytes = Bytes::from(source.read_whole()?);
    let reader = unless_it_panics(|| {
        ParquetRecordBatchReaderBuilder::try_new(bytes)
            .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
            .map_err(|error| error.to_string())
    })
    .map_err(malformed)?;
    batches(reader, &input, "parquet", &mut filler, load)
}

/// Reads the rows of batches, whatever they were stored in.
pub(super) fn batches(
    mut reader: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    input: &str,
    format: &'static str,
    filler: &mut Filler<'_>,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    let malformed = |reason: String| Error::Malformed { input: input.to_owned(), format, reason };
    let mut n_rows = 0;
    loop {
        let lines = unless_it_panics(|| {
            let batch = reader
                .next()
                .transpose()
                .and_then(|batch| batch.as_ref().map(json_lines).transpose());
            batch.map_err(|error| error.to_string())
        });
        let Some(lines) = lines.map_err(malformed)? else { return Ok(()) };
        let block = Block { bytes: &lines, first_line: n_rows + 1 };
        n_rows += memchr::memchr_iter(b'\n', &lines).count() as u64;
        plain::lines(block, filler, load)?;
    }
}

/// Readers of columns check lengths with assertions, so damaged pages make them panic; that is one more kind of error.
pub(super) fn unless_it_panics<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("a page is damaged".to_owned()))
}

/// A JSON object a row. Times lose the name of their zone, which the writer would have to know, and stay the same time.
fn json_lines(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if let DataType::Timestamp(unit, Some(_)) = field.data_type() {
            let utc = DataType::Timestamp(*unit, None);
            columns.push(cast(column, &utc)?);
            fields.push(Arc::new(Field::new(field.name(), utc, true)));
        } else {
            columns.push(Arc::clone(column));
            fields.push(Arc::clone(field));
        }
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(&batch)?;
    writer.finish()?;
    Ok(writer.into_inner())
}
