//! `window_funnel(window, ts, cond1, cond2, … [, mode …])`: how far a chain of events got within a window.
//!
//! ClickHouse writes `windowFunnel(window, mode, …)(ts, cond1, …)`; SQL here has no second pair of parentheses, so the
//! window comes first and modes come last, as texts.

use std::mem::{size_of, take};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{
    DataType, Field, FieldRef, Int64Type, IntervalUnit, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::PhysicalExpr;

use super::Document;
use crate::code::Code;
use crate::error::Fault;
use crate::funnel::{Event, Funnel, level};
use crate::nearest::nearest;

pub(super) static DOCUMENT: Document = Document {
    name: "window_funnel",
    arguments: "window interval, ts timestamp with time zone, cond1 boolean, cond2 boolean, … [, mode text …]",
    returns: "integer",
    description: "How many of the conditions were met one after the other, each by a later row, within the window from \
                  the first; 0 where the first never was. The longest chain of the group counts. A window without a \
                  unit is in seconds. Modes: strict_deduplication ends the chain where a condition is met again, \
                  strict_order where another row comes between, strict_increase wants later times and not equal ones, \
                  strict_once is always so.",
    example: "SELECT session_id, window_funnel(INTERVAL '1 hour', ts, event_name = 'view', event_name = 'buy') \
              FROM events GROUP BY session_id",
};

/// Conditions are bits of a row's mask, one of which says that it met none.
const CONDITIONS_MAX: usize = 62;

const MODES: [&str; 4] = ["strict_deduplication", "strict_order", "strict_increase", "strict_once"];

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct WindowFunnel {
    signature: Signature,
}

impl WindowFunnel {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for WindowFunnel {
    fn name(&self) -> &str {
        DOCUMENT.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let wrong = || {
            Fault::new(
                Code::UndefinedFunction,
                format!("\"{}\" takes ({})", DOCUMENT.name, DOCUMENT.arguments),
            )
        };
        let [window, ts, rest @ ..] = arg_types else { return Err(wrong().into()) };
        let window = match window {
            window if window.is_integer() => DataType::Int64,
            DataType::Interval(_) | DataType::Utf8 | DataType::Utf8View | DataType::Duration(_) => {
                DataType::Interval(IntervalUnit::MonthDayNano)
            }
            _ => return Err(wrong().into()),
        };
        if !matches!(ts, DataType::Timestamp(..) | DataType::Date32 | DataType::Null) {
            return Err(wrong().into());
        }
        let mut types =
            vec![window, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))];
        for ty in rest {
            types.push(match ty {
                DataType::Boolean | DataType::Null => DataType::Boolean,
                ty if ty.is_integer() => DataType::Boolean,
                DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
                _ => return Err(wrong().into()),
            });
        }
        if types.get(2) != Some(&DataType::Boolean) {
            return Err(wrong().into());
        }
        Ok(types)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int32)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup(events(&args)?)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(events(&args)?))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |name| {
            let item = Field::new_list_field(DataType::Int64, true);
            Arc::new(Field::new_list(format_state_name(args.name, name), item, true))
        };
        Ok(vec![list("ts"), list("met")])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}

fn events(args: &AccumulatorArgs<'_>) -> Result<GroupedEvents> {
    Ok(GroupedEvents { funnel: funnel(args.exprs)?, ..GroupedEvents::default() })
}

/// Window, conditions and modes of a call.
fn funnel(exprs: &[Arc<dyn PhysicalExpr>]) -> Result<Funnel> {
    let literal = |expr: &Arc<dyn PhysicalExpr>| {
        expr.downcast_ref::<Literal>().map(|literal| literal.value().clone())
    };
    let window_micros =
        literal(&exprs[0]).and_then(|value| window_micros(&value)).ok_or_else(|| {
            Fault::new(
                Code::InvalidArgument,
                "the window of \"window_funnel\" is not a constant length of time",
            )
            .with_hint("Give an interval of days or less, such as INTERVAL '1 hour', or seconds.")
        })?;
    let mut funnel = Funnel { window_micros, ..Funnel::default() };
    for expr in &exprs[2..] {
        match literal(expr) {
            Some(ScalarValue::Utf8(Some(mode))) => set_mode(&mut funnel, &mode)?,
            _ => funnel.n_conditions += 1,
        }
    }
    if funnel.n_conditions > CONDITIONS_MAX {
        return Err(Fault::new(
            Code::InvalidArgument,
            format!("\"window_funnel\" takes at most {CONDITIONS_MAX} conditions"),
        )
        .into());
    }
    Ok(funnel)
}

fn window_micros(window: &ScalarValue) -> Option<i64> {
    match window {
        ScalarValue::Int64(Some(seconds)) => seconds.checked_mul(1_000_000),
        ScalarValue::IntervalMonthDayNano(Some(window)) if window.months == 0 => {
            i64::from(window.days)
                .checked_mul(86_400_000_000)?
                .checked_add(window.nanoseconds / 1000)
        }
        _ => None,
    }
}

fn set_mode(funnel: &mut Funnel, mode: &str) -> Result<()> {
    match mode {
        "strict_deduplication" => funnel.strict_deduplication = true,
        "strict_order" => funnel.strict_order = true,
        "strict_increase" => funnel.strict_increase = true,
        "strict_once" => {}
        _ => {
            let fault = Fault::new(
                Code::InvalidArgument,
                format!("\"window_funnel\" has no mode \"{mode}\""),
            );
            return Err(match nearest(mode, MODES) {
                Some(meant) => fault.with_hint(format!("Did you mean \"{meant}\"?")),
                None => fault.with_hint(format!("Modes are {}.", MODES.join(", "))),
            }
            .into());
        }
    }
    Ok(())
}

