//! Errors without a trace: each belongs to the failure that its session met just before it.

use std::collections::{HashMap, HashSet};

use brunt_model::Day;

use super::{Incident, RootEvidence};
use crate::derive::carry::{InUnits, occurrences_on};
use crate::derive::fill::{Piece, with_gap};
use crate::derive::occurrences::{AFTER_MICROS, Occurrence};
use crate::derive::units::NONE;
use crate::derive::window::Window;

/// The incidents of those errors of a day that have no trace and come, in their session, at most two seconds after
/// another error; all others keep their own.
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
    for errors in of_session.values_mut() {
        errors.sort_by_key(|(_, of)| (of.ts, of.id));
        let mut before: Option<(i64, Incident)> = None;
        for (number, of) in errors {
            let follows = before
                .filter(|(ts, _)| of.unit == NONE && of.ts <= ts.saturating_add(AFTER_MICROS));
            let incident = match follows {
                Some((_, incident)) => {
                    let incident = Incident { evidence: RootEvidence::TimeOnly, ..incident };
                    joined.insert(*number, incident);
                    incident
                }
                None => of.incident,
            };
            before = Some((of.ts, incident));
        }
    }
    joined
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
    fn errors_of_a_session_that_follow_within_two_seconds_are_one_incident() {
        let mut memory = Memory::default();
        memory.add(
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
    fn what_the_client_saw_belongs_to_the_trace_that_failed_before() {
        let mut memory = Memory::default();
        memory
            .add("spans", &[span("10:00:00", 1, 1, 0, json!({
                "status_code": "ERROR", "span_events": thrown("Deep", "m"), "session_id": "s"
            }))])
            .add("events", &[event("10:00:01", "s", json!({
                "event_kind": "error", "exception_type": "Seen", "service_name": "web"
            }))]);
        assert_eq!(roots(&mut memory), ["Deep Deep deepest_failing_span", "Seen Deep time_only"]);
    }

    #[test]
    fn midnight_is_no_border_and_a_later_error_changes_no_earlier_one() {
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                error("2025-01-06T23:59:59Z", "A", "stock"),
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
