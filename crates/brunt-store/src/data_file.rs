//! Data files: rows of one table and day as Parquet, with the statistics that the table log keeps of them.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, RecordBatch, new_null_array};
use arrow::compute::{max, max_string, min, min_string};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use brunt_model::{Day, Table, Ts};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryFutureExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{ArrowWriter, ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use serde_json::{Map, Value, json};
use twox_hash::XxHash3_128;

use crate::delta::timestamp_text;
use crate::file_cache::CachedFile;
use crate::layout::{
    BATCH_ROWS_MAX, STATISTICS_BYTES_MAX, file_schema, statistics_columns, writer_properties,
};
use crate::location::Location;
use crate::lookup::{Wanted, narrow};

/// A file up to this size is read in one request.
const WHOLE_BYTES_MAX: u64 = 256 * 1024;

/// What is read of the end of a larger file at first; most footers are shorter.
const FOOTER_BYTES: usize = 64 * 1024;

/// A file of rows of one table and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Relative to the store's root: `logs/day=2025-10-28/RUN-00000-HASH.parquet`.
    pub path: String,
    pub size_bytes: u64,
    pub day: Day,
    pub n_rows: u64,
    /// The least time of its rows.
    pub ts_min: Ts,
    /// The greatest time of its rows.
    pub ts_max: Ts,
}

impl DataFile {
    /// The run that the file is a piece of.
    ///
    /// Rows of one run are sorted through all its files, taken by path; rows of different runs overlap.
    pub fn run(&self) -> &str {
        self.name_parts().0
    }

    /// A hash of the file's bytes, by which two files of the same rows are known without reading them.
    pub(crate) fn content(&self) -> &str {
        self.name_parts().1
    }

    fn name_parts(&self) -> (&str, &str) {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        let stem = name.strip_suffix(".parquet").unwrap_or(name);
        (stem.split('-').next().unwrap_or(stem), stem.rsplit('-').next().unwrap_or(stem))
    }
}

/// A file that is ready to be put.
#[derive(Debug)]
pub(crate) struct EncodedFile {
    pub(crate) bytes: Bytes,
    pub(crate) n_rows: u64,
    pub(crate) ts_min: Ts,
    pub(crate) ts_max: Ts,
    /// `stats` of the Delta action.
    pub(crate) statistics: Value,
    /// 32 hexadecimal digits.
    pub(crate) content: String,
}

/// Encodes sorted rows of one day into one file after the other.
#[derive(Debug)]
pub(crate) struct RunEncoder {
    table: &'static Table,
    schema: SchemaRef,
    bytes_max: usize,
    open: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    writer: ArrowWriter<Vec<u8>>,
    n_rows: u64,
    ranges: Vec<ColumnRange>,
}

/// The least and greatest value of a column so far.
#[derive(Debug, Default)]
struct ColumnRange {
    name: &'static str,
    bounds: Option<(Bound, Bound)>,
    null_count: usize,
    /// A value was too long to be kept, so there is no range.
    is_unbounded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Time(i64),
    Text(String),
}

impl RunEncoder {
    pub(crate) fn new(table: &'static Table, bytes_max: usize) -> Self {
        Self { table, schema: file_schema(table), bytes_max, open: None }
    }

    /// Takes the next rows; returns a file when one is full.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> ParquetResult<Option<EncodedFile>> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let batch = conform(batch, &self.schema)?;
        let mut open = match self.open.take() {
            Some(open) => open,
            None => OpenFile::create(self.table, &self.schema)?,
        };
        open.write(&batch)?;
        let size_bytes = open.writer.bytes_written() + open.writer.in_progress_size();
        if size_bytes >= self.bytes_max {
            return open.close(self.table).map(Some);
        }
        self.open = Some(open);
        Ok(None)
    }

    /// The last file, if rows are left.
    pub(crate) fn finish(self) -> ParquetResult<Option<EncodedFile>> {
        self.open.map(|open| open.close(self.table)).transpose()
    }
}

