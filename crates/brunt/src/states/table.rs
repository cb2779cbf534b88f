//! Table `error_group_states`: one row an error group of which people decided something.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_model::ColumnType::{Text, Timestamp};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

use super::decision::{self, Decided};
use super::facts;
use super::judge::{Facts, State, judge};
use crate::computed::schema_of;
use crate::session::Core;

/// Name of the table.
pub(crate) const NAME: &str = "error_group_states";

/// Columns for which the data are asked; the others are the decisions'.
const JUDGED: [&str; 2] = ["state", "state_reason"];

/// The states at the session's epoch, worked out when they are scanned.
#[derive(Debug)]
pub(crate) struct GroupStates {
    pub(crate) core: Arc<Core>,
}

#[async_trait]
impl TableProvider for GroupStates {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("error_group_id", Text, "Error group, by its id of today."),
                ("state", Text, "`open resolved ignored regressed`."),
                ("state_reason", Text, "Why it is in that state."),
                ("decided_at", Timestamp, "When the last decision was made."),
                ("actor", Text, "Who made it."),
                ("comment", Text, "What they said about it."),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.schema();
        let wanted = |idx: &usize| JUDGED.contains(&schema.field(*idx).name().as_str());
        let is_judged = projection.is_none_or(|projection| projection.iter().any(wanted));
        let groups = decision::read(&self.core.pin()).await?;
        let judged = if is_judged { self.judged(&groups).await? } else { Vec::new() };
        let batch = RecordBatch::try_new(self.schema(), columns(&groups, &judged))?;
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], schema, projection.cloned())?)
    }
}

impl GroupStates {
    /// State and reason of each group, in their order.
    async fn judged(
        &self,
        groups: &BTreeMap<String, Vec<Decided>>,
    ) -> Result<Vec<(State, String)>> {
        let (facts, orders) = facts::read(&self.core.state()?, groups).await?;
        let none = Facts::default();
        let judged = groups.iter().filter_map(|(group, decided)| {
            judge(decided, facts.get(group).unwrap_or(&none), &orders)
        });
        Ok(judged.collect())
    }
}

fn columns(groups: &BTreeMap<String, Vec<Decided>>, judged: &[(State, String)]) -> Vec<ArrayRef> {
    let last = || groups.values().map(|decided| decided.last());
    let of_judged = |of: fn(&(State, String)) -> &str| -> ArrayRef {
        Arc::new((0..groups.len()).map(|idx| judged.get(idx).map(of)).collect::<StringArray>())
    };
    let times: TimestampMicrosecondArray = last().map(|it| Some(it?.at.0)).collect();
    let actors = last().map(|it| it?.update.actor.as_deref()).collect::<StringArray>();
    let comments = last().map(|it| it?.update.comment.as_deref()).collect::<StringArray>();
    vec![
        Arc::new(StringArray::from_iter_values(groups.keys())),
        of_judged(|(state, _)| state.as_str()),
        of_judged(|(_, reason)| reason),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(actors),
        Arc::new(comments),
    ]
}
