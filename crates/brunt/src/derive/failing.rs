//! Which spans of a trace failed, and what that says: what hangs together, what was caught, what was tried again.

use std::collections::HashMap;

use super::facts::{Span, SpanKind, Status};
use super::symbols::Sym;
use super::tree::{NO_NODE, Tree};
use super::window::{At, Window};

/// What makes two spans tries of one thing: parent span, name, service.
type Operation = (u64, Sym, Sym);

/// By how much the times of one program may miss each other, in microseconds.
const CLOCK_MICROS: i64 = 1_000;

/// The failed spans of a trace: those with error status, without a status those whose HTTP status is an error, and those
/// that an error was recorded in.
#[derive(Debug, Default)]
pub(super) struct Failing {
    /// What came of it, by node; [`Status::None`] where nobody says.
    outcomes: Vec<Status>,
    /// Whether it failed, by node.
    failed: Vec<bool>,
    /// Whether a span below says that it failed, by its own status or a recorded error; by node.
    below: Vec<bool>,
    /// Whether the span itself or one above it that waited for it ended without an error, by node; `None` where none did
    /// but nobody knows of one.
    caught: Vec<Option<bool>>,
    /// Whether the span, or one above that failed with it, was tried again, and the last try succeeded; by node.
    retried: Vec<bool>,
}

/// Spans of one thing, below one span: tries of it, or one after the other for many things.
#[derive(Debug, Default)]
struct Tries {
    /// Those that neither failed nor have a failed one below.
    n_succeeded: usize,
    /// When the last to begin began, in microseconds, and whether it succeeded.
    last: Option<(At, bool)>,
    last_began: i64,
}

impl Failing {
    /// Takes the nodes that errors were recorded in; [`NO_NODE`] is passed over.
    pub(super) fn new(window: &Window, tree: &Tree, recorded: impl Iterator<Item = u32>) -> Self {
        let spans =
            || tree.nodes.iter().map(|node| window.facts(node.at.day).span(window.row(node.at)));
        let outcomes: Vec<Status> =
            spans().map(|span| span.map_or(Status::None, Span::outcome)).collect();
        let mut says: Vec<bool> =
            spans().map(|span| span.is_some_and(|span| span.status == Status::Error)).collect();
        for node in recorded.filter(|node| *node != NO_NODE) {
            says[node as usize] = true;
        }
        let mut below = vec![false; says.len()];
        for node in (0_u32..).zip(&says).filter(|(_, says)| **says).map(|(node, _)| node) {
            for above in tree.path_up(node).skip(1) {
                if std::mem::replace(&mut below[above as usize], true) {
                    break;
                }
            }
        }
        let failed: Vec<bool> =
            says.iter().zip(&outcomes).map(|(says, of)| *says || *of == Status::Error).collect();
        let mut tries: HashMap<Operation, Tries> = HashMap::new();
        for (idx, node) in tree.nodes.iter().enumerate() {
            if let Some(operation) = operation(window, node.at) {
                let span = window.facts(node.at.day).span(window.row(node.at));
                let has_succeeded =
                    !failed[idx] && !below[idx] && span.is_some_and(Span::has_succeeded);
                tries.entry(operation).or_default().add(window, node.at, has_succeeded);
            }
        }
        let mut failing = Self { outcomes, failed, below, ..Self::default() };
        failing.look_up(window, tree, &tries);
        failing
    }

    /// Finds out by going down once what was caught and what was tried again.
    fn look_up(&mut self, window: &Window, tree: &Tree, tries: &HashMap<Operation, Tries>) {
        let n_nodes = tree.nodes.len();
        self.caught = vec![None; n_nodes];
        self.retried = vec![false; n_nodes];
        for node in tree.downwards() {
            let (idx, at) = (node as usize, tree.nodes[node as usize].at);
            let above = tree.parent(node).map(|above| above as usize);
            let outcome = self.outcomes[idx];
            let is_success = |outcome| matches!(outcome, Status::Ok | Status::Unset);
            let waiting = above.filter(|above| waits(window, tree.nodes[*above].at, at));
            self.caught[idx] = match (outcome, waiting.map(|above| self.caught[above])) {
                (Status::Ok | Status::Unset, _) | (_, Some(Some(true))) => Some(true),
                (Status::Error, None | Some(Some(false))) => Some(false),
                _ => None,
            };
            let own = operation(window, at).and_then(|operation| tries.get(&operation));
            let is_with_above =
                above.is_some_and(|above| !is_success(self.outcomes[above]) && self.retried[above]);
            self.retried[idx] = is_with_above || own.is_some_and(|own| own.recovered(window, at));
        }
    }

