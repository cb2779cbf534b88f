//! `journey_steps`: each row that does a step of a journey, with whom it belongs to.

use std::collections::HashSet;

use arrow::record_batch::RecordBatch;
use brunt_model::Day;
use twox_hash::XxHash3_128;

use super::carry::{ByOwner, activity, owners};
use super::facts::StepRow;
use super::fill::{ids, trace_level, unit, unit_of};
use super::output::{Columns, Correlation, LayoutKey, hex, sort_by_layout};
use super::read::base_table;
use super::symbols::{Sym, Symbols};
use super::tree::Tree;
use super::units::{carrier, row_id, rows_of};
use super::window::{At, Window};
use crate::definitions::{Definitions, Journey, Step, StepTable};
use crate::error::Error;

#[derive(Debug)]
struct StepOut<'a> {
    who: Correlation,
    ts: i64,
    tie: u128,
    journey: &'a Journey,
    /// From 1.
    step_idx: i32,
    step: &'a Step,
    activity: Option<u128>,
    value: Option<i128>,
    currency: Sym,
}

/// The steps that were done on a day.
///
/// # Errors
/// Only where a rule of this crate is broken.
pub(super) fn derive(
    window: &Window,
    day: Day,
    definitions: &Definitions,
    orders: &HashSet<At>,
) -> Result<Vec<RecordBatch>, Error> {
    let all = numbered(definitions);
    let facts = window.facts(day);
    let homeless = facts.steps.iter().map(|step| At { day, row: step.row });
    let homeless = homeless.filter(|at| in_trace(window, *at).is_none());
    let asked = homeless.flat_map(|at| owners(&trace_level(window, at, None))).flatten().collect();
    let by_owner = ByOwner::find(window, &[day.plus(-1), day], &asked);
    let mut rows = Vec::with_capacity(facts.steps.len());
    for done in &facts.steps {
        let at = At { day, row: done.row };
        let Some((journey, step_idx, step)) = all.get(done.step as usize) else { continue };
        if step.table != StepTable::Orders || orders.contains(&at) {
            rows.push(step_out(window, at, done, (journey, *step_idx, step), &by_owner));
        }
    }
    write(&window.known.symbols, rows)
}

/// All steps of all journeys, as facts count them, each with its place from 1.
fn numbered(definitions: &Definitions) -> Vec<(&Journey, i32, &Step)> {
    let of_journey = |journey| {
        let journey: &Journey = journey;
        (1..).zip(&journey.steps).map(move |(idx, step)| (journey, idx, step))
    };
    definitions.journeys.iter().flat_map(of_journey).collect()
}

fn step_out<'a>(
    window: &Window,
    at: At,
    done: &StepRow,
    (journey, step_idx, step): (&'a Journey, i32, &'a Step),
    by_owner: &ByOwner,
) -> StepOut<'a> {
    let facts = window.facts(at.day);
    let row = window.row(at);
    let converts = usize::try_from(step_idx) == Ok(journey.steps.len());
    let currency = facts.event(row).map_or(Sym::NONE, |event| event.currency);
    let identity = row_id(facts, at.row, "step", 0);
    StepOut {
        who: Correlation { trace: row.trace, span: 0, ids: ids(window, at, None, at.day) },
        ts: row.ts,
        tie: XxHash3_128::oneshot(
            &[identity.to_le_bytes(), u128::from(done.step).to_le_bytes()].concat(),
        ),
        journey,
        step_idx,
        step,
        activity: in_trace(window, at).or_else(|| alone(window, at, by_owner)),
        value: done.value.filter(|_| converts),
        currency: if converts { currency } else { Sym::NONE },
    }
}

/// The activity of the row's trace that the row belongs to.
fn in_trace(window: &Window, at: At) -> Option<u128> {
    let number = unit_of(window, at)?;
    let unit = unit(window, number)?;
    let units = window.state(number.0).units.as_ref()?;
    let activities =
        &units.activities[unit.activities.start as usize..unit.activities.end as usize];
    let tree = match activities {
        [] => return None,
        [one] => return Some(one.id),
        _ => Tree::new(window, &rows_of(window, number.0, unit)),
    };
    let row = window.row(at);
    let span = tree.find(row.span).map(|node| tree.nodes[node as usize].at);
    let span = if window.facts(at.day).span(row).is_some() { Some(at) } else { span };
    let place = carrier(window, activities, &tree, at, row.ts, span)?;
    activities.get(place).map(|activity| activity.id)
}

/// The row itself where it is an activity, else the latest of its session or user within two seconds before.
fn alone(window: &Window, at: At, by_owner: &ByOwner) -> Option<u128> {
    let facts = window.facts(at.day);
    let row = window.row(at);
    if row.trace.is_none() && facts.event(row).is_some_and(|event| event.kind.is_activity()) {
        return Some(row_id(facts, at.row, "event", 0));
    }
    let found = by_owner.latest(window, &owners(&trace_level(window, at, None)), row.ts)?;
    activity(window, found).map(|activity| activity.id)
}

