//! A scan of one table: which of its files can hold rows that the filters let through, and a stock Parquet plan over them.
//!
//! ```text
//! filters on day ─► exact, by folder ┐
//! other filters ──► by the ranges that the table log keeps of each file ┴─► files ─► DataSourceExec(ParquetSource)
//! ```
//! Row groups and pages are then pruned by Parquet's own statistics and bloom filters, with the filters that the
//! optimizer hands to the source.

mod files;
mod prune;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use brunt_model::Table;
use brunt_store::Snapshot;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::datasource::TableType;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use self::files::{file_groups, total_statistics};
use self::prune::{is_on_day_only, prune};
use crate::session::Pin;

/// The partition column.
const DAY: &str = "day";

/// About so many rows have one key, or one of a few.
const KEY_ROWS: usize = 1_000;

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
        let mut file_idxs = prune(state, &self.schema, &snapshot, filters)?;
        if let (Some(limit), true) = (limit, filters.iter().all(is_on_day_only)) {
            file_idxs.truncate(n_files_for(&snapshot, &file_idxs, limit));
        }
        if file_idxs.is_empty() {
            return Ok(Arc::new(EmptyExec::new(output)));
        }
        let store_url = self.pin.store().url();
        let source = parquet_source(state, &output, self.table, filters, store_url)?;
        let n_groups = state.config().target_partitions();
        let groups = file_groups(&snapshot, &file_idxs, &output, store_url, n_groups)?;
        let mut statistics = total_statistics(&groups, table_schema(&output).table_schema())?;
        if filters.iter().any(|filter| looks_up(filter, is_key)) {
            statistics = of_keys(statistics);
        }
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

/// How many files from the front hold enough rows.
fn n_files_for(snapshot: &Snapshot, file_idxs: &[usize], limit: usize) -> usize {
    let mut n_rows = 0;
    let enough = file_idxs.iter().position(|file_idx| {
        n_rows += snapshot.files[*file_idx].n_rows;
        n_rows >= limit as u64
    });
    enough.map_or(file_idxs.len(), |place| place + 1)
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
    let is_clustered = |name: &str| is_key(name) || table.sort_key.contains(&name);
    options.global.pushdown_filters |= filters.iter().any(|filter| looks_up(filter, is_clustered));
    let runtime = state.runtime_env();
    let reader = CachedParquetFileReaderFactory::new(
        runtime.object_store(object_store_url(store_url)?)?,
        runtime.cache_manager.get_file_metadata_cache(),
    );
    Ok(ParquetSource::new(table_schema(output))
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(reader)))
}

/// Columns of which each value has few rows, and bloom filters say where.
fn is_key(name: &str) -> bool {
    matches!(name, "trace_id" | "session_id")
}

