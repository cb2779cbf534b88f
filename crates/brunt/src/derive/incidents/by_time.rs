//! Errors without a trace: each belongs to the failure that its session met just before it, where more than time connects
//! the two.

use std::collections::{HashMap, HashSet};

use brunt_model::Day;

use super::calls::Calls;
use super::lately::Lately;
use super::{Incident, RootEvidence};
use crate::derive::carry::{InUnits, occurrences_on};
use crate::derive::fill::{Piece, with_gap};
use crate::derive::occurrences::{AFTER_MICROS, Occurrence};
use crate::derive::tree::Tree;
use crate::derive::units::{NONE, rows_of};
use crate::derive::window::{At, Window};

/// The incidents of those errors of a day that have no trace and follow, in their session, an error at most two seconds
/// before, see [`Lately`]; all others keep their own. Calls are those of the session's traces.
///
/// Errors follow one another as long as none is two seconds late, but never out of their session, which ends by itself
/// within two days.
pub(in crate::derive) fn by_time(window: &Window, day: Day) -> HashMap<InUnits, Incident> {
    let piece_of = |of: &Occurrence| with_gap(window, of.best_row, of.span).piece();
    let loose = occurrences_on(window, day).filter(|(_, of)| of.unit == NONE);
    let asked: HashSet<Piece> = loose.filter_map(|(_, of)| piece_of(of)).collect();
    let mut joined = HashMap::new();
    if asked.is_empty() {
        return joined;
    }
    let mut of_session: HashMap<Piece, Vec<(InUnits, &Occurrence)>> = HashMap::new();
    for (number, of) in [day.plus(-1), day].iter().flat_map(|day| occurrences_on(window, *day)) {
        if let Some(piece) = piece_of(of).filter(|piece| asked.contains(piece)) {
            of_session.entry(piece).or_default().push((number, of));
        }
    }
    of_session.retain(|_, errors| {
        errors.sort_by_key(|(_, of)| (of.ts, of.id));
        errors.windows(2).any(|pair| may_follow(pair[0].1, pair[1].1))
    });
    let calls = calls_in(window, day, &of_session.keys().copied().collect());
    for (piece, errors) in of_session {
        let calls = calls.get(&piece);
        let services = errors.iter().map(|(_, of)| of.heard.service);
        let related = calls.map(|calls| calls.related(services)).unwrap_or_default();
        let mut lately = Lately::default();
        for (number, of) in errors {
            let before = (of.unit == NONE).then(|| lately.before(of.ts, &of.heard, &related));
            let incident = match before.flatten() {
                Some(incident) => {
                    let incident = Incident { evidence: RootEvidence::TimeOnly, ..incident };
                    joined.insert(number, incident);
                    incident
                }
                None => of.incident,
            };
            lately.note(of.ts, &of.heard, incident);
        }
    }
    joined
}

/// Whether an error without a trace comes at most two seconds after the error before it.
fn may_follow(before: &Occurrence, of: &Occurrence) -> bool {
    of.unit == NONE && of.ts <= before.ts.saturating_add(AFTER_MICROS)
}

