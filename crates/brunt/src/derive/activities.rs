//! `activities`: requests, client events, and orphans made up for errors that have neither.

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Ts, day_of};

use super::carry::{Carried, activities_on, occurrence};
use super::facts::Status;
use super::fill::ids;
use super::numbers::Weight;
use super::output::{Columns, Correlation, LayoutKey, hex, sort_by_layout};
use super::read::base_table;
use super::symbols::Sym;
use super::units::{Activity, ActivityKind};
use super::window::Window;
use crate::error::Error;

/// The operation of an orphan.
const ORPHAN_OP: &str = "(orphan)";

#[derive(Debug)]
struct ActivityRow {
    who: Correlation,
    ts: i64,
    id: u128,
    kind: &'static str,
    /// NULL for an orphan.
    op: Sym,
    sequence_no: Option<i64>,
    observed_at: Option<i64>,
    status: Status,
    duration_ns: Option<i64>,
    n_errors: u32,
    weight: Weight,
}

/// The activities of a day.
///
/// # Errors
/// Only where a rule of this crate is broken.
pub(super) fn derive(
    window: &Window,
    day: Day,
    carried: &Carried,
) -> Result<Vec<RecordBatch>, Error> {
    let mut rows: Vec<ActivityRow> = activities_on(window, day)
        .map(|(number, activity)| {
            activity_row(window, day, activity, carried.n_errors(number, activity))
        })
        .collect();
    for orphan in &carried.orphans {
        let Some(occurrence) = occurrence(window, orphan.of) else { continue };
        if day_of(Ts(occurrence.ts)) != day {
            continue;
        }
        let row = window.row(occurrence.best_row);
        let record = &window.facts(occurrence.best_row.day).records[occurrence.best as usize];
        rows.push(ActivityRow {
            who: Correlation {
                trace: row.trace,
                span: row.span,
                ids: ids(window, occurrence.best_row, occurrence.span, day),
            },
            ts: occurrence.ts,
            id: orphan.id,
            kind: "orphan",
            op: Sym::NONE,
            sequence_no: None,
            observed_at: None,
            status: Status::None,
            duration_ns: None,
            n_errors: orphan.n_errors,
            weight: record.weight,
        });
    }
    write(window, rows)
}

fn activity_row(window: &Window, day: Day, activity: &Activity, n_errors: u32) -> ActivityRow {
    let facts = window.facts(activity.at.day);
    let row = window.row(activity.at);
    let (event, span) = (facts.event(row), facts.span(row));
    ActivityRow {
        who: Correlation {
            trace: row.trace,
            span: row.span,
            ids: ids(window, activity.at, None, day),
        },
        ts: activity.ts,
        id: activity.id,
        kind: match activity.kind {
            ActivityKind::Request => "request",
            ActivityKind::Event => "event",
        },
        op: activity.op,
        sequence_no: event.and_then(|event| event.sequence_no.get()),
        observed_at: event
            .and_then(|event| event.observed_at.get())
            .or(span.and_then(|span| span.observed_at.get())),
        status: activity.status,
        duration_ns: event
            .and_then(|event| event.duration_ns.get())
            .or(span.and_then(|span| span.duration_ns.get())),
        n_errors,
        weight: event
            .map(|event| event.weight)
            .or(span.map(|span| span.weight))
            .unwrap_or(Weight::new(None)),
    }
}

