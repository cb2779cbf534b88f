//! A session: settings of its own over a pinned epoch, and SQL in, record batches out.

mod answer;
mod core;
mod engine;
mod pin;
mod settings;
mod statement;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::ParamValues;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Analyzer;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use futures::TryStreamExt;

pub use self::answer::{Answer, RecordBatchStream};
pub(crate) use self::core::Core;
pub use self::engine::{Engine, EngineOptions};
pub use self::pin::Pin;
pub(crate) use self::settings::is_settable;
pub use self::statement::Statement;

use crate::catalog::{CATALOG, Catalog, PUBLIC};
use crate::code::Code;
use crate::config::BruntOptions;
use crate::error::Error;
use crate::functions;
use crate::relation::{InlineTableFunctions, TableFunction, TableFunctionPlanner};
use crate::translate::{Names, translate};

/// One client's view of a store. Settings are its own; memory, caches and open tables are shared with the other
/// sessions of its [`Engine`].
pub struct Session {
    engine: Arc<Engine>,
    core: Arc<Core>,
    context: SessionContext,
}

/// A statement that is planned, perhaps with parameters that have no value yet.
#[derive(Debug, Clone)]
pub struct Prepared {
    plan: LogicalPlan,
}

impl Session {
    pub(crate) fn new(
        engine: Arc<Engine>,
        pin: Arc<Pin>,
        table_functions: Vec<Arc<dyn TableFunction>>,
    ) -> Result<Self, Error> {
        let core = Arc::new(Core::new(pin, table_functions));
        let state =
            new_state(&engine, &core).map_err(|error| translate(error, &Names::default()))?;
        let context = SessionContext::new_with_state(state);
        context.register_catalog(CATALOG, Arc::new(Catalog::new(&core)));
        core.bind(&context);
        Ok(Self { engine, core, context })
    }

    /// Takes the epoch that `brunt.epoch` asks for, by default the newest whole one, and returns its number.
    ///
    /// Doors call it before each statement, unless a transaction keeps what it began with.
    pub async fn pin(&self) -> Result<u64, Error> {
        let pin = self.engine.pin(self.options().epoch).await?;
        let number = pin.epoch().number;
        self.core.set_pin(pin);
        Ok(number)
    }

    /// The epoch that statements read now.
    pub fn pinned(&self) -> Arc<Pin> {
        self.core.pin()
    }

    /// The engine's own session, for doors that need its catalog.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Runs the one statement of a text; see [`Statement::parse`] for texts with several.
    pub async fn sql(&self, text: &str) -> Result<Answer, Error> {
        let mut statements = Statement::parse(text)?;
        match (statements.pop(), statements.is_empty()) {
            (Some(statement), true) => self.run(statement).await,
            (None, _) => Err(Error::statement(Code::Syntax, "there is no statement")),
            _ => Err(Error::statement(Code::Syntax, "there is more than one statement")),
        }
    }

    /// Plans a statement and runs it.
    pub async fn run(&self, statement: Statement) -> Result<Answer, Error> {
        let prepared = self.prepare(statement).await?;
        self.execute(&prepared, None).await
    }

    /// Plans a statement: names are found and types checked, but table functions whose arguments are parameters wait
    /// for their values.
    pub async fn prepare(&self, statement: Statement) -> Result<Prepared, Error> {
        self.core.clear_notices();
        let state = self.context.state();
        let plan =
            state.statement_to_plan(statement.0).await.map_err(|error| self.translate(error))?;
        statement::check_plan(&plan)?;
        Ok(Prepared { plan })
    }

    /// Runs what was prepared, with a value for each parameter where it has any.
    pub async fn execute(
        &self,
        prepared: &Prepared,
        values: Option<ParamValues>,
    ) -> Result<Answer, Error> {
        let plan = prepared.plan.clone();
        if let LogicalPlan::Statement(statement) = plan {
            settings::apply(self, statement).await?;
            return Ok(Answer::empty());
        }
        let plan = match values {
            Some(values) => {
                plan.with_param_values(values).map_err(|error| self.translate(error))?
            }
            None => plan,
        };
        let frame = DataFrame::new(self.context.state(), plan);
        let stream = frame.execute_stream().await.map_err(|error| self.translate(error))?;
        Ok(Answer {
            schema: stream.schema(),
            stream: Box::pin(stream.map_err(|error| translate(error, &Names::default()))),
            notices: self.core.take_notices(),
        })
    }

    /// This session's settings of brunt's own.
    pub fn options(&self) -> BruntOptions {
        let state = self.context.state_ref();
        let state = state.read();
        state.config_options().extensions.get::<BruntOptions>().cloned().unwrap_or_default()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// An error of the engine, with the names that this session knows.
    pub(crate) fn translate(&self, error: datafusion::error::DataFusionError) -> Error {
        translate(error, &self.core.names())
    }
}

impl Prepared {
    /// The columns that it will answer with.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.plan.schema().inner())
    }

    /// The types of `$1`, `$2`, … in order; `None` where any type will do.
    pub fn parameter_types(&self) -> Result<Vec<Option<DataType>>, Error> {
        let types =
            self.plan.get_parameter_types().map_err(|error| translate(error, &Names::default()))?;
        let number = |id: &str| id.trim_start_matches('$').parse::<usize>().ok();
        let n_parameters = types.keys().filter_map(|id| number(id)).max().unwrap_or(0);
        let of = |idx: usize| types.get(&format!("${idx}")).cloned().flatten();
        Ok((1..=n_parameters).map(of).collect())
    }

    pub fn plan(&self) -> &LogicalPlan {
        &self.plan
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("epoch", &self.core.pin().epoch().number)
            .finish_non_exhaustive()
    }
}

fn new_state(engine: &Engine, core: &Arc<Core>) -> datafusion::error::Result<SessionState> {
    let mut rules: Vec<Arc<dyn datafusion::optimizer::AnalyzerRule + Send + Sync>> =
        vec![Arc::new(InlineTableFunctions::new(Arc::clone(core)))];
    rules.extend(Analyzer::new().rules);
    let mut state = SessionStateBuilder::new()
        .with_config(new_config(engine))
        .with_runtime_env(Arc::clone(engine.runtime()))
        .with_default_features()
        .with_analyzer_rules(rules)
        .with_relation_planners(vec![Arc::new(TableFunctionPlanner::new(Arc::clone(core)))])
        .build();
    functions::register_all(&mut state)?;
    Ok(state)
}

fn new_config(engine: &Engine) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(engine.target_partitions())
        .with_default_catalog_and_schema(CATALOG, PUBLIC)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_option_extension(BruntOptions::default());
    let options = config.options_mut();
    options.sql_parser.dialect = datafusion::common::config::Dialect::PostgreSQL;
    options.sql_parser.collect_spans = true;
    // A small side of a join becomes a list of its keys, which prunes row groups of the other by bloom filter.
    // The bound is on bytes; the one on values, 150 by default, would switch this off.
    options.optimizer.hash_join_inlist_pushdown_max_size = 64 << 20;
    options.optimizer.hash_join_inlist_pushdown_max_distinct_values = 1 << 20;
    config
}