    /// Whether a span failed.
    pub(super) fn has_failed(&self, node: u32) -> bool {
        self.failed.get(node as usize).copied().unwrap_or(false)
    }

    /// Whether a span below this one says that it failed. One that an HTTP status alone shows says nothing, and is no
    /// error of its own.
    pub(super) fn below(&self, node: u32) -> bool {
        self.below.get(node as usize).copied().unwrap_or(false)
    }

    /// The failed spans.
    pub(super) fn nodes(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.failed).filter(|(_, failed)| **failed).map(|(node, _)| node)
    }

    /// Each failed span with the next failed one above it; a span of which nobody knows what came parts nothing.
    pub(super) fn paths<'a>(&'a self, tree: &'a Tree) -> impl Iterator<Item = (u32, u32)> + 'a {
        self.nodes().filter_map(|node| {
            let says = |above: &u32| {
                self.failed[*above as usize] || self.outcomes[*above as usize] != Status::None
            };
            let above = tree.path_up(node).skip(1).find(says)?;
            self.failed[above as usize].then_some((node, above))
        })
    }

    /// Whether the span itself or one above it that waited for it ended without an error; `None` without a span, and
    /// where none did but nobody knows of one.
    pub(super) fn caught_above(&self, node: u32) -> Option<bool> {
        self.caught.get(node as usize).copied().flatten()
    }

    /// Whether the span, or one above that failed with it, was tried again, and the last try succeeded.
    pub(super) fn retried(&self, node: u32) -> bool {
        self.retried.get(node as usize).copied().unwrap_or(false)
    }
}

impl Tries {
    fn add(&mut self, window: &Window, at: At, has_succeeded: bool) {
        self.n_succeeded += usize::from(has_succeeded);
        let began = window.row(at).ts;
        if self.last.is_none_or(|(last, _)| (self.last_began, last) < (began, at)) {
            (self.last, self.last_began) = (Some((at, has_succeeded)), began);
        }
    }

    /// Whether the last of them alone succeeded, after this one had ended. Who succeeded before, or goes on after that,
    /// does one thing after the other, or several at once, and tries nothing again.
    fn recovered(&self, window: &Window, at: At) -> bool {
        let is_retried = matches!(self.last, Some((last, true)) if last != at);
        is_retried && self.n_succeeded == 1 && end(window, at) <= self.last_began + CLOCK_MICROS
    }
}

/// Whether a span waited for one below it, and so could catch its error: who sends a message does not, nor who ended
/// before. Clocks of two services cannot be compared.
fn waits(window: &Window, above: At, lower: At) -> bool {
    let span = |at: At| window.facts(at.day).span(window.row(at));
    let service = |at: At| window.known.contexts.context(window.row(at).context).service();
    let (Some(of_above), Some(of_lower)) = (span(above), span(lower)) else { return true };
    if of_above.kind == SpanKind::Producer || of_lower.kind == SpanKind::Consumer {
        return false;
    }
    let is_timed = of_above.duration_ns.get().is_some() && of_lower.duration_ns.get().is_some();
    let is_comparable = is_timed && service(above) == service(lower);
    !is_comparable || end(window, lower) <= end(window, above) + CLOCK_MICROS
}

fn end(window: &Window, at: At) -> i64 {
    let row = window.row(at);
    window.facts(at.day).span(row).map_or(row.ts, |span| span.end(row.ts))
}

