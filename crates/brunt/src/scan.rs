//! A scan of one table: which of its files can hold rows that the filters let through, and a stock Parquet plan over them.
//!
//! ```text
//! filters on day ─► exact, by folder ┐
//! other filters ──► by the ranges that the table log keeps of each file ┴─► files ─► DataSourceExec(ParquetSource)
//! ```
//! Row groups and pages are then pruned by Parquet's own statistics and bloom filters, with the filters that the
//! optimizer hands to the source.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Date32Array, RecordBatch};
use arrow::compute::prep_null_mask_filter;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use brunt_model::Table;
use brunt_store::{ColumnStatistics as ColumnRanges, DataFile, Snapshot};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, ColumnStatistics, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::session::Pin;

/// The partition column.
const DAY: &str = "day";

/// A table of the store at one epoch. It is a value: store, table and version say all that a worker elsewhere would need.
pub(crate) struct StoreTable {
    pin: Arc<Pin>,
    table: &'static Table,
    schema: SchemaRef,
}

impl StoreTable {
    pub(crate) fn new(pin: Arc<Pin>, table: &'static Table) -> Self {
        Self { pin, table, schema: query_schema(table) }
    }
}

/// The columns as queries see them. Text is read as views, which filters and joins handle without copying it.
pub(crate) fn query_schema(table: &Table) -> SchemaRef {
    let fields: Vec<Field> = table
        .schema()
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
            _ => field.as_ref().clone(),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

#[async_trait]
impl TableProvider for StoreTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| {
            if is_on_day_only(filter) {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Inexact
            }
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let snapshot = self.pin.snapshot(self.table).await?;
        let output = match projection {
            Some(column_idxs) => Arc::new(self.schema.project(column_idxs)?),
            None => Arc::clone(&self.schema),
        };
        let mut files = prune(state, &self.schema, &snapshot, filters)?;
        if let (Some(limit), true) = (limit, filters.iter().all(is_on_day_only)) {
            files.truncate(n_files_for(&files, limit));
        }
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(output)));
        }
        let store_url = self.pin.store().url();
        let source = parquet_source(state, &output, self.table, filters, store_url)?;
        let groups = file_groups(state, &output, &files, store_url);
        let statistics = table_statistics(&groups, table_schema(&output).table_schema())?;
        let config = FileScanConfigBuilder::new(object_store_url(store_url)?, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection_of(&output))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

impl fmt::Debug for StoreTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreTable")
            .field("store", &self.pin.store().url().as_str())
            .field("table", &self.table.name)
            .field("epoch", &self.pin.epoch().number)
            .finish_non_exhaustive()
    }
}

/// The address under which the engine looks for the store's object store: the URL without its path.
pub(crate) fn object_store_url(store_url: &url::Url) -> Result<ObjectStoreUrl> {
    ObjectStoreUrl::parse(&store_url[..url::Position::BeforePath])
}

/// A filter that each file answers as a whole, since all its rows have one day.
fn is_on_day_only(filter: &Expr) -> bool {
    let columns = filter.column_refs();
    columns.len() == 1 && columns.iter().all(|column| column.name == DAY) && is_plain(filter)
}

/// A filter whose value depends on the row alone.
fn is_plain(filter: &Expr) -> bool {
    let needs_more = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::Placeholder(_)
        ))
    };
    !filter.is_volatile() && !filter.exists(needs_more).unwrap_or(true)
}

/// The files that may hold a row that passes all filters, in order of day and time.
fn prune<'a>(
    state: &dyn Session,
    schema: &SchemaRef,
    snapshot: &'a Snapshot,
    filters: &[Expr],
) -> Result<Vec<&'a DataFile>> {
    let mut keep = vec![true; snapshot.files.len()];
    let df_schema = DFSchema::try_from(Arc::clone(schema))?;
    let (on_day, others): (Vec<Expr>, Vec<Expr>) =
        filters.iter().filter(|filter| is_plain(filter)).cloned().partition(is_on_day_only);
    if let Some(filter) = conjunction(on_day) {
        let days_pass = days_passing(state, filter, snapshot)?;
        keep.iter_mut().zip(days_pass.iter()).for_each(|(keep, pass)| *keep &= pass == Some(true));
    }
    if let Some(filter) = conjunction(others) {
        let predicate = state.create_physical_expr(filter, &df_schema)?;
        // What cannot be turned into ranges prunes nothing here, and is still evaluated on the rows.
        let pruning = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(schema))
            .try_build(predicate);
        if let Ok(pruning) = pruning {
            let may_match = pruning.prune(&FileRanges { snapshot })?;
            keep.iter_mut().zip(may_match).for_each(|(keep, may_match)| *keep &= may_match);
        }
    }
    let files = snapshot.files.iter().zip(keep).filter(|(_, keep)| *keep);
    Ok(files.map(|(file, _)| file).collect())
}

/// For each file whether its day passes the filter, which then holds for all its rows.
fn days_passing(state: &dyn Session, filter: Expr, snapshot: &Snapshot) -> Result<BooleanArray> {
    let schema = Arc::new(Schema::new(vec![Field::new(DAY, DataType::Date32, false)]));
    let predicate =
        state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
    let days = RecordBatch::try_new(schema, vec![days_of(snapshot)])?;
    let passing = predicate.evaluate(&days)?.into_array(days.num_rows())?;
    Ok(prep_null_mask_filter(passing.as_boolean()))
}

fn days_of(snapshot: &Snapshot) -> ArrayRef {
    Arc::new(snapshot.files.iter().map(|file| Some(file.day.0)).collect::<Date32Array>())
}

/// What the table log knows of each file, as the engine asks for it.
struct FileRanges<'a> {
    snapshot: &'a Snapshot,
}

