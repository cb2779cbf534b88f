//! The plan node of `error_impact`: reads what its children scan, and answers with one batch.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use brunt_model::Ts;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, InputDistributionRequirements,
    Partitioning, PlanProperties,
};
use futures::StreamExt;

use super::columns;
use super::kept::{Kept, Key};
use super::measure::{Inputs, Known, OfJourney};
use super::read::{Accounts, Activities, Carriers, Groups, PlanHistory, Rows, Sessions, Steps};
use super::settings::{Measured, Settings};
use crate::session::Notices;
use crate::time_text::time_text;

/// Sessions, activities, steps, carriers, plans, groups, accounts.
pub(super) const N_CHILDREN: usize = 7;

/// About how many bytes the estimator takes for an activity, beside what was read.
const ESTIMATE_BYTES: usize = 160;

/// Values and children only, so that the node can be made again elsewhere, where nothing is kept yet.
#[derive(Debug)]
pub(crate) struct ImpactExec {
    settings: Arc<Settings>,
    key: Key,
    kept: Arc<Kept>,
    children: Vec<Arc<dyn ExecutionPlan>>,
    /// Places of the columns that are wanted.
    projection: Vec<usize>,
    properties: Arc<PlanProperties>,
}

impl ImpactExec {
    pub(super) fn new(
        settings: Arc<Settings>,
        (key, kept): (Key, Arc<Kept>),
        children: Vec<Arc<dyn ExecutionPlan>>,
        projection: Vec<usize>,
    ) -> Result<Self> {
        let schema: SchemaRef = Arc::new(columns::schema().project(&projection)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Ok(Self { settings, key, kept, children, projection, properties: Arc::new(properties) })
    }
}

impl DisplayAs for ImpactExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let journeys: Vec<&str> =
            self.settings.journeys.iter().map(|journey| journey.name.as_str()).collect();
        write!(
            f,
            "ImpactExec: journeys=[{}], until={}",
            journeys.join(", "),
            time_text(Ts(self.settings.period.until))
        )?;
        if self.settings.period.from > i64::MIN {
            write!(f, ", since={}", time_text(Ts(self.settings.period.from)))?;
        }
        Ok(())
    }
}

impl ExecutionPlan for ImpactExec {
    fn name(&self) -> &'static str {
        "ImpactExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.children.iter().collect()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.children.len()])
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let kept = (self.key.clone(), Arc::clone(&self.kept));
        let projection = self.projection.clone();
        Ok(Arc::new(Self::new(Arc::clone(&self.settings), kept, children, projection)?))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let memory = MemoryConsumer::new("error_impact").register(context.memory_pool());
        let notices = context.session_config().get_extension::<Notices>();
        let (settings, projection) = (Arc::clone(&self.settings), self.projection.clone());
        let (kept, key, children) =
            (Arc::clone(&self.kept), self.key.clone(), self.children.clone());
        let answer = async move {
            let known = match kept.get(&key) {
                Some(known) => known,
                None => {
                    read_and_keep(&children, &context, &memory, &settings, (key, &kept)).await?
                }
            };
            memory.try_resize(known.size() + ESTIMATE_BYTES * known.n_activities())?;
            let asked = Arc::clone(&settings);
            let (journeys, batch) = on_own_threads(move || {
                let journeys = known.measure(&asked)?;
                let batch = columns::batch(&known, &journeys, asked.group.as_deref())?;
                Ok((journeys, batch))
            })
            .await?;
            drop(memory);
            if let Some(notices) = notices {
                for remark in remarks(&journeys, &batch, &settings) {
                    notices.add(remark);
                }
            }
            Ok(batch.project(&projection)?)
        };
        let stream = futures::stream::once(answer);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)))
    }
}

/// What a question is answered from, kept for the next one.
async fn read_and_keep(
    children: &[Arc<dyn ExecutionPlan>],
    context: &Arc<TaskContext>,
    memory: &MemoryReservation,
    settings: &Settings,
    (key, kept): (Key, &Kept),
) -> Result<Arc<Known>> {
    let inputs = read(children, context, memory).await?;
    let (with_synthetic, n_threads) = (settings.with_synthetic, settings.n_threads);
    let known = on_own_threads(move || Ok(Known::new(inputs, with_synthetic, n_threads)));
    let known = Arc::new(known.await?);
    // What stays between queries is no query's, so under a limit nothing does.
    if !matches!(context.memory_pool().memory_limit(), MemoryLimit::Finite(_)) {
        kept.put(key, &known);
    }
    Ok(known)
}

/// The estimate keeps threads of its own busy, so it must not hold one that others wait for.
async fn on_own_threads<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = SpawnedTask::spawn_blocking(work).join().await;
    done.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
}

/// The rows of a child, and how many there may be.
type Child = (usize, SendableRecordBatchStream);

