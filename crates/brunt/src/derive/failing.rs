//! Which spans of a trace failed, and what that says: what hangs together, what was caught, what was tried again.

use std::collections::HashMap;

use super::facts::{Span, Status};
use super::symbols::Sym;
use super::tree::{NO_NODE, Tree};
use super::window::{At, Window};

/// What makes two spans tries of one thing: parent span, name, service.
type Operation = (u64, Sym, Sym);

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
    /// The latest span of each operation below another that neither failed nor has a failed one below.
    succeeded: HashMap<Operation, At>,
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
        let mut succeeded: HashMap<Operation, At> = HashMap::new();
        for (idx, node) in tree.nodes.iter().enumerate() {
            if failed[idx] || below[idx] {
                continue;
            }
            if let Some(operation) = operation(window, node.at) {
                let latest = succeeded.entry(operation).or_insert(node.at);
                *latest = node.at.max(*latest);
            }
        }
        Self { outcomes, failed, below, succeeded }
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

    /// Whether the span itself or one above it ended without an error; `None` without a span, and where none did but
    /// nobody knows of one.
    pub(super) fn caught_above(&self, tree: &Tree, node: u32) -> Option<bool> {
        if node == NO_NODE {
            return None;
        }
        let status = |above: u32| self.outcomes[above as usize];
        if tree.path_up(node).any(|above| matches!(status(above), Status::Ok | Status::Unset)) {
            return Some(true);
        }
        tree.path_up(node).all(|above| status(above) == Status::Error).then_some(false)
    }

    /// Whether a span with the same parent, name and service began later and did not fail.
    pub(super) fn retried(&self, window: &Window, tree: &Tree, node: u32) -> bool {
        if node == NO_NODE {
            return false;
        }
        let at = tree.nodes[node as usize].at;
        operation(window, at)
            .and_then(|operation| self.succeeded.get(&operation))
            .is_some_and(|later| *later > at)
    }
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
