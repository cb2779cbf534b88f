//! A call of `error_impact` as a table: finds the journeys and the period, and plans the scans that it needs.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use async_trait::async_trait;
use brunt_model::{Ts, table};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::empty::EmptyExec;

use super::columns;
use super::exec::{ImpactExec, N_CHILDREN};
use super::kept::Key;
use super::settings::{Asked, HOW_TO_DEFINE, Measured, Settings};
use crate::error::Error;
use crate::session::{Notices, Pin};

/// The tables by whose rows the period ends: entries are seen in these, so that the others' times say nothing about
/// whether a window is over.
const TELEMETRY: [&str; 3] = ["logs", "spans", "events"];

/// The queries of a call, in the order of the node's children.
#[derive(Debug, Clone)]
pub(super) struct Queries {
    pub(super) sessions: LogicalPlan,
    pub(super) activities: LogicalPlan,
    pub(super) steps: LogicalPlan,
    pub(super) carriers: LogicalPlan,
    pub(super) plans: LogicalPlan,
    pub(super) groups: LogicalPlan,
    pub(super) accounts: LogicalPlan,
}

/// A call whose arguments are known.
pub(super) struct ImpactTable {
    pub(super) pin: Arc<Pin>,
    pub(super) asked: Asked,
    pub(super) journeys: Vec<Measured>,
    pub(super) queries: Queries,
}

#[async_trait]
impl TableProvider for ImpactTable {
    fn schema(&self) -> SchemaRef {
        columns::schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = columns::schema();
        let projection = projection.cloned().unwrap_or_else(|| (0..all.fields().len()).collect());
        let notices = state.config().get_extension::<Notices>();
        let nothing = |remark: &str| {
            if let Some(notices) = &notices {
                notices.add(remark.to_owned());
            }
            let schema = Arc::new(all.project(&projection)?);
            Ok(Arc::new(EmptyExec::new(schema)) as Arc<dyn ExecutionPlan>)
        };
        if self.journeys.is_empty() {
            return nothing(&format!(
                "No journey is defined, so nothing can be measured. {HOW_TO_DEFINE}"
            ));
        }
        let Some(data) = data(&self.pin).await? else {
            return nothing(
                "The store has no logs, spans or events yet. Load exports with `brunt load`.",
            );
        };
        let settings = Settings {
            journeys: self.journeys.clone(),
            group: self.asked.group.clone(),
            period: self.asked.period(data).map_err(Error::from)?,
            with_synthetic: self.asked.with_synthetic,
            floor_pp: self.asked.floor_pp,
            zone: self.asked.zone,
            n_threads: state.config().target_partitions(),
        };
        let wanted: HashSet<&str> =
            projection.iter().map(|idx| all.field(*idx).name().as_str()).collect();
        let mut children = Vec::with_capacity(N_CHILDREN);
        let queries = self.queries.of(&settings, &wanted)?;
        let is_read = queries.each_ref().map(|query| matches!(query, Wanted::Read(_)));
        let kept = (Key::new(&settings, is_read), Arc::clone(self.pin.kept_impact()));
        for plan in queries {
            children.push(match plan {
                Wanted::Read(plan) => single(state.create_physical_plan(&plan).await?),
                Wanted::Left(schema) => Arc::new(EmptyExec::new(schema)),
            });
        }
        Ok(Arc::new(ImpactExec::new(Arc::new(settings), kept, children, projection)?))
    }
}

impl fmt::Debug for ImpactTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImpactTable").field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// A child that is read, or one that no wanted column needs.
enum Wanted {
    Read(LogicalPlan),
    Left(SchemaRef),
}

impl Queries {
    /// The queries with the rows that can matter, and only those that the wanted columns need.
    fn of(&self, settings: &Settings, wanted: &HashSet<&str>) -> Result<[Wanted; N_CHILDREN]> {
        let (from, until) = (settings.reads_from(), settings.period.until);
        let names = settings.journeys.iter().map(|journey| lit(journey.name.as_str())).collect();
        let of_journeys = LogicalPlanBuilder::from(self.steps.clone())
            .filter(col("journey").in_list(names, false))?
            .build()?;
        // An error can be told a little after the activity that carries it.
        let told_until = until.saturating_add(86_400_000_000);
        let if_any = |plan: &LogicalPlan, columns: &[&str]| {
            if columns.iter().any(|column| wanted.contains(column)) {
                Wanted::Read(plan.clone())
            } else {
                Wanted::Left(Arc::clone(plan.schema().inner()))
            }
        };
        Ok([
            Wanted::Read(self.sessions.clone()),
            Wanted::Read(between(&self.activities, from, until)?),
            Wanted::Read(between(&of_journeys, from, until)?),
            Wanted::Read(between(&self.carriers, from, told_until)?),
            Wanted::Read(self.plans.clone()),
            if_any(&self.groups, &["title", "introduced_in", "n_tickets"]),
            if_any(&self.accounts, &["mrr_touched"]),
        ])
    }
}

fn between(plan: &LogicalPlan, from: i64, until: i64) -> Result<LogicalPlan> {
    let at = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
    debug_assert!(matches!(
        plan.schema().field(0).data_type(),
        DataType::Timestamp(TimeUnit::Microsecond, _)
    ));
    let filter = col("ts").gt_eq(at(from)).and(col("ts").lt_eq(at(until)));
    LogicalPlanBuilder::from(plan.clone()).filter(filter)?.build()
}

fn single(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    if plan.properties().output_partitioning().partition_count() == 1 {
        return plan;
    }
    Arc::new(CoalescePartitionsExec::new(plan))
}

/// The first and the last sane time of the store's telemetry; `None` where there is none.
async fn data(pin: &Pin) -> Result<Option<(Ts, Ts)>, Error> {
    let mut data: Option<(Ts, Ts)> = None;
    for table in TELEMETRY.iter().filter_map(|name| table(name)) {
        let snapshot = pin.snapshot(table).await?;
        // Rows whose time is not known lie on the first day of all.
        for file in snapshot.files.iter().filter(|file| file.day.0 > 0) {
            data = Some(match data {
                None => (file.ts_min, file.ts_max),
                Some((first, last)) => (first.min(file.ts_min), last.max(file.ts_max)),
            });
        }
    }
    Ok(data)
}
