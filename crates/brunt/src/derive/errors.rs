//! `errors`: each occurrence with whom it met, what carried it, and what kind of failure it was.

use std::collections::{HashMap, HashSet};

use arrow::record_batch::RecordBatch;
use brunt_model::Day;

use super::carry::{Carried, Carrier, InUnits, activities_on, activity, occurrences_on};
use super::class::{Class, Seen, error_class};
use super::facts::{Record, Span, SpanKind, signal};
use super::fill::{ids, trace_level};
use super::grouping::Grouping;
use super::incidents::{Incident, by_time};
use super::occurrences::Occurrence;
use super::output::{Columns, Correlation, LayoutKey, hex, sort_by_layout};
use super::read::base_table;
use super::symbols::{Sym, Symbols};
use super::units::Activity;
use super::window::Window;
use crate::error::Error;

/// A later try of the same operation in the same session counts as its recovery for so long.
const RETRY_MICROS: i64 = 30 * 60_000_000;

#[derive(Debug)]
struct ErrorRow<'a> {
    who: Correlation,
    of: &'a Occurrence,
    incident: Incident,
    record: Record,
    grouping: Grouping,
    activity: Option<u128>,
    recovered: Option<bool>,
    span_name: Sym,
    span_kind: Option<SpanKind>,
    class: Option<Class>,
}

/// Successful requests by what they tried, for those who met an error there.
#[derive(Debug, Default)]
struct LaterTries {
    /// By session and operation.
    successes: HashMap<(Sym, Sym), Vec<i64>>,
}

/// The errors of a day.
///
/// # Errors
/// Only where a rule of this crate is broken.
pub(super) fn derive(
    window: &Window,
    day: Day,
    carried: &Carried,
) -> Result<Vec<RecordBatch>, Error> {
    let tries = LaterTries::find(window, day, carried);
    let followed = by_time(window, day);
    let rows: Vec<ErrorRow<'_>> = occurrences_on(window, day)
        .map(|(number, of)| {
            let row = error_row(window, day, number, of, carried, &tries);
            ErrorRow { incident: followed.get(&number).copied().unwrap_or(of.incident), ..row }
        })
        .collect();
    write(&window.known.symbols, rows)
}

fn error_row<'a>(
    window: &Window,
    day: Day,
    number: InUnits,
    of: &'a Occurrence,
    carried: &Carried,
    tries: &LaterTries,
) -> ErrorRow<'a> {
    let symbols = &window.known.symbols;
    let row = window.row(of.best_row);
    let record = window.facts(of.best_row.day).records[of.best as usize];
    let grouping = window.known.groupings.grouping(record.grouping);
    let span = of.span.and_then(|at| {
        let facts = window.facts(at.day);
        facts.span(window.row(at))
    });
    let http_status = record.http_status;
    let class = error_class(&Seen {
        root_type: symbols.text(grouping.root_type),
        exception_type: symbols.text(record.exception_type),
        error_type: symbols.text(record.error_type),
        http_status,
        span_kind: span.map(|span| span.kind),
        signals: of.signals,
        is_expected: grouping.is_expected,
    });
    ErrorRow {
        who: Correlation {
            trace: row.trace,
            span: row.span,
            ids: ids(window, of.best_row, of.span, day),
        },
        of,
        incident: of.incident,
        record,
        grouping,
        activity: carried.activity_id(window, number),
        recovered: if of.retried { Some(true) } else { tries.recovered(window, number, carried) },
        span_name: span.map_or(Sym::NONE, |span| span.name),
        span_kind: span.map(|span| span.kind),
        class,
    }
}

impl LaterTries {
    /// Looks at the activities of three days for later tries of what failed on this one.
    fn find(window: &Window, day: Day, carried: &Carried) -> Self {
        let asked: HashSet<(Sym, Sym)> = occurrences_on(window, day)
            .filter_map(|(number, _)| tried(window, number, carried).map(|(_, tried)| tried))
            .collect();
        let mut found = Self::default();
        if asked.is_empty() {
            return found;
        }
        for (_, activity) in [-1, 0, 1].iter().flat_map(|n| activities_on(window, day.plus(*n))) {
            let is_success = succeeded(window, activity) && activity.n_errors == 0;
            if !is_success || activity.op.is_none() {
                continue;
            }
            let level = trace_level(window, activity.at, None);
            let session = level.session.value().map_or(Sym::NONE, |(session, _)| session);
            if asked.contains(&(session, activity.op)) {
                found.successes.entry((session, activity.op)).or_default().push(activity.ts);
            }
        }
        for times in found.successes.values_mut() {
            times.sort_unstable();
        }
        found
    }

