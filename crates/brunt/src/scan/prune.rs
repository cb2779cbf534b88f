//! Which files of a table can hold rows that the filters let through.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Date32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use brunt_store::{ColumnStatistics, Snapshot};
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::DAY;

/// A filter that each file answers as a whole, since all its rows have one day.
pub(super) fn is_on_day_only(filter: &Expr) -> bool {
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

/// The places in the snapshot of the files that may hold a row that passes all filters, in order.
pub(super) fn prune(
    state: &dyn Session,
    schema: &SchemaRef,
    snapshot: &Snapshot,
    filters: &[Expr],
) -> Result<Vec<usize>> {
    let mut keep = vec![true; snapshot.files.len()];
    let df_schema = DFSchema::try_from(Arc::clone(schema))?;
    let (on_day, others): (Vec<Expr>, Vec<Expr>) =
        filters.iter().filter(|filter| is_plain(filter)).cloned().partition(is_on_day_only);
    if let Some(filter) = conjunction(on_day) {
        let passes = days_passing(state, filter, snapshot)?;
        keep.iter_mut().zip(&passes).for_each(|(keep, passes)| *keep &= passes == Some(true));
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
    Ok((0..keep.len()).filter(|file_idx| keep[*file_idx]).collect())
}

/// For each file whether its day passes the filter, which then holds for all its rows.
fn days_passing(state: &dyn Session, filter: Expr, snapshot: &Snapshot) -> Result<BooleanArray> {
    let schema = Arc::new(Schema::new(vec![Field::new(DAY, DataType::Date32, false)]));
    let predicate =
        state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
    let days = RecordBatch::try_new(schema, vec![days_of(snapshot)])?;
    let passing = predicate.evaluate(&days)?.into_array(days.num_rows())?;
    Ok(passing.as_boolean().clone())
}

fn days_of(snapshot: &Snapshot) -> ArrayRef {
    Arc::new(snapshot.files.iter().map(|file| Some(file.day.0)).collect::<Date32Array>())
}

/// What the table log knows of each file, as the engine asks for it.
struct FileRanges<'a> {
    snapshot: &'a Snapshot,
}

impl FileRanges<'_> {
    fn column(&self, column: &Column) -> Option<&ColumnStatistics> {
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
