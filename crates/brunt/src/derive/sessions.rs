//! `sessions`: each session once, on the day that it begins.

use std::collections::{HashMap, HashSet};

use arrow::record_batch::RecordBatch;
use brunt_model::Day;

use super::carry::{Carried, activities_on, occurrence, occurrences_on};
use super::cut::NO_SEGMENT;
use super::evidence::Evidence;
use super::facts::{EventKind, Frustration, RowKind};
use super::fill::{
    Found, Ids, Piece, Source, parts, session_context, session_evidence, started_at, unit_of,
    with_gap,
};
use super::numbers::Weight;
use super::output::{Columns, Correlation, LayoutKey, sort_by_layout};
use super::read::base_table;
use super::symbols::{Sym, Symbols};
use super::traces::conflicts;
use super::units::rows_of;
use super::window::{At, Window};
use crate::error::Error;

/// Which activity is the last: by time, then the client's count, then its key.
type Last = (i64, Option<i64>, u128);

/// What is counted over the rows of a session.
#[derive(Debug, Default)]
struct Tally {
    ended_at: i64,
    n_events: i64,
    n_page_views: i64,
    n_spans: i64,
    n_logs: i64,
    n_errors: i64,
    n_traces: i64,
    rage_clicks: i64,
    dead_clicks: i64,
    reloads: i64,
    n_orders: i32,
    revenue: i128,
    /// Of its orders.
    currency: Option<Sym>,
    several_currencies: bool,
    last_activity: Option<(Last, bool)>,
    previous: Option<(At, Sym)>,
    replay: Option<(At, Sym)>,
    /// Of its first row from the client, else of its first row.
    weight: Option<((bool, At), Weight)>,
    /// Whether a row that carries the session's id, or makes it by silence, carries the user's or account's too.
    user_is_own: bool,
    account_is_own: bool,
}

#[derive(Debug)]
struct SessionRow {
    who: Correlation,
    ts: i64,
    conflicts: Vec<String>,
    tally: Tally,
}

/// The sessions that begin on a day.
///
/// # Errors
/// Only where a rule of this crate is broken.
pub(super) fn derive(
    window: &Window,
    day: Day,
    carried: &Carried,
    orders: &HashSet<At>,
) -> Result<Vec<RecordBatch>, Error> {
    let mut tallies: HashMap<Piece, Tally> =
        begun_on(window, day).into_iter().map(|piece| (piece, Tally::default())).collect();
    add_own_rows(window, &mut tallies, orders);
    add_rows_of_traces(window, day, &mut tallies, orders);
    add_errors(window, day, &mut tallies);
    add_activities(window, day, carried, &mut tallies);
    let rows =
        tallies.into_iter().map(|(piece, tally)| session_row(window, day, piece, tally)).collect();
    write(&window.known.symbols, rows)
}

fn begun_on(window: &Window, day: Day) -> Vec<Piece> {
    let state = window.state(day);
    let begins = |prev: &[u32]| {
        let first = (0_u32..).zip(prev.to_vec()).filter(|(_, prev)| *prev == NO_SEGMENT);
        first.map(|(segment, _)| segment).collect::<Vec<_>>()
    };
    let ids = begins(&state.sessions.prev).into_iter().map(|segment| Piece::Id { day, segment });
    let gaps = state.gaps.as_ref().map(|gaps| begins(&gaps.links.prev)).unwrap_or_default();
    ids.chain(gaps.into_iter().map(|segment| Piece::Gap { day, segment })).collect()
}

/// Rows that carry the session's id, or that belong to it by silence.
fn add_own_rows(window: &Window, tallies: &mut HashMap<Piece, Tally>, orders: &HashSet<At>) {
    let mut traces = Vec::new();
    for (piece, tally) in tallies {
        traces.clear();
        for (day, segment) in parts(window, *piece) {
            let state = window.state(day);
            let rows = match (piece, &state.gaps) {
                (Piece::Id { .. }, _) => state.facts.rows_of(&state.facts.sessions, segment),
                (Piece::Gap { .. }, Some(gaps)) => {
                    let range = &gaps.segments[segment as usize].rows;
                    &gaps.rows[range.start as usize..range.end as usize]
                }
                (Piece::Gap { .. }, None) => &[],
            };
            for row in rows {
                let at = At { day, row: *row };
                tally.add(window, at, orders);
                tally.user_is_own |= window.row(at).user.is_some();
                tally.account_is_own |= window.row(at).account.is_some();
                traces.extend(unit_of(window, at));
            }
        }
        traces.sort_unstable();
        traces.dedup();
        tally.n_traces = i64::try_from(traces.len()).unwrap_or(i64::MAX);
    }
}