fn write(symbols: &Symbols, mut rows: Vec<StepOut<'_>>) -> Result<Vec<RecordBatch>, Error> {
    sort_by_layout(&mut rows, symbols, |row| LayoutKey {
        ts: row.ts,
        keys: [row.who.ids.session, Sym::NONE],
        tie: row.tie,
    });
    let mut columns = Columns::new(base_table("journey_steps")?, rows.len());
    columns.times(&rows.iter().map(|row| row.ts).collect::<Vec<_>>());
    columns.text("journey", rows.iter().map(|row| Some(row.journey.name.as_str())));
    columns.int("step_idx", rows.iter().map(|row| Some(row.step_idx)));
    columns.text("step", rows.iter().map(|row| Some(row.step.name.as_str())));
    columns.sym("session_id", symbols, rows.iter().map(|row| row.who.ids.session));
    columns.timestamp("session_started_at", rows.iter().map(|row| row.who.ids.session_started_at));
    columns.sym("user_id", symbols, rows.iter().map(|row| row.who.ids.user));
    columns.sym("user_pseudo_id", symbols, rows.iter().map(|row| row.who.ids.pseudo));
    columns.sym("account_id", symbols, rows.iter().map(|row| row.who.ids.account));
    columns.sym("trace_id", symbols, rows.iter().map(|row| row.who.trace));
    columns.owned_text("activity_id", rows.iter().map(|row| row.activity.map(hex)));
    columns.numeric("value", rows.iter().map(|row| row.value));
    let currency = |row: &StepOut<'_>| {
        let default = || row.journey.currency.clone();
        let known = symbols.text(row.currency).map(str::to_owned).or_else(default);
        known.filter(|_| row.value.is_some())
    };
    columns.owned_text("currency", rows.iter().map(currency));
    columns.finish()
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    reason = "small values of a test"
)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, event, journeys, span};

    const CHECKOUT: &str = r#"
[[journey]]
name = "checkout"
currency = "USD"
[[journey.step]]
name = "cart"
table = "events"
where = "event_name = 'add_to_cart'"
[[journey.step]]
name = "payment"
table = "spans"
where = "service_name = 'payment' and span_kind = 'SERVER'"
[[journey.step]]
name = "purchase"
table = "orders"
where = "order_value > 0"
value = "order_value"
"#;

    /// The steps, by time, as `idx name value currency`.
    fn steps(memory: &mut Memory) -> Vec<String> {
        let mut rows = memory.derive(&journeys(CHECKOUT)).rows("journey_steps");
        rows.sort_by_key(|row| row["ts"].to_string());
        let text = |row: &Value, key: &str| match row.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(number) => number.as_f64().unwrap().to_string(),
            None => "-".to_owned(),
        };
        rows.iter()
            .map(|row| {
                ["step_idx", "step", "value", "currency"].map(|key| text(row, key)).join(" ")
            })
            .collect()
    }

    fn order(time: &str, id: &str, value: Value, currency: Option<&str>) -> Value {
        event(
            time,
            "s",
            json!({"event_kind": "purchase", "order_id": id, "order_value": value, "currency": currency}),
        )
    }

    #[test]
    fn a_step_is_each_row_for_which_its_condition_holds() {
        let mut memory = Memory::default();
        memory
            .add(
                "events",
                &[
                    event("10:00:00", "s", json!({"event_name": "add_to_cart", "user_id": "u"})),
                    event("10:00:01", "s", json!({"event_name": "else"})),
                    order("10:00:05", "o1", json!("12.5"), None),
                ],
            )
            .add(
                "spans",
                &[
                    span(
                        "10:00:02",
                        1,
                        1,
                        0,
                        json!({"service_name": "payment", "session_id": "s"}),
                    ),
                    span(
                        "10:00:03",
                        1,
                        2,
                        1,
                        json!({"service_name": "payment", "span_kind": "CLIENT"}),
                    ),
                ],
            );
        assert_eq!(steps(&mut memory), ["1 cart - -", "2 payment - -", "3 purchase 12.5 USD"]);
        let rows = memory.rows("journey_steps");
        assert!(rows.iter().all(|row| row["session_id"] == "s" && row["user_id"] == "u"));
        assert!(rows.iter().all(|row| row["session_started_at"] == "2025-01-06T10:00:00Z"));
    }

    #[test]
    fn an_order_converts_once_and_a_refund_never() {
        let mut memory = Memory::default();
        memory.add(
            "events",
            &[
                order("10:00:00", "o1", Value::Null, Some("EUR")),
                order("10:00:01", "o1", json!("7"), Some("EUR")),
                order("10:00:02", "o1", json!("7"), Some("EUR")),
                order("10:00:03", "o1", json!("-7"), Some("EUR")),
                order("2025-01-07T10:00:00Z", "o1", json!("7"), Some("EUR")),
            ],
        );
        assert_eq!(steps(&mut memory), ["3 purchase 7 EUR"]);
    }

    #[test]
    fn a_step_names_the_activity_that_did_it() {
        let mut memory = Memory::default();
        memory
            .add(
                "events",
                &[
                    event("10:00:00", "s", json!({"event_name": "add_to_cart"})),
                    order("10:00:01", "o1", json!(1), None),
                    order("10:00:30", "o2", json!(1), None),
                ],
            )
            .add(
                "spans",
                &[
                    span("10:00:10", 1, 1, 0, json!({"session_id": "s"})),
                    span("10:00:11", 1, 2, 1, json!({"service_name": "payment"})),
                ],
            );
        assert_eq!(steps(&mut memory).len(), 4);
        let rows = memory.rows("journey_steps");
        let activities = memory.rows("activities");
        let id = |kind: &str| {
            activities
                .iter()
                .find(|row| row["activity_kind"] == kind)
                .map(|row| row["activity_id"].clone())
        };
        let carried: Vec<_> = rows.iter().map(|row| row.get("activity_id").cloned()).collect();
        assert_eq!(carried, [id("event"), id("event"), id("request"), None]);
    }

    #[test]
    fn rows_of_unknown_time_do_no_step() {
        let mut memory = Memory::default();
        memory.add(
            "events",
            &[event("1970-01-01T00:00:00Z", "s", json!({"event_name": "add_to_cart"}))],
        );
        assert!(steps(&mut memory).is_empty());
    }
}