    /// Whether the operation succeeded later in the session; `None` where session or operation are not known.
    fn recovered(&self, window: &Window, number: InUnits, carried: &Carried) -> Option<bool> {
        let (ts, tried) = tried(window, number, carried)?;
        let times = self.successes.get(&tried).map(Vec::as_slice).unwrap_or_default();
        let later = times.partition_point(|time| *time <= ts);
        Some(times.get(later).is_some_and(|time| *time <= ts.saturating_add(RETRY_MICROS)))
    }
}

/// Whether its request was answered as was asked; errors beside it are not asked for.
fn succeeded(window: &Window, activity: &Activity) -> bool {
    let span = window.facts(activity.at.day).span(window.row(activity.at));
    span.is_none_or(Span::has_succeeded)
}

/// When the activity that carries an error began, its session and its operation.
fn tried(window: &Window, number: InUnits, carried: &Carried) -> Option<(i64, (Sym, Sym))> {
    let Carrier::Activity(found) = carried.carrier(number)? else { return None };
    let activity = activity(window, found)?;
    let (session, _) = trace_level(window, activity.at, None).session.value()?;
    activity.op.is_some().then_some((activity.ts, (session, activity.op)))
}

fn write(symbols: &Symbols, mut rows: Vec<ErrorRow<'_>>) -> Result<Vec<RecordBatch>, Error> {
    sort_by_layout(&mut rows, symbols, |row| LayoutKey {
        ts: row.of.ts,
        keys: [row.who.ids.session, row.who.trace],
        tie: row.of.id,
    });
    let mut columns = Columns::new(base_table("errors")?, rows.len());
    columns.times(&rows.iter().map(|row| row.of.ts).collect::<Vec<_>>());
    columns.correlation(&rows, symbols, |row| &row.who);
    columns.owned_text("error_id", rows.iter().map(|row| Some(hex(row.of.id))));
    columns.owned_text("activity_id", rows.iter().map(|row| row.activity.map(hex)));
    #[expect(clippy::type_complexity, reason = "columns with what fills them")]
    let groupings: [(&str, fn(&Grouping) -> Sym); 7] = [
        ("error_group_id", |grouping| grouping.group),
        ("error_site_id", |grouping| grouping.site),
        ("error_variant_id", |grouping| grouping.variant),
        ("root_type", |grouping| grouping.root_type),
        ("culprit", |grouping| grouping.culprit),
        ("grouping_quality", |grouping| grouping.quality),
        ("title", |grouping| grouping.title),
    ];
    for (name, of) in groupings {
        columns.sym(name, symbols, rows.iter().map(|row| of(&row.grouping)));
    }
    #[expect(clippy::type_complexity, reason = "columns with what fills them")]
    let recorded: [(&str, fn(&Record) -> Sym); 6] = [
        ("exception_type", |record| record.exception_type),
        ("exception_message", |record| record.message),
        ("error_type", |record| record.error_type),
        ("http_request_method", |record| record.http_method),
        ("http_route", |record| record.http_route),
        ("url_path", |record| record.url_path),
    ];
    for (name, of) in recorded {
        columns.sym(name, symbols, rows.iter().map(|row| of(&row.record)));
    }
    columns.texts("signals", rows.iter().map(|row| signal_names(row.of.signals)));
    let class = |of: fn(Class) -> &'static str| rows.iter().map(move |row| row.class.map(of));
    columns.text("error_class", class(|class| class.name));
    columns.text("error_class_rule", class(|class| class.rule));
    columns.text("error_class_confidence", class(|class| class.confidence));
    columns.boolean("handled", rows.iter().map(|row| row.of.handled));
    columns.boolean("expected", rows.iter().map(|row| Some(row.grouping.is_expected)));
    columns.boolean("recovered", rows.iter().map(|row| row.recovered));
    write_incidents(&mut columns, symbols, &rows);
    let severity = |row: &ErrorRow<'_>| (row.of.severity != 0).then_some(row.of.severity);
    columns.smallint("severity_number", rows.iter().map(severity));
    columns.sym("span_name", symbols, rows.iter().map(|row| row.span_name));
    columns.text("span_kind", rows.iter().map(|row| row.span_kind.and_then(SpanKind::text)));
    columns.int("http_response_status_code", rows.iter().map(|row| row.record.http_status));
    columns.double("sample_weight", rows.iter().map(|row| row.record.weight.double()));
    columns.finish()
}