/// `column = literal` or `column IN (literals)` on a column that is one of those.
fn looks_up(filter: &Expr, is_one: impl Fn(&str) -> bool) -> bool {
    let is_key = |expr: &Expr| matches!(expr, Expr::Column(column) if is_one(&column.name));
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

/// Rows of a key, such as those of a session, are few: a join then reads them first, and looks for what they say in the
/// other side's bloom filters. By the engine's own guess, a fifth of all rows would have it.
fn of_keys(statistics: Statistics) -> Statistics {
    let n_rows = statistics.num_rows.get_value().map_or(KEY_ROWS, |n| KEY_ROWS.min(*n));
    Statistics {
        num_rows: Precision::Inexact(n_rows),
        total_byte_size: Precision::Absent,
        ..statistics.to_inexact()
    }
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

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::fixture::{ask, empty_store, explain, explain_analyze, put, session};

    /// Errors of three days: session `s<day><n>`, one a minute.
    async fn three_days() -> brunt_store::Store {
        let store = empty_store().await;
        let mut lines = String::new();
        for day in 1..=3 {
            for n in 0..10 {
                writeln!(
                    lines,
                    r#"{{"ts":"2025-10-0{day}T10:0{n}:00Z","session_id":"s{day}{n}","error_id":"e{day}{n}"}}"#
                )
                .unwrap();
            }
        }
        put(&store, "errors", &lines).await;
        store
    }

    fn n_files(plan: &str) -> usize {
        plan.matches(".parquet").count()
    }

    #[tokio::test]
    async fn a_table_without_files_has_its_columns_and_no_rows() {
        let session = session(&empty_store().await).await;
        assert_eq!(ask(&session, "SELECT * FROM logs").await, Vec::<String>::new());
        assert_eq!(ask(&session, "SELECT count(*), max(ts) FROM spans").await, ["0|NULL"]);
    }

    #[tokio::test]
    async fn columns_come_in_the_order_in_which_they_are_asked_for() {
        let session = session(&three_days().await).await;
        assert_eq!(
            ask(
                &session,
                "SELECT error_id, day, session_id, ts FROM errors WHERE error_id = 'e12'"
            )
            .await,
            ["e12|2025-10-01|s12|2025-10-01T10:02:00Z"]
        );
        assert_eq!(
            ask(&session, "SELECT day, count(*) FROM errors GROUP BY day ORDER BY day").await,
            ["2025-10-01|10", "2025-10-02|10", "2025-10-03|10"]
        );
        let all = ask(&session, "SELECT * FROM errors ORDER BY ts LIMIT 1").await;
        assert!(all[0].starts_with("2025-10-01T10:00:00Z|2025-10-01|NULL|NULL|s10|"), "{all:?}");
    }

    #[tokio::test]
    async fn filters_on_day_leave_only_its_files_and_no_filter() {
        let session = session(&three_days().await).await;
        for (filter, files) in [
            ("day = '2025-10-02'", 1),
            ("day >= '2025-10-02'", 2),
            ("day IN ('2025-10-01', '2025-10-03')", 2),
            ("extract(day FROM day) = 3", 1),
            ("day = '2025-10-09'", 0),
            ("day IS NULL", 0),
        ] {
            let sql = format!("SELECT error_id FROM errors WHERE {filter}");
            let plan = explain(&session, &sql).await;
            assert_eq!(n_files(&plan), files, "{plan}");
            assert!(!plan.contains("FilterExec"), "{plan}");
            assert_eq!(ask(&session, &sql).await.len(), files * 10);
        }
    }

    #[tokio::test]
    async fn filters_on_time_and_key_leave_only_files_that_can_match() {
        let session = session(&three_days().await).await;
        for (filter, files, rows) in [
            ("ts >= '2025-10-03T00:00:00Z'", 1, 10),
            ("ts BETWEEN '2025-10-01T10:05:00Z' AND '2025-10-02T10:00:00Z'", 2, 6),
            ("session_id = 's21'", 1, 1),
            ("session_id IN ('s10', 's35')", 2, 2),
            ("session_id = 'nobody'", 0, 0),
            ("session_id IS NULL", 0, 0),
            ("error_id = 'e10'", 3, 1),
        ] {
            let sql = format!("SELECT error_id FROM errors WHERE {filter}");
            let plan = explain(&session, &sql).await;
            assert_eq!(n_files(&plan), files, "{plan}");
            assert_eq!(ask(&session, &sql).await.len(), rows, "{plan}");
        }
    }

    #[tokio::test]
    async fn the_reader_filters_where_a_key_is_looked_up_and_nowhere_else() {
        let session = session(&three_days().await).await;
        let by_key =
            explain(&session, "SELECT error_id FROM errors WHERE session_id = 's21'").await;
        assert!(!by_key.contains("FilterExec"), "{by_key}");
        let other = explain(&session, "SELECT error_id FROM errors WHERE error_id = 'e21'").await;
        assert!(other.contains("FilterExec"), "{other}");
        assert!(other.contains("predicate=error_id"), "{other}");
    }

    #[tokio::test]
    async fn bloom_filters_prune_row_groups_that_ranges_cannot() {
        let store = empty_store().await;
        let lines: String = (0..1000)
            .map(|n| format!("{{\"ts\":\"2025-10-01T10:00:00Z\",\"trace_id\":\"{n:032x}\",\"error_id\":\"{n}\"}}\n"))
            .filter(|line| !line.contains("0000000000000001f4"))
            .collect();
        put(&store, "errors", &lines).await;
        let session = session(&store).await;
        let there = format!("SELECT error_id FROM errors WHERE trace_id = '{:032x}'", 499);
        let absent = format!("SELECT error_id FROM errors WHERE trace_id = '{:032x}'", 500);
        assert_eq!(ask(&session, &there).await, ["499"]);
        assert_eq!(ask(&session, &absent).await, Vec::<String>::new());
        let plan = explain_analyze(&session, &absent).await;
        assert!(plan.contains("row_groups_pruned_bloom_filter=1 total → 0 matched"), "{plan}");
    }

    #[tokio::test]
    async fn a_small_join_side_prunes_the_files_of_the_other() {
        let store = three_days().await;
        put(
            &store,
            "sessions",
            r#"{"ts":"2025-10-02T10:00:00Z","session_id":"s25","ended_at":"2025-10-02T10:10:00Z"}"#,
        )
        .await;
        let session = session(&store).await;
        let sql = "SELECT e.error_id FROM sessions s JOIN errors e ON e.session_id = s.session_id";
        assert_eq!(ask(&session, sql).await, ["e25"]);
        let plan = explain_analyze(&session, sql).await;
        assert!(plan.contains("DynamicFilter"), "{plan}");
        assert!(plan.contains("files_ranges_pruned_statistics=3 total → 1 matched"), "{plan}");
    }

    #[tokio::test]
    async fn counts_and_ranges_of_time_come_from_the_log_alone() {
        let session = session(&three_days().await).await;
        for sql in ["SELECT count(*) FROM errors", "SELECT max(ts) FROM errors"] {
            let plan = explain(&session, sql).await;
            assert!(!plan.contains("DataSourceExec"), "{plan}");
        }
        assert_eq!(
            ask(&session, "SELECT count(*), max(ts) FROM errors").await,
            ["30|2025-10-03T10:09:00Z"]
        );
        assert_eq!(
            ask(&session, "SELECT count(*) FROM errors WHERE day = '2025-10-02'").await,
            ["10"]
        );
    }

    #[tokio::test]
    async fn a_limit_opens_no_more_files_than_it_needs() {
        let session = session(&three_days().await).await;
        let plan = explain(&session, "SELECT error_id FROM errors LIMIT 15").await;
        assert_eq!(n_files(&plan), 2, "{plan}");
        assert_eq!(ask(&session, "SELECT error_id FROM errors LIMIT 15").await.len(), 15);
        // A filter may drop rows, so that no file can be left out.
        let plan =
            explain(&session, "SELECT error_id FROM errors WHERE error_id <> 'x' LIMIT 15").await;
        assert_eq!(n_files(&plan), 3, "{plan}");
    }

    #[tokio::test]
    async fn a_filter_with_a_subquery_is_answered() {
        let session = session(&three_days().await).await;
        for sql in [
            "SELECT count(*) FROM errors WHERE day = (SELECT max(day) FROM errors)",
            "SELECT count(*) FROM errors WHERE day IN (SELECT max(day) FROM errors)",
        ] {
            assert_eq!(ask(&session, sql).await, ["10"], "{sql}");
        }
    }
}