impl OpenFile {
    fn create(table: &Table, schema: &SchemaRef) -> ParquetResult<Self> {
        let properties = Some(writer_properties(table));
        let ranges = statistics_columns(table)
            .into_iter()
            .map(|name| ColumnRange { name, ..ColumnRange::default() })
            .collect();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), properties)?;
        Ok(Self { writer, n_rows: 0, ranges })
    }

    fn write(&mut self, batch: &RecordBatch) -> ParquetResult<()> {
        self.n_rows += batch.num_rows() as u64;
        for range in &mut self.ranges {
            if let Some(column) = batch.column_by_name(range.name) {
                range.extend(column);
            }
        }
        self.writer.write(batch)
    }

    fn close(self, table: &Table) -> ParquetResult<EncodedFile> {
        let bytes = Bytes::from(self.writer.into_inner()?);
        let times = self.ranges.iter().find(|range| range.name == table.time_column());
        let (ts_min, ts_max) = match times.and_then(|range| range.bounds.as_ref()) {
            Some((Bound::Time(min), Bound::Time(max))) => (Ts(*min), Ts(*max)),
            _ => return Err(ParquetError::General("rows without a time".to_owned())),
        };
        let content = format!("{:032x}", XxHash3_128::oneshot(&bytes));
        let statistics = statistics_json(self.n_rows, &self.ranges);
        Ok(EncodedFile { bytes, n_rows: self.n_rows, ts_min, ts_max, statistics, content })
    }
}

impl ColumnRange {
    fn extend(&mut self, column: &ArrayRef) {
        self.null_count += column.null_count();
        let bounds = match column.data_type() {
            DataType::Utf8 => {
                let texts = column.as_string::<i32>();
                self.is_unbounded |=
                    texts.iter().flatten().any(|it| it.len() > STATISTICS_BYTES_MAX);
                min_string(texts)
                    .zip(max_string(texts))
                    .map(|(min, max)| (Bound::Text(min.to_owned()), Bound::Text(max.to_owned())))
            }
            DataType::Timestamp(_, _) => {
                let times = column.as_primitive::<TimestampMicrosecondType>();
                min(times).zip(max(times)).map(|(min, max)| (Bound::Time(min), Bound::Time(max)))
            }
            _ => None,
        };
        self.bounds = match (self.bounds.take(), bounds) {
            (Some(ours), Some(theirs)) => Some((ours.0.min(theirs.0), ours.1.max(theirs.1))),
            (ours, theirs) => ours.or(theirs),
        };
    }
}

/// `numRecords`, `minValues`, `maxValues`, `nullCount` as the Delta protocol has them.
fn statistics_json(n_rows: u64, ranges: &[ColumnRange]) -> Value {
    let (mut minima, mut maxima, mut nulls) = (Map::new(), Map::new(), Map::new());
    for range in ranges {
        nulls.insert(range.name.to_owned(), range.null_count.into());
        if let Some((min, max)) = range.bounds.as_ref().filter(|_| !range.is_unbounded) {
            minima.insert(range.name.to_owned(), min.to_json());
            maxima.insert(range.name.to_owned(), max.to_json());
        }
    }
    json!({"numRecords": n_rows, "minValues": minima, "maxValues": maxima, "nullCount": nulls})
}

