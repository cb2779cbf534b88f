//! Reads a day's base rows into facts: each column once, each text once.

mod attributes;
mod columns;
mod events;
mod logs;
mod records;
mod spans;

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::compute::cast;
use arrow::record_batch::RecordBatch;
use brunt_fingerprint::Rules;
use brunt_model::{Day, Table, table};
use futures::TryStreamExt;

use self::attributes::Attributes;
pub(crate) use self::attributes::attribute;
use super::Rows;
use super::context::Contexts;
use super::facts::{Event, Facts, Record, Row, Span, StepRow, UNKNOWN_DAY};
use super::grouping::Groupings;
use super::halves::make_whole;
use super::symbols::Symbols;
use crate::code::Code;
use crate::definitions::{Condition, Definitions, Step, StepTable};
use crate::error::Error;
use crate::grouper::Grouper;

/// The base tables of which derived tables are made day by day.
pub(crate) const DERIVED_FROM: [&str; 3] = ["spans", "logs", "events"];

/// What texts, contexts and groupings the days in work have so far.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) symbols: Symbols,
    pub(super) contexts: Contexts,
    pub(super) groupings: Groupings,
    /// Of the batch in work, those that rules of grouping look at.
    attributes: Attributes,
}

/// The facts of a day while they are collected; rows are in no order yet.
#[derive(Debug)]
struct Collected<'a> {
    known: &'a mut Known,
    rows: Vec<Row>,
    spans: Vec<Span>,
    events: Vec<Event>,
    records: Vec<Record>,
    steps: Vec<StepRow>,
}

/// A step of a journey and its place in the list of all steps of all journeys.
type NumberedStep<'a> = (u32, &'a Step);

impl Known {
    /// Nothing yet; `keeps_recorded` as for [`Groupings::new`].
    pub(super) fn new(grouper: Grouper, keeps_recorded: bool) -> Self {
        Self::over(Groupings::new(grouper, keeps_recorded))
    }

    /// As this one was when it knew nothing.
    pub(super) fn renewed(&self) -> Self {
        Self::over(self.groupings.renewed())
    }

    /// Memory that texts take, roughly.
    pub(super) fn size_bytes(&self) -> usize {
        self.symbols.size_bytes() + self.groupings.size_bytes()
    }

    fn over(groupings: Groupings) -> Self {
        Self {
            symbols: Symbols::default(),
            contexts: Contexts::default(),
            groupings,
            attributes: Attributes::default(),
        }
    }
}

/// Reads the rows of `spans`, `logs` and `events` of a day.
///
/// # Errors
/// Those of reading, of a step's expression on a row, and [`Code::Internal`] where a batch is not what was asked for.
pub(super) async fn read_day(
    tables: &mut impl Rows,
    day: Day,
    definitions: &Definitions,
    known: &mut Known,
) -> Result<Facts, Error> {
    let mut collected = Collected {
        known,
        rows: Vec::new(),
        spans: Vec::new(),
        events: Vec::new(),
        records: Vec::new(),
        steps: Vec::new(),
    };
    #[expect(clippy::items_after_statements, reason = "named where it is used")]
    type Collect = fn(&mut Collected<'_>, &RecordBatch) -> Result<(), Error>;
    let collects: [Collect; 3] = [spans::collect, logs::collect, events::collect];
    for (name, collect) in DERIVED_FROM.into_iter().zip(collects) {
        let base = base_table(name)?;
        let steps = steps_on(definitions, name);
        let rules = Arc::clone(collected.known.groupings.rules());
        let asked = asked_of(base, definitions, &rules);
        let mut rows = tables.rows(base, day, &asked).await?;
        while let Some(batch) = rows.try_next().await? {
            let batch = as_asked(base, &asked, &batch)?;
            let first_row = collected.rows.len();
            collected.known.attributes = Attributes::new(base, &batch, &rules)?;
            collect(&mut collected, &batch)?;
            if day != UNKNOWN_DAY {
                collect_steps(&mut collected, &steps, &batch, first_row)?;
            }
        }
    }
    let Collected { known, mut rows, mut spans, mut events, records, steps } = collected;
    // They stay for five days, with no room for more.
    spans.shrink_to_fit();
    events.shrink_to_fit();
    make_whole(&mut rows, &known.symbols);
    Ok(Facts::new(day, rows, spans, events, records, steps, &known.contexts))
}

/// A base table by a name that is written in this crate.
pub(super) fn base_table(name: &str) -> Result<&'static Table, Error> {
    table(name)
        .ok_or_else(|| Error::statement(Code::Internal, format!("there is no table \"{name}\"")))
}