/// Rows that get the session from their trace.
fn add_rows_of_traces(
    window: &Window,
    day: Day,
    tallies: &mut HashMap<Piece, Tally>,
    orders: &HashSet<At>,
) {
    for begun in [day.plus(-1), day, day.plus(1)] {
        let units = window.state(begun).units.as_ref();
        for unit in units.map(|units| units.units.as_slice()).unwrap_or_default() {
            let Some(tally) = unit.session.and_then(|piece| tallies.get_mut(&piece)) else {
                continue;
            };
            for at in rows_of(window, begun, unit) {
                if window.row(at).session.is_none() {
                    tally.add(window, at, orders);
                }
            }
        }
    }
}

fn add_errors(window: &Window, day: Day, tallies: &mut HashMap<Piece, Tally>) {
    for other in -1..=2 {
        for (_, occurrence) in occurrences_on(window, day.plus(other)) {
            let level = with_gap(window, occurrence.best_row, occurrence.span);
            if let Some(tally) = level.piece().and_then(|piece| tallies.get_mut(&piece)) {
                tally.n_errors += 1;
            }
        }
    }
}

/// Whether the last activity carried an error is asked of the session's own two days.
fn add_activities(
    window: &Window,
    day: Day,
    carried: &Carried,
    tallies: &mut HashMap<Piece, Tally>,
) {
    for other in [day, day.plus(1)] {
        for (number, activity) in activities_on(window, other) {
            let piece = with_gap(window, activity.at, None).piece();
            if let Some(tally) = piece.and_then(|piece| tallies.get_mut(&piece)) {
                let facts = window.facts(activity.at.day);
                let sequence_no =
                    facts.event(window.row(activity.at)).and_then(|event| event.sequence_no.get());
                let last = (activity.ts, sequence_no, activity.id);
                tally.ends_with(last, carried.n_errors(number, activity) > 0);
            }
        }
    }
    for orphan in &carried.orphans {
        let Some(of) = occurrence(window, orphan.of) else { continue };
        let piece = with_gap(window, of.best_row, of.span).piece();
        if let Some(tally) = piece.and_then(|piece| tallies.get_mut(&piece)) {
            tally.ends_with((of.ts, None, orphan.id), true);
        }
    }
}

impl Tally {
    fn add(&mut self, window: &Window, at: At, orders: &HashSet<At>) {
        let facts = window.facts(at.day);
        let row = window.row(at);
        self.ended_at = self.ended_at.max(row.ts);
        let weight = match row.kind {
            RowKind::Log => {
                self.n_logs += 1;
                Weight::new(None)
            }
            RowKind::Span => {
                self.n_spans += 1;
                facts.span(row).map_or(Weight::new(None), |span| span.weight)
            }
            RowKind::Event => {
                self.n_events += 1;
                self.add_event(window, at, orders)
            }
        };
        let rank = (row.kind != RowKind::Event, at);
        if self.weight.is_none_or(|(first, _)| rank < first) {
            self.weight = Some((rank, weight));
        }
    }

    fn add_event(&mut self, window: &Window, at: At, orders: &HashSet<At>) -> Weight {
        let facts = window.facts(at.day);
        let Some(event) = facts.event(window.row(at)) else { return Weight::new(None) };
        self.n_page_views += i64::from(event.kind == EventKind::PageView);
        self.rage_clicks += i64::from(event.frustration == Frustration::RageClick);
        self.dead_clicks += i64::from(event.frustration == Frustration::DeadClick);
        self.reloads += i64::from(event.frustration == Frustration::Reload);
        earliest(&mut self.previous, at, event.session_previous);
        earliest(&mut self.replay, at, event.replay_url);
        if orders.contains(&at) {
            self.n_orders += 1;
            self.revenue += event.order_value.get().unwrap_or_default();
            self.several_currencies |= self.currency.is_some_and(|other| other != event.currency);
            self.currency = Some(event.currency);
        }
        event.weight
    }

    fn ends_with(&mut self, last: Last, with_error: bool) {
        if self.last_activity.is_none_or(|(before, _)| before < last) {
            self.last_activity = Some((last, with_error));
        }
    }

    /// Of no orders 0; of several currencies nothing that could be added up.
    fn revenue(&self) -> Option<i128> {
        (!self.several_currencies).then_some(self.revenue)
    }