/// `None` where nothing is above the span.
fn operation(window: &Window, at: At) -> Option<Operation> {
    let row = window.row(at);
    let span = window.facts(at.day).span(row).filter(|span| span.parent != 0)?;
    Some((span.parent, span.name, window.known.contexts.context(row.context).service()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, span};

    #[test]
    fn a_later_sibling_of_the_same_operation_that_succeeds_recovers() {
        let call = |status: &str| json!({"span_kind": "CLIENT", "span_name": "charge", "status_code": status});
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, json!({})),
                span("10:00:01", 1, 2, 1, call("ERROR")),
                span("10:00:02", 1, 3, 1, call("OK")),
            ],
        );
        assert_eq!(memory.derived().row("errors")["recovered"], true);
        assert_eq!(memory.row("errors")["error_class"], "dependency_error");
    }

    /// `recovered` of each error below one span, whose calls of one operation begin at these seconds, take so long, and
    /// have these statuses.
    fn recovered(calls: &[(u8, i64, &str)]) -> Vec<Option<bool>> {
        let mut spans = vec![span("10:00:00", 1, 1, 0, json!({"status_code": "ERROR"}))];
        for (id, (second, seconds, status)) in (2..).zip(calls) {
            let more = json!({
                "span_kind": "CLIENT", "span_name": "charge", "status_code": status,
                "status_message": format!("no {}", ["one", "two", "three", "four"][usize::from(id) - 2]), "duration_ns": seconds * 1_000_000_000
            });
            spans.push(span(&format!("10:00:{second:02}"), 1, id, 1, more));
        }
        let mut memory = Memory::default();
        memory.add("spans", &spans);
        let mut rows = memory.derived().rows("errors");
        rows.sort_by_key(|row| row["ts"].to_string());
        rows.iter().map(|row| row.get("recovered").and_then(Value::as_bool)).collect()
    }

    #[test]
    fn only_a_try_after_the_failed_ones_recovers_them() {
        assert_eq!(recovered(&[(1, 1, "ERROR"), (2, 1, "ERROR"), (3, 1, "OK")]), [Some(true); 2]);
        // At once, or one thing after the other, is no second try.
        assert_eq!(recovered(&[(1, 2, "ERROR"), (2, 1, "OK")]), [None]);
        assert_eq!(recovered(&[(1, 1, "OK"), (2, 1, "ERROR"), (3, 1, "OK")]), [None]);
        assert_eq!(recovered(&[(1, 1, "ERROR"), (2, 1, "OK"), (3, 1, "OK")]), [None]);
        assert_eq!(recovered(&[(1, 1, "ERROR"), (2, 1, "OK"), (3, 1, "ERROR")]), [None; 2]);
    }

    #[test]
    fn a_try_that_is_refused_recovers_nothing() {
        let tried = |status: &str, http_status: i32| {
            json!({
                "span_kind": "SERVER", "span_name": "pay", "status_code": status, "status_message": "no",
                "http_response_status_code": http_status
            })
        };
        for (later, recovered) in [(200, json!(true)), (402, json!(null))] {
            let mut memory = Memory::default();
            memory.add(
                "spans",
                &[
                    span("10:00:01", 1, 2, 1, tried("ERROR", 500)),
                    span("10:00:02", 1, 3, 1, tried("UNSET", 402)),
                    span("10:00:03", 1, 4, 1, tried("UNSET", later)),
                ],
            );
            let error = memory.derived().row("errors");
            assert_eq!(error.get("recovered").cloned().unwrap_or_default(), recovered, "{later}");
        }
    }

    #[test]
    fn an_error_recovers_with_the_call_above_it_that_is_tried_again() {
        let call = |status: &str| json!({"span_kind": "CLIENT", "span_name": "charge", "status_code": status});
        let in_pay = json!({"service_name": "pay", "status_code": "ERROR", "status_message": "no"});
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, json!({})),
                span("10:00:01", 1, 2, 1, call("ERROR")),
                span("10:00:01", 1, 3, 2, in_pay),
                span("10:00:02", 1, 4, 1, call("OK")),
            ],
        );
        let error = memory.derived().row("errors");
        assert_eq!((&error["service_name"], &error["recovered"]), (&json!("pay"), &json!(true)));
    }

    #[test]
    fn one_exception_of_two_operations_recovers_where_both_do() {
        let call = |name: &str, status: &str| json!({"span_kind": "CLIENT", "span_name": name, "status_code": status, "status_message": "no"});
        for (last, recovered) in [("OK", json!(true)), ("ERROR", json!(null))] {
            let mut memory = Memory::default();
            memory.add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, json!({"status_code": "UNSET"})),
                    span("10:00:01", 1, 2, 1, call("charge", "ERROR")),
                    span("10:00:02", 1, 3, 1, call("charge", "OK")),
                    span("10:00:03", 1, 4, 1, call("reserve", "ERROR")),
                    span("10:00:04", 1, 5, 1, call("reserve", last)),
                ],
            );
            let error = memory.derived().row("errors");
            assert_eq!(error.get("recovered").cloned().unwrap_or_default(), recovered, "{last}");
        }
    }

    #[test]
    fn who_did_not_wait_caught_nothing() {
        let took = |seconds: i64, more: Value| {
            let mut row = json!({"duration_ns": seconds * 1_000_000_000, "status_code": "UNSET"});
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row
        };
        let failed = |more: Value| {
            let mut row = took(3, more);
            row["status_code"] = json!("ERROR");
            row
        };
        for (above, below, handled) in [
            (took(9, json!({})), failed(json!({})), true),
            // It ended before.
            (took(2, json!({})), failed(json!({})), false),
            // Another service has another clock.
            (took(2, json!({"span_kind": "CLIENT"})), failed(json!({"service_name": "pay"})), true),
            (took(9, json!({"span_kind": "PRODUCER"})), failed(json!({})), false),
            (took(9, json!({})), failed(json!({"span_kind": "CONSUMER"})), false),
        ] {
            let mut memory = Memory::default();
            memory.add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, above.clone()),
                    span("10:00:01", 1, 2, 1, below.clone()),
                ],
            );
            assert_eq!(memory.derived().row("errors")["handled"], handled, "{above} {below}");
        }
    }

    /// Whether the error of the called service was handled, where the calling span has this kind and HTTP status.
    fn handled_below(kind: &str, http_status: i32, status: Option<&str>) -> Value {
        let above = json!({
            "span_kind": kind, "status_code": status, "http_response_status_code": http_status
        });
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, above),
                span("10:00:01", 1, 2, 1, json!({"status_code": "ERROR", "service_name": "pay"})),
            ],
        );
        memory.derived().row("errors").get("handled").cloned().unwrap_or_default()
    }

    #[test]
    fn an_http_error_without_a_status_caught_nothing() {
        for (kind, http_status, status, handled) in [
            ("SERVER", 500, Some("UNSET"), json!(false)),
            ("SERVER", 503, None, json!(false)),
            ("SERVER", 409, Some("UNSET"), json!(true)),
            ("SERVER", 500, Some("OK"), json!(true)),
            ("CLIENT", 404, Some("UNSET"), json!(false)),
            ("CLIENT", 302, Some("UNSET"), json!(true)),
            ("INTERNAL", 500, Some("UNSET"), json!(true)),
        ] {
            assert_eq!(
                handled_below(kind, http_status, status),
                handled,
                "{kind} {http_status} {status:?}"
            );
        }
    }

    #[test]
    fn an_http_error_without_a_status_hides_no_error_above_it() {
        let answered = json!({"status_code": "UNSET", "http_response_status_code": 500});
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, json!({"span_kind": "CLIENT", "status_code": "ERROR"})),
                span("10:00:01", 1, 2, 1, answered),
            ],
        );
        assert_eq!(memory.derived().row("errors")["span_kind"], "CLIENT");
    }

    #[test]
    fn an_http_error_is_no_recovery() {
        let call = |status: &str, http_status: i32| {
            json!({
                "span_kind": "CLIENT", "span_name": "charge", "status_code": status,
                "http_response_status_code": http_status
            })
        };
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, json!({})),
                span("10:00:01", 1, 2, 1, call("ERROR", 500)),
                span("10:00:02", 1, 3, 1, call("UNSET", 500)),
            ],
        );
        assert_ne!(memory.derived().row("errors")["recovered"], true);
    }

    #[test]
    fn what_succeeded_before_or_failed_below_is_no_recovery() {
        let call = |status: &str| json!({"span_kind": "CLIENT", "span_name": "charge", "status_code": status});
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, json!({})),
                span("10:00:01", 1, 2, 1, call("OK")),
                span("10:00:02", 1, 3, 1, call("ERROR")),
                span("10:00:03", 1, 4, 1, call("OK")),
                span("10:00:04", 1, 5, 4, json!({"span_name": "pay", "status_code": "ERROR"})),
            ],
        );
        let rows = memory.derived().rows("errors");
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row["recovered"] != true), "{rows:#?}");
    }
}
