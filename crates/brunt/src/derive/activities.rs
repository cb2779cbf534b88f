//! `activities`: requests, client events, and orphans made up for errors that have neither.

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Ts, day_of};

use super::carry::{Carried, activities_on, occurrence};
use super::facts::{Status, Weight};
use super::fill::ids;
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
pub(super) fn derive(window: &Window, day: Day, carried: &Carried) -> Result<Vec<RecordBatch>, Error> {
    let mut rows: Vec<ActivityRow> = activities_on(window, day)
        .map(|(number, activity)| activity_row(window, day, activity, carried.n_errors(number, activity)))
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
        sequence_no: event.and_then(|event| event.sequence_no),
        observed_at: event
            .and_then(|event| event.observed_at)
            .or(span.and_then(|span| span.observed_at)),
        status: activity.status,
        duration_ns: event
            .and_then(|event| event.duration_ns)
            .or(span.and_then(|span| span.duration_ns)),
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
