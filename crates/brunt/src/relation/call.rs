//! A call of a table function in a plan: its columns are known, its own plan comes when its arguments have values.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef, ScalarValue, TableReference};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, LogicalPlanBuilder, UserDefinedLogicalNodeCore, cast, col,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use crate::code::Code;
use crate::error::Fault;
use crate::relation::{Argument, Arguments, PlanContext, TableFunction};
use crate::session::Core;

/// A call with an expression for each argument that was given.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    function: Arc<dyn TableFunction>,
    /// By place in the function's arguments.
    given: Vec<(usize, Expr)>,
    schema: DFSchemaRef,
}

impl Call {
    pub(crate) fn new(function: Arc<dyn TableFunction>, given: Vec<(usize, Expr)>) -> Result<Self> {
        let qualifier = TableReference::bare(function.name());
        let schema = DFSchema::try_from_qualified_schema(qualifier, &function.schema())?;
        Ok(Self { function, given, schema: Arc::new(schema) })
    }

    /// Its own plan if all arguments have values, else itself as a node of a plan.
    pub(crate) fn into_plan(self, core: &Core) -> Result<LogicalPlan> {
        match self.values(core)? {
            Some(arguments) => {
                let plan = self.function.plan(&arguments, &PlanContext::new(core)?)?;
                self.adjust(plan)
            }
            None => Ok(LogicalPlan::Extension(Extension { node: Arc::new(self) })),
        }
    }

    /// A value for every argument; `None` as long as one is a parameter.
    fn values(&self, core: &Core) -> Result<Option<Arguments>> {
        let mut values = BTreeMap::new();
        for (argument_idx, argument) in self.function.arguments().iter().enumerate() {
            let given = self.given.iter().find(|(given_idx, _)| *given_idx == argument_idx);
            let value = match given {
                Some((_, expr)) if has_parameter(expr)? => return Ok(None),
                Some((_, expr)) => {
                    let value = constant(core, expr.clone()).map_err(|error| {
                        not_constant(self.function.name(), argument).with_detail(error.to_string())
                    })?;
                    let value =
                        value.ok_or_else(|| not_constant(self.function.name(), argument))?;
                    argument.cast(self.function.name(), &value)?
                }
                None => argument.default_value(self.function.name()).unwrap_or_else(|| {
                    Err(Fault::new(
                        Code::InvalidArgument,
                        format!(
                            "\"{}\" needs its argument \"{}\"",
                            self.function.name(),
                            argument.name
                        ),
                    )
                    .with_hint(argument.doc))
                })?,
            };
            values.insert(argument.name, value);
        }
        Ok(Some(Arguments::new(values)))
    }

    /// The plan with the function's columns in order, by their types, under the function's name.
    fn adjust(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let columns = self.function.schema();
        let columns = columns.fields().iter().map(|field| {
            cast(
                col(datafusion::common::Column::from_name(field.name())),
                field.data_type().clone(),
            )
            .alias(field.name())
        });
        LogicalPlanBuilder::from(plan).project(columns)?.alias(self.function.name())?.build()
    }
}

/// The value of an expression over no rows; `None` where it has none before rows are there.
fn constant(core: &Core, expr: Expr) -> Result<Option<ScalarValue>> {
    let mut state = core.state()?;
    state.mark_start_execution();
    let schema = Arc::new(DFSchema::empty());
    let context = SimplifyContext::builder()
        .with_schema(Arc::clone(&schema))
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplifier = ExprSimplifier::new(context);
    match simplifier.simplify(simplifier.coerce(expr, &schema)?)? {
        Expr::Literal(value, _) => Ok(Some(value)),
        _ => Ok(None),
    }
}

fn not_constant(function: &str, argument: &Argument) -> Fault {
    Fault::new(
        Code::InvalidArgument,
        format!("argument \"{}\" of \"{function}\" is not a constant", argument.name),
    )
    .with_hint("Give a literal or a parameter; columns and subqueries cannot be arguments.")
}

fn has_parameter(expr: &Expr) -> Result<bool> {
    expr.exists(|part| Ok(matches!(part, Expr::Placeholder(_))))
}

impl UserDefinedLogicalNodeCore for Call {
    fn name(&self) -> &'static str {
        "TableFunction"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.given.iter().map(|(_, expr)| expr.clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "TableFunction: {}", self.function.name())?;
        for (argument_idx, expr) in &self.given {
            write!(f, ", {} => {expr}", self.function.arguments()[*argument_idx].name)?;
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        let given = self.given.iter().map(|(argument_idx, _)| *argument_idx).zip(exprs).collect();
        Ok(Self { given, ..self.clone() })
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.function.name() == other.function.name() && self.given == other.given
    }
}

impl Eq for Call {}

impl PartialOrd for Call {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.function.name().cmp(other.function.name()) {
            Ordering::Equal => self.given.partial_cmp(&other.given),
            unequal => Some(unequal),
        }
    }
}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name().hash(state);
        self.given.hash(state);
    }
}

/// Plans the calls whose parameters have got their values.
#[derive(Debug)]
pub(crate) struct InlineTableFunctions {
    core: Arc<Core>,
}

impl InlineTableFunctions {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }
}

impl AnalyzerRule for InlineTableFunctions {
    fn name(&self) -> &'static str {
        "inline_table_functions"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let inlined = plan.transform_up_with_subqueries(|node| {
            let LogicalPlan::Extension(extension) = &node else { return Ok(Transformed::no(node)) };
            let Some(call) = extension.node.as_any().downcast_ref::<Call>() else {
                return Ok(Transformed::no(node));
            };
            match call.clone().into_plan(&self.core)? {
                LogicalPlan::Extension(_) => Err(DataFusionError::from(Fault::new(
                    Code::UndefinedParameter,
                    format!(
                        "an argument of \"{}\" is a parameter without a value",
                        call.function.name()
                    ),
                ))),
                planned => Ok(Transformed::yes(planned)),
            }
        })?;
        Ok(inlined.data)
    }
}