    fn currency(&self) -> Sym {
        self.currency.filter(|_| !self.several_currencies).unwrap_or_default()
    }
}

fn earliest(found: &mut Option<(At, Sym)>, at: At, sym: Sym) {
    if sym.is_some() && found.is_none_or(|(first, _)| at < first) {
        *found = Some((at, sym));
    }
}

fn session_row(window: &Window, day: Day, piece: Piece, tally: Tally) -> SessionRow {
    let evidence: Evidence = session_evidence(window, piece, day);
    let by_trace = |own: bool| if own { Source::Own } else { Source::Trace };
    let user = Found::of(evidence.user, by_trace(tally.user_is_own));
    let account = Found::of(evidence.account, by_trace(tally.account_is_own));
    let (session, session_source) = match piece {
        Piece::Id { day, segment } => {
            (window.facts(day).sessions.segments[segment as usize].id, Source::Own)
        }
        Piece::Gap { day, segment } => {
            let gaps = window.state(day).gaps.as_ref();
            let id = gaps.and_then(|gaps| gaps.ids.get(segment as usize)).copied();
            (id.unwrap_or_default(), Source::Gap)
        }
    };
    let ts = started_at(window, piece).unwrap_or_default();
    let ids = Ids {
        session,
        session_started_at: Some(ts),
        session_source: Some(session_source),
        user: user.sym(),
        user_source: user.source(),
        account: account.sym(),
        account_source: account.source(),
        pseudo: evidence.pseudo.one(),
        context: session_context(window, piece, day),
    };
    let who = Correlation { trace: Sym::NONE, span: 0, ids };
    SessionRow { who, ts, conflicts: conflicts(false, &evidence), tally }
}