impl FileRanges<'_> {
    fn column(&self, column: &Column) -> Option<&ColumnRanges> {
        self.snapshot.statistics().column(&column.name)
    }
}

impl PruningStatistics for FileRanges<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column).map(|ranges| Arc::clone(&ranges.min))
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column).map(|ranges| Arc::clone(&ranges.max))
    }

    fn num_containers(&self) -> usize {
        self.snapshot.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column).map(|ranges| Arc::new(ranges.n_nulls.clone()) as ArrayRef)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.snapshot.statistics().n_rows.clone()))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// How many files from the front hold enough rows.
fn n_files_for(files: &[&DataFile], limit: usize) -> usize {
    let mut n_rows = 0;
    let enough = files.iter().position(|file| {
        n_rows += file.n_rows;
        n_rows >= limit as u64
    });
    enough.map_or(files.len(), |file_idx| file_idx + 1)
}

/// Only the columns that are asked for, so that statistics and plans stay small; `day` comes last, as partition columns do.
fn table_schema(output: &Schema) -> TableSchema {
    let (day, columns): (Vec<_>, Vec<_>) =
        output.fields().iter().cloned().partition(|field| field.name() == DAY);
    TableSchema::builder(Arc::new(Schema::new(columns))).with_table_partition_cols(day).build()
}

fn parquet_source(
    state: &dyn Session,
    output: &Schema,
    table: &Table,
    filters: &[Expr],
    store_url: &url::Url,
) -> Result<ParquetSource> {
    let mut options = TableParquetOptions {
        global: state.config_options().execution.parquet.clone(),
        ..TableParquetOptions::default()
    };
    // Late materialization pays where few rows are left, which is where a key is looked up.
    options.global.pushdown_filters |= filters.iter().any(|filter| looks_up_key(table, filter));
    let runtime = state.runtime_env();
    let reader = CachedParquetFileReaderFactory::new(
        runtime.object_store(object_store_url(store_url)?)?,
        runtime.cache_manager.get_file_metadata_cache(),
    );
    Ok(ParquetSource::new(table_schema(output))
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(reader)))
}

/// `key = literal` or `key IN (literals)` on a column that files are clustered by or have bloom filters on.
fn looks_up_key(table: &Table, filter: &Expr) -> bool {
    let is_key = |expr: &Expr| match expr {
        Expr::Column(column) => {
            table.sort_key.contains(&column.name.as_str())
                || matches!(column.name.as_str(), "trace_id" | "session_id")
        }
        _ => false,
    };
    let is_literal = |expr: &Expr| matches!(expr, Expr::Literal(..));
    split_conjunction(filter).into_iter().any(|part| match part {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            is_key(left) && is_literal(right) || is_literal(left) && is_key(right)
        }
        Expr::InList(in_list) => {
            !in_list.negated && is_key(&in_list.expr) && in_list.list.iter().all(is_literal)
        }
        _ => false,
    })
}

/// Where each output column lies in the source's schema, if not in the same place.
fn projection_of(output: &Schema) -> Option<Vec<usize>> {
    let day_idx = output.index_of(DAY).ok()?;
    let last = output.fields().len() - 1;
    (day_idx != last).then(|| {
        (0..=last)
            .map(|idx| match idx.cmp(&day_idx) {
                std::cmp::Ordering::Less => idx,
                std::cmp::Ordering::Equal => last,
                std::cmp::Ordering::Greater => idx - 1,
            })
            .collect()
    })
}

fn file_groups(
    state: &dyn Session,
    output: &Schema,
    files: &[&DataFile],
    store_url: &url::Url,
) -> Vec<FileGroup> {
    let has_day = output.index_of(DAY).is_ok();
    let partitioned = files
        .iter()
        .map(|file| {
            let mut partitioned = PartitionedFile::new_from_meta(object_meta(file, store_url));
            if has_day {
                partitioned.partition_values = vec![ScalarValue::Date32(Some(file.day.0))];
            }
            partitioned.with_statistics(Arc::new(file_statistics(file, output)))
        })
        .collect();
    FileGroup::new(partitioned).split_files(state.config().target_partitions())
}

fn object_meta(file: &DataFile, store_url: &url::Url) -> ObjectMeta {
    let root = Path::from_url_path(store_url.path()).unwrap_or_default();
    ObjectMeta {
        location: file.path.split('/').fold(root, |path, part| path.join(part)),
        // Data files are never written twice, so that nothing depends on their time.
        last_modified: chrono::DateTime::UNIX_EPOCH,
        size: file.size_bytes,
        e_tag: None,
        version: None,
    }
}

/// Counts are exact, and so is the range of times, which the log keeps to the microsecond.
fn file_statistics(file: &DataFile, output: &Schema) -> Statistics {
    let of_column = |field: &Arc<Field>| {
        let mut column = ColumnStatistics::new_unknown();
        if field.name() == "ts" {
            column.null_count = Precision::Exact(0);
            column.min_value = Precision::Exact(timestamp(file.ts_min.0));
            column.max_value = Precision::Exact(timestamp(file.ts_max.0));
        }
        column
    };
    let columns = output.fields().iter().filter(|field| field.name() != DAY);
    Statistics {
        num_rows: Precision::Exact(usize::try_from(file.n_rows).unwrap_or(usize::MAX)),
        total_byte_size: Precision::Absent,
        column_statistics: columns.map(of_column).collect(),
    }
}

fn timestamp(micros: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
}

fn table_statistics(groups: &[FileGroup], schema: &Schema) -> Result<Statistics> {
    let of_files =
        groups.iter().flat_map(FileGroup::iter).filter_map(|file| file.statistics.as_deref());
    Statistics::try_merge_iter(of_files, schema)
}
