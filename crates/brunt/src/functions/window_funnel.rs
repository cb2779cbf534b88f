//! `window_funnel(window, ts, cond1, cond2, … [, mode …])`: how far a chain of events got within a window.
//!
//! ClickHouse writes `windowFunnel(window, mode, …)(ts, cond1, …)`; SQL here has no second pair of parentheses, so the
//! window comes first and modes come last, as texts.

use std::mem::size_of;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{
    DataType, Field, FieldRef, Int64Type, IntervalUnit, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, Signature, Volatility,
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
        Ok(Box::new(FunnelEvents { funnel: funnel(args.exprs)?, events: Vec::new() }))
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

/// The rows of a group that matter: those that met a condition, and in strict order all.
#[derive(Debug)]
struct FunnelEvents {
    funnel: Funnel,
    events: Vec<Event>,
}

impl Accumulator for FunnelEvents {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let times = values[1].as_primitive::<TimestampMicrosecondType>();
        let conditions: Vec<&BooleanArray> =
            values[2..].iter().filter_map(|values| values.as_boolean_opt()).collect();
        for row_idx in 0..times.len() {
            if times.is_null(row_idx) {
                continue;
            }
            let met = conditions.iter().enumerate().fold(0, |met, (condition_idx, condition)| {
                let is_met = condition.is_valid(row_idx) && condition.value(row_idx);
                met | (u64::from(is_met) << condition_idx)
            });
            if met != 0 || self.funnel.strict_order {
                self.events.push(Event { micros: times.value(row_idx), met });
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for row_idx in 0..states[0].len() {
            let column = |column_idx: usize| states[column_idx].as_list::<i32>().value(row_idx);
            let (times, met) = (column(0), column(1));
            let times = times.as_primitive::<Int64Type>().values();
            let met = met.as_primitive::<Int64Type>().values();
            let events = times.iter().zip(met);
            self.events.extend(
                events.map(|(micros, met)| Event { micros: *micros, met: met.cast_unsigned() }),
            );
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let list = |value: fn(&Event) -> i64| {
            let values: Vec<ScalarValue> =
                self.events.iter().map(|event| ScalarValue::Int64(Some(value(event)))).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Int64))
        };
        Ok(vec![list(|event| event.micros), list(|event| event.met.cast_signed())])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.events.sort_unstable_by_key(Event::order);
        Ok(ScalarValue::Int32(i32::try_from(level(&self.funnel, &self.events)).ok()))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.events.capacity() * size_of::<Event>()
    }
}