/// The batch with exactly the asked columns, in the types of the table; a store may keep texts in another form.
pub(super) fn as_asked(
    base: &'static Table,
    asked: &[&'static str],
    batch: &RecordBatch,
) -> Result<RecordBatch, Error> {
    let internal = |reason: String| Error::statement(Code::Internal, reason);
    let schema = base.schema();
    let mut fields = Vec::with_capacity(asked.len());
    let mut arrays = Vec::with_capacity(asked.len());
    for name in asked {
        let field = schema
            .field_with_name(name)
            .map_err(|_| internal(format!("table \"{}\" has no column \"{name}\"", base.name)))?;
        let array = batch.column_by_name(name).ok_or_else(|| {
            internal(format!("rows of \"{}\" came without \"{name}\"", base.name))
        })?;
        let array = if array.data_type() == field.data_type() {
            Arc::clone(array)
        } else {
            cast(array, field.data_type()).map_err(|error| internal(error.to_string()))?
        };
        fields.push(field.clone());
        arrays.push(array);
    }
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    RecordBatch::try_new(schema, arrays).map_err(|error| internal(error.to_string()))
}

fn steps_on<'a>(definitions: &'a Definitions, base: &str) -> Vec<NumberedStep<'a>> {
    let all = definitions.journeys.iter().flat_map(|journey| &journey.steps);
    (0_u32..).zip(all).filter(|(_, step)| step.table.base() == base).collect()
}

/// The columns of a base table that [`read_day`] reads, where errors are grouped by these rules.
pub(super) fn asked_of(
    base: &'static Table,
    definitions: &Definitions,
    rules: &Rules,
) -> Vec<&'static str> {
    let mut asked = match base.name {
        "spans" => spans::COLUMNS,
        "logs" => logs::COLUMNS,
        _ => events::COLUMNS,
    }
    .to_vec();
    let steps = steps_on(definitions, base.name);
    let looked_at = attributes::columns(base, rules);
    let conditions = steps.iter().flat_map(|(_, step)| [&step.condition, &step.value]);
    for column in conditions.flatten().flat_map(Condition::columns).chain(&looked_at) {
        if !asked.contains(column) {
            asked.push(column);
        }
    }
    asked
}

fn collect_steps(
    collected: &mut Collected<'_>,
    steps: &[NumberedStep<'_>],
    batch: &RecordBatch,
    first_row: usize,
) -> Result<(), Error> {
    for (number, step) in steps {
        let holds = match &step.condition {
            Some(condition) => condition.holds(batch)?,
            None => BooleanArray::from(vec![true; batch.num_rows()]),
        };
        if holds.true_count() == 0 {
            continue;
        }
        let amounts = step.value.as_ref().map(|value| value.amounts(batch)).transpose()?;
        for row_idx in holds.values().set_indices() {
            let row = first_row + row_idx;
            if step.table == StepTable::Orders && !is_order(collected, row) {
                continue;
            }
            let value = amounts.as_ref().and_then(|amounts| amounts[row_idx]);
            let row = u32::try_from(row).unwrap_or(u32::MAX);
            collected.steps.push(StepRow { row, step: *number, value });
        }
    }
    Ok(())
}

/// Whether the row could be an order: it has an order id and is no refund.
fn is_order(collected: &Collected<'_>, row: usize) -> bool {
    let detail = collected.rows[row].detail as usize;
    let event = collected.events.get(detail);
    event.is_some_and(|event| {
        event.order.is_some() && event.order_value.get().is_none_or(|value| value >= 0)
    })
}

impl Collected<'_> {
    /// The place that the next row will have.
    fn next_row(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }
}