fn write(window: &Window, mut rows: Vec<ActivityRow>) -> Result<Vec<RecordBatch>, Error> {
    let symbols = &window.known.symbols;
    sort_by_layout(&mut rows, symbols, |row| LayoutKey {
        ts: row.ts,
        keys: [row.who.ids.session, Sym::NONE],
        tie: row.id,
    });
    let mut columns = Columns::new(base_table("activities")?, rows.len());
    columns.times(&rows.iter().map(|row| row.ts).collect::<Vec<_>>());
    columns.correlation(&rows, symbols, |row| &row.who);
    columns.owned_text("activity_id", rows.iter().map(|row| Some(hex(row.id))));
    columns.text("activity_kind", rows.iter().map(|row| Some(row.kind)));
    let op = |row: &ActivityRow| {
        if row.kind == "orphan" { Some(ORPHAN_OP) } else { symbols.text(row.op) }
    };
    columns.text("op", rows.iter().map(op));
    columns.bigint("sequence_no", rows.iter().map(|row| row.sequence_no));
    columns.timestamp("observed_at", rows.iter().map(|row| row.observed_at));
    columns.text("status_code", rows.iter().map(|row| row.status.text()));
    columns.bigint("duration_ns", rows.iter().map(|row| row.duration_ns));
    columns.bigint("n_errors", rows.iter().map(|row| Some(i64::from(row.n_errors))));
    columns.double("sample_weight", rows.iter().map(|row| row.weight.double()));
    columns.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, event, log, span};

    /// Kind and operation of each activity, by time.
    fn activities(memory: &mut Memory) -> Vec<String> {
        let mut rows = memory.derived().rows("activities");
        rows.sort_by_key(|row| row["ts"].to_string());
        let text =
            |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        rows.iter()
            .map(|row| format!("{} {}", text(row, "activity_kind"), text(row, "op")))
            .collect()
    }

    #[test]
    fn a_request_is_a_root_span_whatever_its_kind() {
        let mut memory = Memory::default();
        memory.add("spans", &[
            span("10:00:00", 1, 1, 0, json!({"span_kind": "CLIENT", "http_request_method": "GET", "url_path": "/o/17"})),
            span("10:00:01", 1, 2, 1, json!({"http_route": "/o/{id}", "http_request_method": "GET"})),
        ]);
        assert_eq!(activities(&mut memory), ["request GET /o/{id}"]);
    }

    #[test]
    fn without_a_root_it_is_the_earliest_server_span_without_a_parent() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 9, json!({"span_kind": "INTERNAL", "span_name": "inner"})),
                span("10:00:01", 1, 2, 1, json!({"span_name": "below"})),
                span("10:00:02", 1, 3, 9, json!({"span_name": "entry"})),
                span("10:00:03", 1, 4, 9, json!({"span_name": "second"})),
            ],
        );
        assert_eq!(activities(&mut memory), ["request entry"]);
    }

    #[test]
    fn events_are_activities_unless_their_trace_has_a_request() {
        let trace = |id: u8| json!(format!("{id:032x}"));
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, json!({})),
                    span("10:00:00", 2, 2, 9, json!({"span_kind": "CLIENT"})),
                ],
            )
            .add(
                "events",
                &[
                    event(
                        "10:00:01",
                        "s",
                        json!({"event_name": "with request", "trace_id": trace(1)}),
                    ),
                    event("10:00:02", "s", json!({"event_name": "without", "trace_id": trace(2)})),
                    event(
                        "10:00:03",
                        "s",
                        json!({"view_name": "Cart", "event_kind": "page_view", "sequence_no": 7}),
                    ),
                    event("10:00:04", "s", json!({"event_kind": "purchase", "order_id": "o"})),
                    event("10:00:05", "s", json!({"event_kind": "frustration"})),
                ],
            );
        assert_eq!(activities(&mut memory), ["request work", "event without", "event Cart"]);
        let rows = memory.rows("activities");
        assert_eq!(
            rows.iter().filter_map(|row| row["sequence_no"].as_i64()).collect::<Vec<_>>(),
            [7]
        );
    }

    #[test]
    fn errors_with_neither_are_orphans_and_those_of_one_trace_share_theirs() {
        let error = |body: &str| json!({"severity_number": 17, "body": body});
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                log("10:00:00", 1, error("one")),
                log("10:00:01", 1, error("two")),
                log("10:00:02", 0, error("three")),
            ],
        );
        assert_eq!(activities(&mut memory), ["orphan (orphan)", "orphan (orphan)"]);
        let mut n_errors: Vec<_> =
            memory.rows("activities").iter().map(|row| row["n_errors"].as_i64().unwrap()).collect();
        n_errors.sort_unstable();
        assert_eq!(n_errors, [1, 2]);
    }
}