/// The calls in the traces of these sessions, of each in those that begin on its first day or the next: the same for each
/// day that has errors of it.
fn calls_in(window: &Window, day: Day, sessions: &HashSet<Piece>) -> HashMap<Piece, Calls> {
    let mut calls: HashMap<Piece, Calls> = HashMap::new();
    if sessions.is_empty() {
        return calls;
    }
    let mut tree = Tree::default();
    for began in [-1, 0, 1].map(|n| day.plus(n)).into_iter().filter(|day| window.has(*day)) {
        let units = window.state(began).units.iter().flat_map(|units| &units.units);
        for unit in units {
            let facts = window.facts(began);
            let Some(first) = facts.rows_of(&facts.traces, unit.head).first() else { continue };
            let root = unit.root.filter(|root| root.day == began);
            let at = root.unwrap_or(At { day: began, row: *first });
            let piece = with_gap(window, at, None).piece();
            let is_asked = |piece: &Piece| {
                sessions.contains(piece) && [began, began.plus(-1)].contains(&piece.day())
            };
            if let Some(piece) = piece.filter(is_asked) {
                tree.rebuild(window, &rows_of(window, began, unit));
                calls.entry(piece).or_default().add(window, &tree);
            }
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, event, log, span, thrown};

    fn error(time: &str, exception: &str, service: &str) -> Value {
        let more = json!({
            "severity_number": 17, "exception_type": exception, "session_id": "s", "service_name": service
        });
        log(time, 0, more)
    }

    /// Of each error by time: type, type of its incident's root cause, evidence.
    fn roots(memory: &mut Memory) -> Vec<String> {
        let mut rows = memory.derived().rows("errors");
        rows.sort_by_key(|row| row["ts"].to_string());
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
        rows.iter()
            .map(|row| {
                let root = rows.iter().find(|other| {
                    other["incident_id"] == row["incident_id"] && other["root_cause"] == true
                });
                let root = text(root.unwrap(), "exception_type");
                format!("{} {root} {}", text(row, "exception_type"), text(row, "root_evidence"))
            })
            .collect()
    }

    #[test]
    fn errors_of_a_session_that_follow_within_two_seconds_are_one_incident_where_a_call_connects_them()
     {
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:30:00", 1, 1, 0, json!({"service_name": "front", "session_id": "s"})),
                    span("10:30:00", 1, 2, 1, json!({"service_name": "shelf"})),
                    span("10:30:00", 1, 3, 2, json!({"service_name": "stock"})),
                ],
            )
            .add(
                "logs",
                &[
                    error("10:00:00", "A", "stock"),
                    error("10:00:02", "B", "front"),
                    error("10:00:04", "C", "front"),
                    error("10:00:07", "D", "front"),
                    log("10:00:07", 0, json!({"severity_number": 17, "exception_type": "E"})),
                ],
            );
        let mut found = roots(&mut memory);
        found.sort();
        let expected =
            ["A A time_only", "B A time_only", "C A time_only", "D D time_only", "E E time_only"];
        assert_eq!(found, expected);
        let rows = memory.rows("errors");
        let blamed = rows.iter().filter(|row| row["root_service_name"] == "stock").count();
        assert_eq!(blamed, 3);
    }

    #[test]
    fn services_of_which_no_call_is_known_fail_each_by_itself() {
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:30:00", 1, 1, 0, json!({"service_name": "front", "session_id": "s"})),
                    span("10:30:00", 1, 2, 1, json!({"service_name": "mail"})),
                    span(
                        "10:30:00",
                        2,
                        1,
                        0,
                        json!({"service_name": "front", "session_id": "other"}),
                    ),
                    span("10:30:00", 2, 2, 1, json!({"service_name": "stock"})),
                ],
            )
            .add("logs", &[error("10:00:00", "A", "stock"), error("10:00:01", "B", "front")]);
        assert_eq!(roots(&mut memory), ["A A time_only", "B B time_only"]);
    }

    #[test]
    fn of_a_page_only_what_says_the_same_once_more_is_one_failure() {
        let seen = |time: &str, exception: &str| {
            event(
                time,
                "s",
                json!({
                    "event_kind": "error", "exception_type": exception, "service_name": "web"
                }),
            )
        };
        let mut memory = Memory::default();
        memory.add(
            "events",
            &[seen("10:00:00", "Banner"), seen("10:00:01", "Logout"), seen("10:00:02", "Banner")],
        );
        let expected =
            ["Banner Banner time_only", "Logout Logout time_only", "Banner Banner time_only"];
        assert_eq!(roots(&mut memory), expected);
        let n_roots = memory.rows("errors").iter().filter(|row| row["root_cause"] == true).count();
        assert_eq!(n_roots, 2);
    }

    #[test]
    fn what_the_client_saw_belongs_to_the_trace_that_failed_before_where_the_client_called_it() {
        let failed = json!({
            "status_code": "ERROR", "span_events": thrown("Deep", "m"), "session_id": "s"
        });
        let seen = event(
            "10:00:01",
            "s",
            json!({
                "event_kind": "error", "exception_type": "Seen", "service_name": "web"
            }),
        );
        let mut memory = Memory::default();
        memory.add("spans", &[span("10:00:00", 1, 1, 2, failed)]).add("events", &[seen]);
        assert_eq!(roots(&mut memory), ["Deep Deep deepest_failing_span", "Seen Seen time_only"]);
        let call = json!({"service_name": "web", "span_kind": "CLIENT", "session_id": "s"});
        memory.add("spans", &[span("10:00:00", 1, 2, 0, call)]);
        assert_eq!(roots(&mut memory), ["Deep Deep deepest_failing_span", "Seen Deep time_only"]);
    }

    #[test]
    fn midnight_is_no_border_and_a_later_error_changes_no_earlier_one() {
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                error("2025-01-06T23:59:59Z", "A", "front"),
                error("2025-01-07T00:00:01Z", "B", "front"),
            ],
        );
        assert_eq!(roots(&mut memory), ["A A time_only", "B A time_only"]);
    }

    #[test]
    fn what_another_service_signal_or_level_says_again_is_a_duplicate_and_the_same_again_is_not() {
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                error("10:00:00", "A", "stock"),
                error("10:00:01", "A", "front"),
                error("10:00:02", "A", "stock"),
                error("10:00:03", "B", "front"),
            ],
        );
        let mut rows = memory.derived().rows("errors");
        rows.sort_by_key(|row| row["ts"].to_string());
        let root = rows[0]["error_id"].clone();
        let duplicates: Vec<_> = rows.iter().map(|row| row.get("duplicate_of").cloned()).collect();
        assert_eq!(duplicates, [None, Some(root), None, None]);
    }
}
