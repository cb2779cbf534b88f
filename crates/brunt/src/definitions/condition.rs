//! An SQL expression over the columns of one base table, planned once and evaluated batch by batch.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array};
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use brunt_model::{MONEY_PRECISION, MONEY_SCALE, Table};
use datafusion::common::config::Dialect;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, ExprSchemable, Volatility, try_cast};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::code::Code;
use crate::error::{Error, Fault};
use crate::functions;
use crate::nearest::nearest;
use crate::translate::{Names, translate};

/// An expression and the columns that it reads.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// In the order in which the expression was planned against them.
    columns: Vec<&'static str>,
    schema: Arc<Schema>,
    expr: Arc<dyn PhysicalExpr>,
}

/// What an expression has to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A Boolean; NULL counts as false.
    Truth,
    /// A `numeric(18,4)`; what is no amount becomes NULL.
    Amount,
}

impl Condition {
    /// Plans an expression over a base table's columns.
    ///
    /// # Errors
    /// A fault without position: the expression does not parse, names a column or function that is not there,
    /// does not give what is wanted, or gives another answer at another time (`now()`, `random()`).
    pub(super) fn plan(table: &'static Table, sql: &str, wanted: Wanted) -> Result<Self, Fault> {
        let engine = |error| engine_fault(table, error);
        let mut config = SessionConfig::new();
        // As in queries: ->> binds before =.
        config.options_mut().sql_parser.dialect = Dialect::PostgreSQL;
        let mut ctx = SessionContext::new_with_config(config);
        functions::register_all(&mut ctx).map_err(engine)?;
        let all = DFSchema::try_from(Schema::clone(&table.schema())).map_err(engine)?;
        let expr = ctx.parse_sql_expr(sql, &all).map_err(engine)?;
        refuse_changing_functions(&expr)?;
        let data_type = expr.get_type(&all).map_err(engine)?;
        let expr = match wanted {
            Wanted::Truth if data_type != DataType::Boolean => {
                let message = format!("\"{sql}\" is no condition");
                return Err(Fault::new(Code::InvalidDefinition, message)
                    .with_hint("Compare something, such as event_name = 'add_to_cart'."));
            }
            Wanted::Truth => expr,
            Wanted::Amount => try_cast(expr, DataType::Decimal128(MONEY_PRECISION, MONEY_SCALE)),
        };
        let mut columns: Vec<usize> =
            expr.column_refs().iter().filter_map(|column| table.column_idx(&column.name)).collect();
        columns.sort_unstable();
        let schema =
            Arc::new(table.schema().project(&columns).map_err(|error| engine(error.into()))?);
        let read = DFSchema::try_from(Schema::clone(&schema)).map_err(engine)?;
        let expr = ctx.create_physical_expr(expr, &read).map_err(engine)?;
        let columns = columns.into_iter().map(|idx| table.columns[idx].name).collect();
        Ok(Self { columns, schema, expr })
    }

    /// The columns that a batch must have.
    pub(crate) fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// Whether the condition holds, row by row; never NULL.
    ///
    /// # Errors
    /// Where the engine fails, such as on a division by zero, or the batch lacks a column.
    pub(crate) fn holds(&self, batch: &RecordBatch) -> Result<BooleanArray, Error> {
        let array = self.evaluate(batch)?;
        let truth = array.as_any().downcast_ref::<BooleanArray>();
        Ok(truth.map_or_else(
            || BooleanArray::from(vec![false; batch.num_rows()]),
            |truth| truth.iter().map(|holds| Some(holds == Some(true))).collect(),
        ))
    }

    /// The amounts, in ten-thousandths, row by row.
    ///
    /// # Errors
    /// As [`Condition::holds`].
    pub(crate) fn amounts(&self, batch: &RecordBatch) -> Result<Vec<Option<i128>>, Error> {
        let array = self.evaluate(batch)?;
        let amounts = array.as_any().downcast_ref::<Decimal128Array>();
        Ok(amounts.map_or_else(|| vec![None; batch.num_rows()], |amounts| amounts.iter().collect()))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, Error> {
        let engine = |error| translate(error, &Names::default());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            let array = batch.column_by_name(name).ok_or_else(|| {
                Error::statement(Code::Internal, format!("batch has no column \"{name}\""))
            })?;
            arrays.push(Arc::clone(array));
        }
        let options =
            arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let read = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| engine(error.into()))?;
        let value = self.expr.evaluate(&read).map_err(engine)?;
        value.into_array(batch.num_rows()).map_err(engine)
    }
}

