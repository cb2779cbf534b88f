//! A session: settings of its own over a pinned epoch, and SQL in, record batches out.

mod answer;
mod columns;
mod dialect;
mod engine;
mod pin;
mod settings;
mod shared;
mod statement;
mod view;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::ParamValues;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Analyzer;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use futures::{StreamExt, TryStreamExt};

pub use self::answer::{Answer, RecordBatchStream};
pub use self::columns::name_columns;
pub use self::engine::{Engine, EngineOptions};
pub use self::pin::Pin;
pub(crate) use self::settings::is_settable;
pub(crate) use self::shared::{Core, Notices};
pub use self::statement::Statement;

use crate::catalog::{CATALOG, Catalog, PUBLIC};
use crate::code::Code;
use crate::config::BruntOptions;
use crate::error::Error;
use crate::functions;
use crate::groups::find_group;
use crate::impact::ImpactExec;
use crate::pinned_grouping::PinnedGrouping;
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
        let grouping = pin.grouping(engine.grouped());
        let core = Arc::new(Core::new(pin, table_functions));
        let state = new_state(&engine, &core, grouping)
            .map_err(|error| translate(error, &Names::default()))?;
        let context = SessionContext::new_with_state(state);
        context.register_catalog(CATALOG, Arc::new(Catalog::new(&core)));
        core.bind(&context);
        Ok(Self { engine, core, context })
    }

    /// Lets statements read files of this machine by name: `FROM 'orders.parquet'`, `FROM 'logs/*.jsonl'`. Files end in
    /// `.parquet`, `.csv`, `.tsv`, `.json`, `.jsonl`, `.ndjson` or `.arrow`; relative names begin at the working folder.
    ///
    /// Only for whoever may read those files anyway: a server's sessions must not.
    ///
    /// # Errors
    /// Later, of statements: [`Code::InputRefused`] where no file has the name or it is not what its ending says.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("orders.csv");
    /// std::fs::write(&path, "id,value\n1,40.5\n2,10\n").unwrap();
    ///
    /// let store = brunt::Store::in_memory(brunt_model::Ts(0)).await?;
    /// let session = store.session().await?.with_local_files();
    /// let sql = format!("SELECT id FROM '{}' WHERE value > 20", path.display());
    /// let rows = session.sql(&sql).await?.collect().await?;
    /// assert_eq!(rows[0].num_rows(), 1);
    /// # Ok::<(), brunt::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_local_files(self) -> Self {
        self.core.allow_local_files();
        self
    }

    /// Takes the epoch that `brunt.epoch` asks for, by default the newest whole one, and returns its number.
    ///
    /// Doors call it before each statement, unless a transaction keeps what it began with.
    pub async fn pin(&self) -> Result<u64, Error> {
        let pin = self.engine.pin(self.options().epoch).await?;
        let number = pin.epoch().number;
        self.pin_grouping(pin.grouping(self.engine.grouped()));
        self.core.set_pin(pin);
        Ok(number)
    }

    /// The epoch that statements read now.
    pub fn pinned(&self) -> Arc<Pin> {
        self.core.pin()
    }

    /// The error group that an id means: its own, one that it had before, or so much of the beginning as no other has.
    ///
    /// # Errors
    /// [`Code::UndefinedObject`] where no group has the id, [`Code::InvalidArgument`] where several begin so; the hint
    /// names the nearest.
    pub async fn find_error_group(&self, id: &str) -> Result<String, Error> {
        find_group(self, id).await
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
    pub async fn prepare(&self, mut statement: Statement) -> Result<Prepared, Error> {
        self.core.notices().take();
        columns::name(&mut statement.0);
        dialect::adapt(&mut statement.0);
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
        let context = Arc::new(frame.task_ctx());
        let plan = frame.create_physical_plan().await.map_err(|error| self.translate(error))?;
        let remarks = remarks_on_rows(&plan);
        let stream = execute_stream(plan, context).map_err(|error| self.translate(error))?;
        let schema = columns::shown_schema(&stream.schema());
        let batches = stream.map(|batch| batch.and_then(|batch| Ok(columns::shown_batch(batch)?)));
        let mut stream =
            Box::pin(batches.map_err(|error| translate(error, &Names::default())).peekable());
        if remarks {
            stream.as_mut().peek().await;
        }
        Ok(Answer { schema, stream, notices: self.core.notices().take() })
    }

    /// This session's settings of brunt's own.
    pub fn options(&self) -> BruntOptions {
        let state = self.context.state_ref();
        let state = state.read();
        state.config_options().extensions.get::<BruntOptions>().cloned().unwrap_or_default()
    }

    /// Lets functions group so from the next statement on.
    fn pin_grouping(&self, grouping: PinnedGrouping) {
        let state = self.context.state_ref();
        let is_same = |pinned: &PinnedGrouping| {
            Arc::ptr_eq(&pinned.grouper.rules, &grouping.grouper.rules)
                && Arc::ptr_eq(&pinned.aliases, &grouping.aliases)
        };
        if !state.read().config_options().extensions.get().is_some_and(is_same) {
            state.write().config_mut().options_mut().extensions.insert(grouping);
        }
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
        columns::shown_schema(self.plan.schema().inner())
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

/// Whether a plan may have remarks that are only known when its first rows are.
fn remarks_on_rows(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<ImpactExec>() || plan.children().into_iter().any(remarks_on_rows)
}

fn new_state(
    engine: &Engine,
    core: &Arc<Core>,
    grouping: PinnedGrouping,
) -> datafusion::error::Result<SessionState> {
    let mut analyzers: Vec<Arc<dyn datafusion::optimizer::AnalyzerRule + Send + Sync>> =
        vec![Arc::new(InlineTableFunctions::new(Arc::clone(core)))];
    analyzers.extend(Analyzer::new().rules);
    let mut state = SessionStateBuilder::new()
        .with_config(new_config(engine, grouping).with_extension(Arc::clone(core.notices())))
        .with_runtime_env(Arc::clone(engine.runtime()))
        .with_default_features()
        .with_analyzer_rules(analyzers)
        .with_relation_planners(vec![Arc::new(TableFunctionPlanner::new(Arc::clone(core)))])
        .build();
    functions::register_all(&mut state)?;
    Ok(state)
}

/// Keys of a join that are looked for in the other side's filters.
const JOIN_KEYS_MAX: usize = 500;
/// Bytes that these may take.
const JOIN_KEYS_BYTES_MAX: usize = 64 << 20;

fn new_config(engine: &Engine, grouping: PinnedGrouping) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(engine.target_partitions())
        .with_default_catalog_and_schema(CATALOG, PUBLIC)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_option_extension(BruntOptions::default())
        .with_option_extension(grouping);
    let options = config.options_mut();
    options.sql_parser.dialect = datafusion::common::config::Dialect::PostgreSQL;
    options.sql_parser.collect_spans = true;
    // A small side of a join becomes a list of its keys, which prunes row groups of the other by bloom filter. Each file
    // takes the list apart anew, so of more keys than these the hash table filters rows instead.
    options.optimizer.hash_join_inlist_pushdown_max_distinct_values = JOIN_KEYS_MAX;
    // Few keys that were looked up keep the pages that they came from, and count with their bytes.
    options.optimizer.hash_join_inlist_pushdown_max_size = JOIN_KEYS_BYTES_MAX;
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ask, empty_store, engine, fails, put, session};
    use crate::session::EngineOptions;

    const ONE: &str = r#"{"ts":"2025-10-01T10:00:00Z","error_id":"e1"}"#;
    const TWO: &str = "{\"ts\":\"2025-10-01T10:00:00Z\",\"error_id\":\"e1\"}\n{\"ts\":\"2025-10-01T11:00:00Z\",\"error_id\":\"e2\"}";

    #[tokio::test]
    async fn a_session_reads_one_epoch_until_it_pins_the_next() {
        let store = empty_store().await;
        put(&store, "errors", ONE).await;
        let session = session(&store).await;
        put(&store, "errors", TWO).await;
        assert_eq!(ask(&session, "SELECT count(*) FROM errors").await, ["1"]);
        assert_eq!(session.pin().await.unwrap(), 2);
        assert_eq!(ask(&session, "SELECT count(*) FROM errors").await, ["2"]);
    }

    #[tokio::test]
    async fn an_older_epoch_can_be_asked_for_and_left_again() {
        let store = empty_store().await;
        put(&store, "errors", ONE).await;
        put(&store, "errors", TWO).await;
        let session = session(&store).await;
        ask(&session, "SET brunt.epoch = 1").await;
        assert_eq!(session.pin().await.unwrap(), 1);
        assert_eq!(ask(&session, "SELECT count(*) FROM errors").await, ["1"]);
        let err = fails(&session, "SET brunt.epoch = 77").await;
        assert_eq!(err.code(), Code::UndefinedObject);
        assert_eq!(session.pin().await.unwrap(), 1);
        ask(&session, "RESET brunt.epoch").await;
        assert_eq!(session.pin().await.unwrap(), 2);
        assert_eq!(ask(&session, "SHOW brunt.epoch").await, ["brunt.epoch|newest"]);
    }

    #[tokio::test]
    async fn settings_belong_to_one_session() {
        let engine = engine(&empty_store().await).await;
        let (one, other) = (engine.session().await.unwrap(), engine.session().await.unwrap());
        ask(&one, "SET brunt.confidence = 0.9").await;
        ask(&one, "SET TIME ZONE 'Europe/Stockholm'").await;
        assert_eq!(ask(&one, "SHOW brunt.confidence").await, ["brunt.confidence|0.9"]);
        assert_eq!(ask(&other, "SHOW brunt.confidence").await, ["brunt.confidence|0.95"]);
        assert_ne!(ask(&one, "SHOW timezone").await, ask(&other, "SHOW timezone").await);
    }

    #[tokio::test]
    async fn a_setting_that_is_not_there_or_not_allowed_is_refused() {
        let session = session(&empty_store().await).await;
        for (sql, code, hint) in [
            ("SET brunt.confidance = 0.9", Code::UndefinedObject, "Did you mean"),
            ("SET brunt.confidence = 2", Code::InvalidArgument, "between 0 and 1"),
            ("SET brunt.epoch = 'never'", Code::InvalidArgument, "newest"),
            (
                "SET datafusion.runtime.memory_limit = '100G'",
                Code::UndefinedObject,
                "system.settings",
            ),
            ("SET datafusion.execution.target_partitions = 1000", Code::InvalidArgument, ""),
        ] {
            let err = fails(&session, sql).await;
            assert_eq!(err.code(), code, "{sql}: {err}");
            assert!(err.hint().unwrap_or_default().contains(hint), "{sql}: {:?}", err.hint());
        }
    }

    #[tokio::test]
    async fn sql_never_writes() {
        let session = session(&empty_store().await).await;
        for sql in [
            "DELETE FROM logs",
            "CREATE VIEW v AS SELECT 1",
            "SELECT * INTO t FROM logs",
            "COPY (SELECT 1) TO '/tmp/x.parquet'",
            "EXPLAIN ANALYZE INSERT INTO logs SELECT * FROM logs",
            "WITH gone AS (DELETE FROM logs RETURNING *) SELECT * FROM gone",
        ] {
            let err = fails(&session, sql).await;
            assert!(matches!(err.code(), Code::ReadOnly | Code::NotSupported), "{sql}: {err}");
        }
    }

    #[tokio::test]
    async fn a_query_past_the_memory_limit_says_so() {
        let options =
            EngineOptions { memory_limit_bytes: Some(1 << 20), target_partitions: Some(2) };
        let session = Engine::new(empty_store().await, &options).unwrap().session().await.unwrap();
        let err = fails(&session, "SELECT array_agg(value) FROM range(10000000)").await;
        assert_eq!(err.code(), Code::OutOfMemory, "{err}");
        assert!(err.hint().unwrap().contains("--memory-limit"));
    }

    #[tokio::test]
    async fn a_text_is_one_statement() {
        let session = session(&empty_store().await).await;
        assert_eq!(ask(&session, "SELECT 1;").await, ["1"]);
        assert_eq!(fails(&session, "").await.to_string(), "there is no statement");
        assert_eq!(
            fails(&session, "SELECT 1; SELECT 2").await.to_string(),
            "there is more than one statement"
        );
    }

    #[tokio::test]
    async fn parameters_are_described_and_then_bound() {
        let store = empty_store().await;
        put(&store, "errors", TWO).await;
        let session = session(&store).await;
        let statement =
            Statement::parse("SELECT ts FROM errors WHERE error_id = $1").unwrap().remove(0);
        let prepared = session.prepare(statement).await.unwrap();
        assert_eq!(prepared.schema().field(0).name(), "ts");
        assert_eq!(prepared.parameter_types().unwrap(), [Some(DataType::Utf8View)]);
        let values = ParamValues::from(vec![datafusion::common::ScalarValue::from("e2")]);
        let batches =
            session.execute(&prepared, Some(values)).await.unwrap().collect().await.unwrap();
        assert_eq!(batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 1);
        let err = session.execute(&prepared, None).await.unwrap_err();
        assert_eq!(err.code(), Code::UndefinedParameter, "{err}");
    }

    #[tokio::test]
    async fn json_is_taken_apart_with_arrows() {
        let store = empty_store().await;
        let row = r#"{"ts":"2025-10-01T10:00:00Z","feature_flags":"{\"cart\":{\"items\":3},\"new\":\"on\"}"}"#;
        put(&store, "sessions", row).await;
        let session = session(&store).await;
        let sql = "SELECT feature_flags->>'new', feature_flags->'cart'->>'items' FROM sessions \
                   WHERE feature_flags->>'new' = 'on'";
        assert_eq!(ask(&session, sql).await, ["on|3"]);
    }
}
