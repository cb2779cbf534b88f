//! `traces`: each trace once, on the day that it begins.

use arrow::record_batch::RecordBatch;
use brunt_model::Day;

use super::evidence::{Evidence, Seen};
use super::facts::{RowKind, Status};
use super::fill::{Found, Ids, Piece, Source, session_evidence, started_at, with_gap};
use super::numbers::Weight;
use super::output::{Columns, Correlation, LayoutKey, sort_by_layout};
use super::read::base_table;
use super::symbols::{Sym, Symbols};
use super::units::{Unit, rows_of};
use super::window::{At, Window};
use crate::error::Error;

#[derive(Debug)]
struct TraceRow {
    who: Correlation,
    ts: i64,
    conflicts: Vec<String>,
    duration_ns: i64,
    root_name: Sym,
    root_service: Sym,
    status: Status,
    n_spans: i64,
    n_errors: i64,
    n_logs: i64,
    services: Vec<String>,
    n_orphan_spans: i64,
    has_root: bool,
    weight: Weight,
}

/// The traces that begin on a day.
///
/// # Errors
/// Only where a rule of this crate is broken.
pub(super) fn derive(window: &Window, day: Day) -> Result<Vec<RecordBatch>, Error> {
    let units = window.state(day).units.as_ref();
    let units = units.map(|units| units.units.as_slice()).unwrap_or_default();
    let rows = units.iter().map(|unit| trace_row(window, day, unit)).collect();
    write(&window.known.symbols, rows)
}

/// The names of ids whose evidence disagrees.
pub(super) fn conflicts(session: bool, evidence: &Evidence) -> Vec<String> {
    let all = [
        ("session_id", session),
        ("user_id", evidence.user == Seen::Many),
        ("account_id", evidence.account == Seen::Many),
    ];
    all.iter().filter(|(_, conflict)| *conflict).map(|(name, _)| (*name).to_owned()).collect()
}

fn trace_row(window: &Window, day: Day, unit: &Unit) -> TraceRow {
    let rows = rows_of(window, day, unit);
    let symbols = &window.known.symbols;
    let service = |at: At| window.known.contexts.context(window.row(at).context).service();
    let (mut n_spans, mut n_logs) = (0, 0);
    let mut first_span = None;
    let (mut start, mut end) = (i64::MAX, i64::MIN);
    let mut services: Vec<Sym> = Vec::new();
    for at in &rows {
        let row = window.row(*at);
        services.push(service(*at));
        n_logs += i64::from(row.kind == RowKind::Log);
        if let Some(span) = window.facts(at.day).span(row) {
            n_spans += 1;
            first_span = first_span.or(Some(*at));
            let begins = row.ts.saturating_mul(1_000);
            start = start.min(begins);
            end = end.max(begins.saturating_add(span.duration_ns.get().unwrap_or_default().max(0)));
        }
    }
    let ts = rows.first().map_or(0, |at| window.row(*at).ts);
    if n_spans == 0 {
        let last = rows.last().map_or(ts, |at| window.row(*at).ts);
        (start, end) = (ts.saturating_mul(1_000), last.saturating_mul(1_000));
    }
    services.sort_unstable();
    services.dedup();
    let mut services: Vec<String> =
        services.into_iter().filter_map(|sym| symbols.text(sym)).map(str::to_owned).collect();
    services.sort_unstable();
    let root = unit.root.and_then(|at| window.facts(at.day).span(window.row(at)));
    let (ids, conflicts) = trace_ids(window, day, unit, &rows, unit.root.or(first_span));
    TraceRow {
        who: Correlation { trace: unit.trace, span: 0, ids },
        ts,
        conflicts,
        duration_ns: end.saturating_sub(start),
        root_name: root.map_or(Sym::NONE, |span| span.name),
        root_service: unit.root.map_or(Sym::NONE, service),
        status: root.map_or(Status::None, |span| span.status),
        n_spans,
        n_errors: unit.n_occurrences,
        n_logs,
        services,
        n_orphan_spans: unit.n_orphan_spans,
        has_root: unit.root.is_some(),
        weight: root.map_or(Weight::new(None), |span| span.weight),
    }
}

/// A trace's own ids are those that its rows carry; the rest comes from its session, which may be one by silence.
fn trace_ids(
    window: &Window,
    day: Day,
    unit: &Unit,
    rows: &[At],
    shown_by: Option<At>,
) -> (Ids, Vec<String>) {
    let mut evidence = unit.evidence;
    let mut ids = Ids::default();
    let mut piece = None;
    match evidence.session {
        Seen::One(session) => {
            ids.session = session;
            ids.session_source = Some(Source::Own);
            piece = unit.session;
        }
        Seen::None => {
            let gap = rows.iter().find_map(|at| {
                // What is two days off is not known to be without session.
                let near = at.day.0 - day.0 <= 1;
                near.then(|| with_gap(window, *at, None).session.value()).flatten()
            });
            if let Some((session, found)) = gap.filter(|_| evidence.user != Seen::Many) {
                ids.session = session;
                ids.session_source = Some(Source::Gap);
                piece = found;
            }
        }
        Seen::Many => {}
    }
    let source =
        if matches!(piece, Some(Piece::Gap { .. })) { Source::Gap } else { Source::Session };
    let of_session = piece.map(|piece| session_evidence(window, piece, day)).unwrap_or_default();
    let fill = |own: Seen, of_session: Seen| match own {
        Seen::None => (of_session, Found::of(of_session, source)),
        own => (own, Found::of(own, Source::Own)),
    };
    let (user, account);
    (evidence.user, user) = fill(evidence.user, of_session.user);
    (evidence.account, account) = fill(evidence.account, of_session.account);
    (ids.user, ids.user_source) = (user.sym(), user.source());
    (ids.account, ids.account_source) = (account.sym(), account.source());
    ids.pseudo = evidence.pseudo.one();
    ids.session_started_at = piece.and_then(|piece| started_at(window, piece));
    if let Some(at) = shown_by.or(rows.first().copied()) {
        ids.context = window.known.contexts.context(window.row(at).context);
    }
    (ids, conflicts(evidence.session == Seen::Many, &evidence))
}