fn write_incidents(columns: &mut Columns, symbols: &Symbols, rows: &[ErrorRow<'_>]) {
    let is_root = |row: &ErrorRow<'_>| row.incident.root.error == row.of.id;
    let duplicate_of = |row: &ErrorRow<'_>| {
        let repeats = !is_root(row) && row.of.heard.repeats(&row.incident.root.heard);
        repeats.then(|| hex(row.incident.root.error))
    };
    columns.owned_text("duplicate_of", rows.iter().map(duplicate_of));
    columns.owned_text("incident_id", rows.iter().map(|row| Some(hex(row.incident.id))));
    columns.boolean("root_cause", rows.iter().map(|row| Some(is_root(row))));
    columns.text("root_evidence", rows.iter().map(|row| Some(row.incident.evidence.text())));
    columns.sym("root_service_name", symbols, rows.iter().map(|row| row.incident.root.service));
    columns.bigint("n_records", rows.iter().map(|row| Some(i64::from(row.of.n_records))));
}

fn signal_names(signals: u8) -> Vec<String> {
    let has = |bit: u8| signals & bit != 0;
    signal::ALL.iter().filter(|(bit, _)| has(*bit)).map(|(_, name)| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, span};

    fn tried(time: &str, trace: u8, op: &str, status: &str) -> Value {
        let more = json!({"session_id": "s", "span_name": op, "status_code": status, "status_message": "no"});
        span(time, trace, trace, 0, more)
    }

    #[test]
    fn a_later_success_of_the_same_operation_in_the_session_recovers() {
        for (later, recovered) in [
            (tried("10:10:00", 2, "pay", "OK"), json!(true)),
            (tried("10:40:00", 2, "pay", "OK"), json!(false)),
            (tried("10:10:00", 2, "ship", "OK"), json!(false)),
            (tried("09:59:00", 2, "pay", "OK"), json!(false)),
        ] {
            let mut memory = Memory::default();
            memory.add("spans", &[tried("10:00:00", 1, "pay", "ERROR"), later.clone()]);
            assert_eq!(memory.derived().row("errors")["recovered"], recovered, "{later}");
        }
    }

    #[test]
    fn what_is_refused_later_recovers_nothing() {
        let answered = |time: &str, trace: u8, status: &str, http_status: i32| {
            let mut row = tried(time, trace, "pay", status);
            row["http_response_status_code"] = json!(http_status);
            row
        };
        for (http_status, recovered) in [(200, true), (402, false), (429, false)] {
            let mut memory = Memory::default();
            let later = answered("10:10:00", 2, "UNSET", http_status);
            memory.add("spans", &[answered("10:00:00", 1, "ERROR", 500), later]);
            assert_eq!(memory.derived().row("errors")["recovered"], recovered, "{http_status}");
        }
    }

    #[test]
    fn without_a_session_nothing_is_known_of_recovery() {
        let mut memory = Memory::default();
        memory.add("spans", &[span("10:00:00", 1, 1, 0, json!({"status_code": "ERROR"}))]);
        let error = memory.derived().row("errors");
        assert_eq!(error.get("recovered"), None);
        assert_eq!(error["span_name"], "work");
        assert_eq!(error["span_kind"], "SERVER");
        assert_eq!(error["grouping_quality"], "message_only");
    }
}
