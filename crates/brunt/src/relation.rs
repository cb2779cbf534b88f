//! Table functions: `FROM f(name => value, …)` with named arguments, schema names before them, and parameters.
//!
//! ```text
//! f(a => 1, b => $1) ─► names and types checked ─► deferred call, of f's schema ─► values known ─► f's own plan, inlined
//! ```
//! A call is described by the function's fixed schema before its parameters have values, and planned when they do; the
//! plan that comes out is an ordinary one, so that filters and projections reach the scans below.

mod arguments;
mod call;
mod planner;
mod since;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use futures::FutureExt;

pub(crate) use self::arguments::{Argument, ArgumentType, Arguments};
pub(crate) use self::call::InlineTableFunctions;
pub(crate) use self::planner::TableFunctionPlanner;
pub(crate) use self::since::{Since, moment};

use crate::code::Code;
use crate::error::Error;
use crate::excess::ErrorExcess;
use crate::expected::ExpectedErrors;
use crate::impact::ErrorImpact;
use crate::session::{Core, Pin};
use crate::translate::{Names, translate};

/// A function that answers with rows.
pub(crate) trait TableFunction: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;

    /// What one row is, in one sentence.
    fn doc(&self) -> &'static str;

    /// A statement that calls it.
    fn example(&self) -> &'static str;

    /// In the order in which they may be given without names.
    fn arguments(&self) -> &'static [Argument];

    /// The columns of its answer, whatever the arguments.
    fn schema(&self) -> SchemaRef;

    /// The plan for these arguments. Its columns are those of [`TableFunction::schema`], by name; their order and
    /// types are adjusted.
    fn plan(&self, arguments: &Arguments, context: &PlanContext<'_>) -> Result<LogicalPlan, Error>;
}

/// What a table function plans with.
#[derive(Debug)]
pub(crate) struct PlanContext<'a> {
    core: &'a Core,
    state: SessionState,
}

/// All table functions.
pub(crate) fn table_functions() -> Vec<Arc<dyn TableFunction>> {
    vec![Arc::new(ErrorExcess), Arc::new(ErrorImpact), Arc::new(ExpectedErrors)]
}

impl<'a> PlanContext<'a> {
    pub(crate) fn new(core: &'a Core) -> Result<Self, Error> {
        Ok(Self { core, state: core.state()? })
    }

    /// The epoch that the statement reads.
    pub(crate) fn pin(&self) -> Arc<Pin> {
        self.core.pin()
    }

    /// The engine's state: functions by name, settings.
    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    /// Plans a query over tables and views of this epoch.
    pub(crate) fn sql(&self, query: &str) -> Result<LogicalPlan, Error> {
        // Our catalog finds tables without waiting, so that this is done at once.
        let planned = self.state.create_logical_plan(query).now_or_never();
        match planned {
            Some(plan) => plan.map_err(|error| translate(error, &Names::default())),
            None => Err(Error::statement(Code::Internal, "a table was not found at once")),
        }
    }
}

#[cfg(test)]
mod tests;