fn write(symbols: &Symbols, mut rows: Vec<TraceRow>) -> Result<Vec<RecordBatch>, Error> {
    sort_by_layout(&mut rows, symbols, |row| LayoutKey {
        ts: row.ts,
        keys: [row.who.trace, Sym::NONE],
        tie: 0,
    });
    let mut columns = Columns::new(base_table("traces")?, rows.len());
    columns.times(&rows.iter().map(|row| row.ts).collect::<Vec<_>>());
    columns.correlation(&rows, symbols, |row| &row.who);
    columns.texts("conflicts", rows.iter_mut().map(|row| std::mem::take(&mut row.conflicts)));
    columns.texts("service_names", rows.iter_mut().map(|row| std::mem::take(&mut row.services)));
    columns.bigint("duration_ns", rows.iter().map(|row| Some(row.duration_ns)));
    columns.sym("root_span_name", symbols, rows.iter().map(|row| row.root_name));
    columns.sym("root_service_name", symbols, rows.iter().map(|row| row.root_service));
    columns.text("status_code", rows.iter().map(|row| row.status.text()));
    columns.bigint("n_spans", rows.iter().map(|row| Some(row.n_spans)));
    columns.bigint("n_errors", rows.iter().map(|row| Some(row.n_errors)));
    columns.bigint("n_logs", rows.iter().map(|row| Some(row.n_logs)));
    columns.bigint("n_orphan_spans", rows.iter().map(|row| Some(row.n_orphan_spans)));
    columns.boolean("has_root", rows.iter().map(|row| Some(row.has_root)));
    columns.double("sample_weight", rows.iter().map(|row| row.weight.double()));
    columns.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::derive::testing::{Memory, event, log, span};

    #[test]
    fn a_trace_tells_of_its_root_and_its_parts() {
        let mut memory = Memory::default();
        memory
            .add("spans", &[
                span("23:59:59", 1, 1, 0, json!({
                    "span_name": "POST /pay", "service_name": "web", "duration_ns": 3_000_000_000_i64,
                    "device_type": "mobile", "status_code": "ERROR", "status_message": "no"
                })),
                span("2025-01-07T00:00:00Z", 1, 2, 1, json!({"service_name": "pay", "duration_ns": 2_500_000_000_i64})),
                span("2025-01-07T00:00:01Z", 1, 3, 9, json!({"service_name": "pay"})),
            ])
            .add("logs", &[log("2025-01-07T00:00:01Z", 1, json!({"user_id": "u"}))]);
        let trace = memory.derived().row("traces");
        assert_eq!(trace["ts"], "2025-01-06T23:59:59Z");
        assert_eq!(trace["duration_ns"], 3_500_000_000_i64);
        assert_eq!(trace["root_span_name"], "POST /pay");
        assert_eq!(trace["root_service_name"], "web");
        assert_eq!(trace["device_type"], "mobile");
        assert_eq!(trace["status_code"], "ERROR");
        assert_eq!(trace["service_names"], json!(["pay", "shop", "web"]));
        for (name, count) in [("n_spans", 3), ("n_logs", 1), ("n_errors", 1), ("n_orphan_spans", 1)]
        {
            assert_eq!(trace[name], count, "{name}");
        }
        assert_eq!(trace["has_root"], true);
        assert_eq!((&trace["user_id"], &trace["user_id_source"]), (&json!("u"), &json!("own")));
        assert_eq!(trace["session_id_source"], "gap");
    }

    #[test]
    fn a_trace_takes_the_user_of_its_session() {
        let mut memory = Memory::default();
        memory
            .add("logs", &[log("10:00:00", 1, json!({"session_id": "s"}))])
            .add("events", &[event("09:00:00", "s", json!({"user_id": "u"}))]);
        let trace = memory.derived().row("traces");
        assert_eq!(trace["session_id_source"], "own");
        assert_eq!(trace["session_started_at"], "2025-01-06T09:00:00Z");
        assert_eq!((&trace["user_id"], &trace["user_id_source"]), (&json!("u"), &json!("session")));
        assert_eq!(trace["has_root"], false);
        assert_eq!(trace["duration_ns"], 0);
    }
}