/// Derived tables must come out the same whenever they are made.
fn refuse_changing_functions(expr: &Expr) -> Result<(), Fault> {
    let mut found = None;
    // The closure cannot fail, so neither can the walk.
    let _ = expr.exists(|part| {
        if let Expr::ScalarFunction(call) = part
            && call.func.signature().volatility != Volatility::Immutable
        {
            found = Some(call.name().to_owned());
        }
        Ok(found.is_some())
    });
    match found {
        Some(name) => Err(Fault::new(
            Code::InvalidDefinition,
            format!("function \"{name}\" is not allowed here"),
        )
        .with_hint("Use only columns, constants and functions that always answer the same.")),
        None => Ok(()),
    }
}

fn engine_fault(table: &Table, error: DataFusionError) -> Fault {
    if let DataFusionError::SchemaError(schema, _) = error.find_root()
        && let SchemaError::FieldNotFound { field, .. } = schema.as_ref()
    {
        let name = &field.name;
        let columns = table.columns.iter().map(|column| column.name);
        let hint = match nearest(name, columns) {
            Some(meant) => format!("Perhaps you meant \"{meant}\"."),
            None => format!("What has no column of its own is in attributes ->> '{name}'."),
        };
        let message = format!("table \"{}\" has no column \"{name}\"", table.name);
        return Fault::new(Code::UndefinedColumn, message).with_hint(hint);
    }
    let fault = translate(error, &Names::default()).to_fault();
    // Its position counts in the expression; the reader looks at a file.
    Fault { position: None, ..fault }
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::*;

    fn events() -> &'static Table {
        brunt_model::table("events").unwrap()
    }

    fn batch(names: &[(&str, Vec<Option<&str>>)]) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(names.iter().map(|(name, values)| {
            (*name, Arc::new(StringArray::from(values.clone())) as ArrayRef, true)
        }))
        .unwrap()
    }

    #[test]
    fn a_condition_reads_only_its_columns_and_null_is_false() {
        let condition = Condition::plan(events(), "event_name = 'buy'", Wanted::Truth).unwrap();
        assert_eq!(condition.columns(), ["event_name"]);
        let rows = batch(&[
            ("url_path", vec![None, None, None]),
            ("event_name", vec![Some("buy"), None, Some("x")]),
        ]);
        let holds = condition.holds(&rows).unwrap();
        assert_eq!(holds, BooleanArray::from(vec![true, false, false]));
    }

    #[test]
    fn json_is_looked_into() {
        let condition =
            Condition::plan(events(), "attributes ->> 'kind' = 'gift'", Wanted::Truth).unwrap();
        let rows = batch(&[("attributes", vec![Some(r#"{"kind":"gift"}"#), Some("{}"), None])]);
        let holds = condition.holds(&rows).unwrap();
        assert_eq!(holds, BooleanArray::from(vec![true, false, false]));
    }

    #[test]
    fn an_amount_is_exact_and_what_is_none_is_null() {
        let condition =
            Condition::plan(events(), "attributes ->> 'total'", Wanted::Amount).unwrap();
        let rows =
            batch(&[("attributes", vec![Some(r#"{"total":"12.5"}"#), Some(r#"{"total":"x"}"#)])]);
        assert_eq!(condition.amounts(&rows).unwrap(), [Some(125_000), None]);
    }

    #[test]
    fn a_condition_without_columns_holds_everywhere() {
        let condition = Condition::plan(events(), "true", Wanted::Truth).unwrap();
        let rows = batch(&[("event_name", vec![None, Some("x")])]);
        assert_eq!(condition.holds(&rows).unwrap(), BooleanArray::from(vec![true, true]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (sql, message) in [
            ("colour = 'red'", "table \"events\" has no column \"colour\""),
            ("event_name", "\"event_name\" is no condition"),
            ("ts > now()", "function \"now\" is not allowed here"),
        ] {
            let fault = Condition::plan(events(), sql, Wanted::Truth).unwrap_err();
            assert_eq!(fault.message, message);
            assert!(fault.hint.is_some_and(|hint| hint.ends_with('.')), "{sql}");
        }
        assert!(Condition::plan(events(), "event_name = = 'x'", Wanted::Truth).is_err());
        assert!(Condition::plan(events(), "no_such_function(event_name)", Wanted::Truth).is_err());
    }
}