impl Bound {
    fn to_json(&self) -> Value {
        match self {
            Self::Time(micros) => timestamp_text(Ts(*micros)).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// Rows of a file as they come, with the asked columns in the asked order (all without `projection`); `day` is filled in.
pub(crate) struct FileRows {
    rows: parquet::arrow::async_reader::ParquetRecordBatchStream<ObjectReader>,
    schema: SchemaRef,
    day: Day,
}

impl FileRows {
    pub(crate) async fn open(
        location: &Location,
        table: &'static Table,
        file: &DataFile,
        projection: Option<&[&str]>,
    ) -> ParquetResult<Self> {
        let reader = ObjectReader::once(location, file);
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
        Self::begin(builder, table, file, projection)
    }

    /// Those rows that have a wanted value; `None` where there are none for sure.
    pub(crate) async fn open_wanted(
        location: &Location,
        table: &'static Table,
        file: &DataFile,
        projection: Option<&[&str]>,
        wanted: &Wanted,
    ) -> ParquetResult<Option<Self>> {
        if wanted.misses(file) {
            return Ok(None);
        }
        let reader = ObjectReader::again(location, file).await?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let builder = ParquetRecordBatchStreamBuilder::new_with_options(reader, options).await?;
        let narrowed = narrow(builder, table, wanted).await?;
        narrowed.map(|builder| Self::begin(builder, table, file, projection)).transpose()
    }

    fn begin(
        builder: ParquetRecordBatchStreamBuilder<ObjectReader>,
        table: &'static Table,
        file: &DataFile,
        projection: Option<&[&str]>,
    ) -> ParquetResult<Self> {
        let schema = match projection {
            None => table.schema(),
            Some(names) => {
                let all = table.schema();
                let fields = names.iter().map(|name| all.field_with_name(name).cloned());
                Arc::new(Schema::new(fields.collect::<Result<Vec<_>, _>>()?))
            }
        };
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        let rows = builder.with_projection(mask).with_batch_size(BATCH_ROWS_MAX).build()?;
        Ok(Self { rows, schema, day: file.day })
    }

    pub(crate) async fn all(mut self) -> ParquetResult<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    pub(crate) async fn next(&mut self) -> ParquetResult<Option<RecordBatch>> {
        let Some(batch) = self.rows.next().await.transpose()? else { return Ok(None) };
        Ok(Some(with_day(&batch, &self.schema, self.day)?))
    }
}

/// Lays a file's columns out as `schema` asks: columns that the file does not have yet are NULL, `day` is the folder's.
fn with_day(batch: &RecordBatch, schema: &SchemaRef, day: Day) -> Result<RecordBatch, ArrowError> {
    let n_rows = batch.num_rows();
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            _ if field.name() == "day" => {
                Arc::new(Date32Array::from(vec![day.0; n_rows])) as ArrayRef
            }
            Some(column) => Arc::clone(column),
            None => new_null_array(field.data_type(), n_rows),
        })
        .collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(n_rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// The columns of `schema` out of a batch that has them, in any order and among others.
pub(crate) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            batch.column_by_name(field.name()).cloned().ok_or_else(|| {
                ArrowError::SchemaError(format!("column \"{}\" is missing", field.name()))
            })
        })
        .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Reads ranges of an object for the Parquet decoder.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    size_bytes: u64,
    /// Where the file is read more than once.
    cached: Option<Arc<CachedFile>>,
}

impl ObjectReader {
    /// For a file that is read from begin to end.
    fn once(location: &Location, file: &DataFile) -> Self {
        Self {
            objects: Arc::clone(&location.objects),
            path: location.path(&file.path),
            size_bytes: file.size_bytes,
            cached: None,
        }
    }

    /// For a file that is looked into, perhaps many times.
    async fn again(location: &Location, file: &DataFile) -> ParquetResult<Self> {
        let is_small = file.size_bytes <= WHOLE_BYTES_MAX;
        let n_bytes = if is_small { file.size_bytes } else { 0 } + FOOTER_BYTES as u64;
        let n_bytes = usize::try_from(n_bytes).unwrap_or(usize::MAX);
        let cached = location.cache.file(&file.path, n_bytes);
        let reader = Self { cached: Some(Arc::clone(&cached)), ..Self::once(location, file) };
        if is_small && cached.whole.get().is_none() {
            let found = reader.objects.get(&reader.path).await.map_err(external)?;
            let bytes = found.bytes().await.map_err(external)?;
            cached.whole.get_or_init(|| bytes);
        }
        Ok(reader)
    }

    fn whole(&self) -> Option<&Bytes> {
        self.cached.as_ref()?.whole.get()
    }
}

/// A part of bytes that are there already.
fn slice(bytes: &Bytes, range: &Range<u64>) -> ParquetResult<Bytes> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    if range.end > bytes.len() as u64 || range.start > range.end {
        return Err(ParquetError::EOF(format!("{range:?} of {} bytes", bytes.len())));
    }
    Ok(bytes.slice(place(range.start)..place(range.end)))
}

impl AsyncFileReader for ObjectReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        match self.whole() {
            Some(whole) => futures::future::ready(slice(whole, &range)).boxed(),
            None => self.objects.get_range(&self.path, range).map_err(external).boxed(),
        }
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        match self.whole() {
            Some(whole) => {
                let parts = ranges.iter().map(|range| slice(whole, range)).collect();
                futures::future::ready(parts).boxed()
            }
            None => {
                async move { self.objects.get_ranges(&self.path, &ranges).await.map_err(external) }
                    .boxed()
            }
        }
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let cached = self.cached.clone();
            if let Some(metadata) = cached.as_ref().and_then(|cached| cached.metadata.get()) {
                return Ok(Arc::clone(metadata));
            }
            let reader = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_BYTES));
            let size_bytes = self.size_bytes;
            let metadata = Arc::new(reader.load_and_finish(self, size_bytes).await?);
            if let Some(cached) = cached {
                cached.metadata.get_or_init(|| Arc::clone(&metadata));
            }
            Ok(metadata)
        }
        .boxed()
    }
}

fn external(err: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(err))
}