/// The rows that matter, of all groups: those that met a condition, and in strict order all.
#[derive(Debug, Default)]
struct GroupedEvents {
    funnel: Funnel,
    /// Each with its group.
    events: Vec<(usize, Event)>,
    n_groups: usize,
}

impl GroupedEvents {
    /// The first groups with their events, in order; the others move up.
    fn take(&mut self, emit_to: EmitTo) -> (usize, Vec<(usize, Event)>) {
        let (n_groups, mut taken) = match emit_to {
            EmitTo::All => (self.n_groups, take(&mut self.events)),
            EmitTo::First(n_groups) => {
                let (taken, mut rest): (Vec<_>, Vec<_>) =
                    take(&mut self.events).into_iter().partition(|(group, _)| *group < n_groups);
                for (group, _) in &mut rest {
                    *group -= n_groups;
                }
                self.events = rest;
                (n_groups, taken)
            }
        };
        self.n_groups -= n_groups;
        taken.sort_unstable_by_key(|(group, event)| (*group, event.order()));
        (n_groups, taken)
    }
}

impl GroupsAccumulator for GroupedEvents {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.n_groups = total_num_groups;
        each_event(&self.funnel, values, filter, |row_idx, event| {
            self.events.push((group_indices[row_idx], event));
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (n_groups, taken) = self.take(emit_to);
        let mut levels = vec![0; n_groups];
        let mut events = Vec::new();
        for of_group in taken.chunk_by(|(one, _), (other, _)| one == other) {
            events.clear();
            events.extend(of_group.iter().map(|(_, event)| *event));
            levels[of_group[0].0] = i32::try_from(level(&self.funnel, &events)).unwrap_or(i32::MAX);
        }
        Ok(Arc::new(Int32Array::from(levels)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (n_groups, taken) = self.take(emit_to);
        let mut lengths = vec![0; n_groups];
        for (group, _) in &taken {
            lengths[*group] += 1;
        }
        lists(&lengths, taken.iter().map(|(_, event)| event))
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.n_groups = total_num_groups;
        let [times, met] = [0, 1].map(|idx: usize| states[idx].as_list::<i32>());
        for (row_idx, group) in group_indices.iter().enumerate() {
            let [times, met] = [times, met].map(|list| list.value(row_idx));
            let [times, met] = [&times, &met].map(|list| list.as_primitive::<Int64Type>().values());
            let event =
                |(micros, met): (&i64, &i64)| Event { micros: *micros, met: met.cast_unsigned() };
            self.events.extend(times.iter().zip(met).map(event).map(|event| (*group, event)));
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let (mut lengths, mut events) = (vec![0; values[1].len()], Vec::new());
        each_event(&self.funnel, values, filter, |row_idx, event| {
            lengths[row_idx] = 1;
            events.push(event);
        });
        lists(&lengths, events.iter())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.events.capacity() * size_of::<(usize, Event)>()
    }
}

/// A query without groups, or over a window: one group.
#[derive(Debug)]
struct OneGroup(GroupedEvents);

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.update_batch(values, &vec![0; values[1].len()], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge_batch(states, &vec![0; states[0].len()], 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.n_groups = 1;
        let states = self.0.state(EmitTo::All)?;
        states.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    /// Keeps the events: a window that grows asks again.
    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.events.sort_unstable_by_key(|(_, event)| event.order());
        let events: Vec<Event> = self.0.events.iter().map(|(_, event)| *event).collect();
        Ok(ScalarValue::Int32(i32::try_from(level(&self.0.funnel, &events)).ok()))
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

/// Calls with each of the rows that matter and pass.
fn each_event(
    funnel: &Funnel,
    values: &[ArrayRef],
    filter: Option<&BooleanArray>,
    mut then: impl FnMut(usize, Event),
) {
    let times = values[1].as_primitive::<TimestampMicrosecondType>();
    let conditions: Vec<&BooleanArray> =
        values[2..].iter().filter_map(|values| values.as_boolean_opt()).collect();
    let holds = |of: &BooleanArray, row_idx: usize| of.is_valid(row_idx) && of.value(row_idx);
    let passes = |row_idx: &usize| {
        times.is_valid(*row_idx) && filter.is_none_or(|filter| holds(filter, *row_idx))
    };
    for row_idx in (0..times.len()).filter(passes) {
        let met = conditions.iter().enumerate().fold(0, |met, (condition_idx, condition)| {
            met | (u64::from(holds(condition, row_idx)) << condition_idx)
        });
        if met != 0 || funnel.strict_order {
            then(row_idx, Event { micros: times.value(row_idx), met });
        }
    }
}

/// The state of groups that have so many of the events each: their times, and which conditions they met.
fn lists<'e>(lengths: &[usize], events: impl Iterator<Item = &'e Event>) -> Result<Vec<ArrayRef>> {
    let (times, met): (Vec<i64>, Vec<i64>) =
        events.map(|event| (event.micros, event.met.cast_signed())).unzip();
    let list = |values: Vec<i64>| -> Result<ArrayRef> {
        let item = Arc::new(Field::new_list_field(DataType::Int64, true));
        let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
        Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(Int64Array::from(values)), None)?))
    };
    Ok(vec![list(times)?, list(met)?])
}