/// How many rows a plan reads, whatever its filters leave of them; 0 where that is not known.
fn n_rows_max(plan: &dyn ExecutionPlan) -> usize {
    let children = plan.children();
    if children.is_empty() {
        let statistics = StatisticsContext::new().compute(plan, &StatisticsArgs::new());
        return statistics.ok().and_then(|it| it.num_rows.get_value().copied()).unwrap_or(0);
    }
    children.into_iter().map(|child| n_rows_max(child.as_ref())).sum()
}

/// Reads all children at the same time.
async fn read(
    children: &[Arc<dyn ExecutionPlan>],
    context: &Arc<TaskContext>,
    memory: &MemoryReservation,
) -> Result<Inputs> {
    let open = |child: &Arc<dyn ExecutionPlan>| {
        Ok((n_rows_max(child.as_ref()), child.execute(0, Arc::clone(context))?))
    };
    let streams = children.iter().map(open).collect::<Result<Vec<Child>>>()?;
    let n_streams = streams.len();
    let Ok([sessions, activities, steps, carriers, plans, groups, accounts]) =
        <[_; N_CHILDREN]>::try_from(streams)
    else {
        return Err(DataFusionError::Internal(format!("ImpactExec has {n_streams} children")));
    };
    let sessions = start::<Sessions>(sessions, memory);
    let activities = start::<Activities>(activities, memory);
    let steps = start::<Steps>(steps, memory);
    let carriers = start::<Carriers>(carriers, memory);
    let plans = start::<PlanHistory>(plans, memory);
    let groups = start::<Groups>(groups, memory);
    let accounts = start::<Accounts>(accounts, memory);
    Ok(Inputs {
        sessions: rows(sessions, memory).await?,
        activities: rows(activities, memory).await?,
        steps: rows(steps, memory).await?,
        carriers: rows(carriers, memory).await?,
        plans: rows(plans, memory).await?,
        groups: rows(groups, memory).await?,
        accounts: rows(accounts, memory).await?,
    })
}

type Task<T> = SpawnedTask<Result<(T, MemoryReservation)>>;

fn start<T: Rows>((n_rows, mut stream): Child, memory: &MemoryReservation) -> Task<T> {
    let memory = memory.new_empty();
    SpawnedTask::spawn(async move {
        let mut rows = T::default();
        rows.reserve(n_rows);
        memory.try_resize(rows.size())?;
        while let Some(batch) = stream.next().await {
            rows.push(&batch?)?;
            memory.try_resize(rows.size())?;
        }
        Ok((rows, memory))
    })
}

/// What a task read; its bytes count as those of `memory` from here on.
async fn rows<T: Rows>(task: Task<T>, memory: &MemoryReservation) -> Result<T> {
    let (rows, own) =
        task.join().await.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
    memory.grow(own.free());
    Ok(rows)
}

/// What a reader should know beside the rows, such as why there are none.
fn remarks(journeys: &[OfJourney], batch: &RecordBatch, settings: &Settings) -> Vec<String> {
    let nobody = settings.journeys.iter().zip(journeys).filter(|(_, of)| of.n_entries == 0);
    let mut remarks: Vec<String> =
        nobody.map(|(journey, of)| why_nobody(journey, of, settings)).collect();
    if let (Some(group), 0, true) = (&settings.group, batch.num_rows(), remarks.is_empty()) {
        remarks.push(format!("No activity of the period met error group \"{group}\"."));
    }
    remarks
}

fn why_nobody(journey: &Measured, of: &OfJourney, settings: &Settings) -> String {
    let name = &journey.name;
    let period = &settings.period;
    let n_days = i64::from(period.last_day.0) - i64::from(period.first_day.0) + 1;
    let days = match n_days {
        1 => format!("1 day of data ({})", period.first_day),
        _ => format!("{n_days} days of data ({} to {})", period.first_day, period.last_day),
    };
    if !of.has_first_step {
        return format!(
            "Nobody entered journey \"{name}\": no row of the period does its first step \"{}\", among {days}. \
             `brunt check` tells whether its condition can hold.",
            journey.first_step
        );
    }
    format!(
        "No entry of journey \"{name}\" has its window of {} over: the store has {days}, and the period ends at {}. \
         Load more days, or give the journey a shorter window.",
        span(journey.window_micros),
        time_text(Ts(period.until))
    )
}

/// A whole number of the largest unit that fits; a day is 24 hours.
fn span(micros: i64) -> String {
    const HOUR: i64 = 3_600_000_000;
    let units =
        [(48 * HOUR, 24 * HOUR, "day"), (HOUR, HOUR, "hour"), (HOUR / 60, HOUR / 60, "minute")];
    let fits = units.into_iter().find(|(least, unit, _)| micros >= *least && micros % unit == 0);
    let (_, unit, name) = fits.unwrap_or((1, 1_000_000, "second"));
    let n = micros / unit;
    format!("{n} {name}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        const HOUR: i64 = 3_600_000_000;
        let spans = [24 * HOUR, 48 * HOUR, 36 * HOUR, HOUR / 2, HOUR, 90_000_000];
        let texts = ["24 hours", "2 days", "36 hours", "30 minutes", "1 hour", "90 seconds"];
        assert_eq!(spans.map(span), texts);
    }
}