fn write(symbols: &Symbols, mut rows: Vec<SessionRow>) -> Result<Vec<RecordBatch>, Error> {
    sort_by_layout(&mut rows, symbols, |row| LayoutKey {
        ts: row.ts,
        keys: [row.who.ids.session, Sym::NONE],
        // Id and first time are the key of a session.
        tie: 0,
    });
    let mut columns = Columns::new(base_table("sessions")?, rows.len());
    columns.times(&rows.iter().map(|row| row.ts).collect::<Vec<_>>());
    columns.correlation(&rows, symbols, |row| &row.who);
    columns.texts("conflicts", rows.iter_mut().map(|row| std::mem::take(&mut row.conflicts)));
    columns.timestamp("ended_at", rows.iter().map(|row| Some(row.tally.ended_at)));
    #[expect(clippy::type_complexity, reason = "columns with what fills them")]
    let counts: [(&str, fn(&Tally) -> i64); 9] = [
        ("n_events", |tally| tally.n_events),
        ("n_page_views", |tally| tally.n_page_views),
        ("n_spans", |tally| tally.n_spans),
        ("n_logs", |tally| tally.n_logs),
        ("n_errors", |tally| tally.n_errors),
        ("n_traces", |tally| tally.n_traces),
        ("rage_clicks", |tally| tally.rage_clicks),
        ("dead_clicks", |tally| tally.dead_clicks),
        ("reloads", |tally| tally.reloads),
    ];
    for (name, of) in counts {
        columns.bigint(name, rows.iter().map(|row| Some(of(&row.tally))));
    }
    columns.int("n_orders", rows.iter().map(|row| Some(row.tally.n_orders)));
    columns.numeric("revenue", rows.iter().map(|row| row.tally.revenue()));
    columns.sym("currency", symbols, rows.iter().map(|row| row.tally.currency()));
    let ended =
        |row: &SessionRow| row.tally.last_activity.is_some_and(|(_, with_error)| with_error);
    columns.boolean("ended_with_error", rows.iter().map(|row| Some(ended(row))));
    let of_event = |found: Option<(At, Sym)>| found.map_or(Sym::NONE, |(_, sym)| sym);
    columns.sym(
        "session_previous_id",
        symbols,
        rows.iter().map(|row| of_event(row.tally.previous)),
    );
    columns.sym("replay_url", symbols, rows.iter().map(|row| of_event(row.tally.replay)));
    let weight = |row: &SessionRow| row.tally.weight.and_then(|(_, weight)| weight.double());
    columns.double("sample_weight", rows.iter().map(weight));
    columns.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::derive::testing::{Memory, event, log, span};

    #[test]
    fn a_session_counts_its_rows_and_those_of_its_traces() {
        let mut memory = Memory::default();
        let trace = format!("{:032x}", 1);
        memory
            .add(
                "events",
                &[
                    event(
                        "10:00:00",
                        "s",
                        json!({"event_kind": "page_view", "session_previous_id": "r"}),
                    ),
                    event("10:01:00", "s", json!({"trace_id": trace})),
                    event(
                        "10:02:00",
                        "s",
                        json!({"event_kind": "frustration", "frustration": "rage_click"}),
                    ),
                    event(
                        "10:03:00",
                        "s",
                        json!({"event_kind": "frustration", "frustration": "reload"}),
                    ),
                ],
            )
            .add(
                "spans",
                &[
                    span("10:01:01", 1, 1, 0, json!({"user_id": "u"})),
                    span("10:01:02", 1, 2, 1, json!({"status_code": "ERROR", "error_type": "500"})),
                ],
            )
            .add("logs", &[log("10:09:00", 1, json!({}))]);
        let session = memory.derived().row("sessions");
        for (name, count) in [
            ("n_events", 4),
            ("n_page_views", 1),
            ("n_spans", 2),
            ("n_logs", 1),
            ("n_errors", 1),
            ("n_traces", 1),
            ("rage_clicks", 1),
            ("dead_clicks", 0),
            ("reloads", 1),
            ("n_orders", 0),
        ] {
            assert_eq!(session[name], count, "{name}");
        }
        assert_eq!(session["ended_at"], "2025-01-06T10:09:00Z");
        assert_eq!(
            (&session["user_id"], &session["user_id_source"]),
            (&json!("u"), &json!("trace"))
        );
        assert_eq!(session["session_previous_id"], "r");
        assert_eq!(session["ended_with_error"], true);
    }

    #[test]
    fn program_and_device_are_those_of_its_first_client_row() {
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[span("09:59:00", 1, 1, 0, json!({"session_id": "s", "geo_country": "DE"}))],
            )
            .add(
                "events",
                &[
                    event("10:00:00", "s", json!({"service_name": "web", "service_version": "2"})),
                    event("10:01:00", "s", json!({"service_name": "app", "plan_tier": "pro"})),
                ],
            );
        let session = memory.derived().row("sessions");
        assert_eq!(session["service_name"], "web");
        assert_eq!(session["service_version"], "2");
        assert_eq!(session["plan_tier"], "pro");
        assert_eq!(session["geo_country"], "DE");
    }

    #[test]
    fn an_order_counts_once_and_currencies_are_not_added_up() {
        let order = |time: &str, session: &str, id: &str, value: &str, currency: &str| {
            let order = json!({"event_kind": "purchase", "order_id": id, "order_value": value, "currency": currency});
            event(time, session, order)
        };
        let mut memory = Memory::default();
        memory.add(
            "events",
            &[
                order("10:00:00", "s", "o1", "10.5", "EUR"),
                order("10:00:01", "s", "o1", "10.5", "EUR"),
                order("10:00:02", "s", "o2", "2", "EUR"),
                order("10:00:03", "s", "o1", "-10.5", "EUR"),
                order("10:00:00", "t", "o3", "1", "EUR"),
                order("10:00:01", "t", "o4", "1", "USD"),
            ],
        );
        let sessions = memory.derived().rows("sessions");
        assert_eq!(sessions[0]["n_orders"], 2);
        assert_eq!(sessions[0]["revenue"].as_f64(), Some(12.5));
        assert_eq!(sessions[0]["currency"], "EUR");
        assert_eq!(sessions[1]["n_orders"], 2);
        assert_eq!(sessions[1].get("revenue"), None);
        assert_eq!(sessions[1].get("currency"), None);
    }

    #[test]
    fn a_session_is_cut_where_it_is_quiet_and_not_at_midnight() {
        let mut memory = Memory::default();
        let at = |ts: &str| event(ts, "s", json!({}));
        memory.add(
            "events",
            &[
                at("2025-01-06T10:00:00Z"),
                at("2025-01-06T14:00:00Z"),
                at("2025-01-06T17:59:00Z"),
                at("2025-01-06T21:00:00Z"),
                at("2025-01-07T00:30:00Z"),
            ],
        );
        let sessions = memory.derived().rows("sessions");
        let times: Vec<_> =
            sessions.iter().map(|row| (row["ts"].clone(), row["ended_at"].clone())).collect();
        assert_eq!(
            times,
            [
                (json!("2025-01-06T10:00:00Z"), json!("2025-01-06T10:00:00Z")),
                (json!("2025-01-06T14:00:00Z"), json!("2025-01-07T00:30:00Z")),
            ]
        );
    }
}
