//! A table whose rows are worked out when it is scanned, for tables that are small.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use brunt_model::ColumnType;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

/// Columns of a system table and how its rows come about.
#[async_trait]
pub(crate) trait Rows: fmt::Debug + Send + Sync + 'static {
    fn schema(&self) -> SchemaRef;

    /// All rows, in one batch of that schema.
    async fn rows(&self, state: &dyn Session) -> Result<RecordBatch>;
}

/// The table of such rows.
#[derive(Debug)]
pub(crate) struct Computed<R> {
    rows: R,
}

impl<R: Rows> Computed<R> {
    pub(crate) fn new(rows: R) -> Self {
        Self { rows }
    }
}

#[async_trait]
impl<R: Rows> TableProvider for Computed<R> {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let batch = self.rows.rows(state).await?;
        let plan =
            MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema(), projection.cloned())?;
        Ok(plan)
    }
}

/// A schema of nullable columns, each with a line of what it says.
pub(crate) fn schema_of(columns: &[(&str, ColumnType, &str)]) -> SchemaRef {
    let field = |(name, ty, doc): &(&str, ColumnType, &str)| {
        let comment = [("comment".to_owned(), (*doc).to_owned())];
        Field::new(*name, ty.data_type(), true).with_metadata(comment.into())
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}
