//! Which spans of a trace failed, and what that says: incidents, root causes, what was caught, what was tried again.

use super::occurrences::{Occurrence, has_failed};
use super::tree::{NO_NODE, Tree};
use super::window::Window;

/// The failed spans of a trace: those with error status, and those that an error was recorded in.
#[derive(Debug, Default)]
pub(super) struct Failing {
    /// Whether its status is an error, by node.
    by_status: Vec<bool>,
    /// Whether it failed, by node.
    failed: Vec<bool>,
    /// Whether a span below failed, by node.
    below: Vec<bool>,
}

impl Failing {
    /// Takes the nodes that errors were recorded in; [`NO_NODE`] is passed over.
    pub(super) fn new(window: &Window, tree: &Tree, recorded: impl Iterator<Item = u32>) -> Self {
        let by_status: Vec<bool> = tree
            .nodes
            .iter()
            .map(|node| has_failed(window.facts(node.at.day), node.at.row))
            .collect();
        let mut failed = by_status.clone();
        for node in recorded.filter(|node| *node != NO_NODE) {
            failed[node as usize] = true;
        }
        let mut below = vec![false; failed.len()];
        for node in (0_u32..).zip(&failed).filter(|(_, failed)| **failed).map(|(node, _)| node) {
            for above in tree.path_up(node).skip(1) {
                if std::mem::replace(&mut below[above as usize], true) {
                    break;
                }
            }
        }
        Self { by_status, failed, below }
    }

    /// Whether a span below this one failed.
    pub(super) fn below(&self, node: u32) -> bool {
        self.below.get(node as usize).copied().unwrap_or(false)
    }

    /// Whether the span itself or one above it ended without error status; `None` without a span.
    pub(super) fn caught_above(&self, tree: &Tree, node: u32) -> Option<bool> {
        if node == NO_NODE {
            return None;
        }
        Some(tree.path_up(node).any(|above| !self.by_status[above as usize]))
    }

    /// Whether a span with the same parent, name and service began later and did not fail.
    pub(super) fn retried(&self, window: &Window, tree: &Tree, node: u32) -> bool {
        if node == NO_NODE {
            return false;
        }
        let of = |node: u32| {
            let at = tree.nodes[node as usize].at;
            let row = window.row(at);
            let span = window.facts(at.day).span(row)?;
            let service = window.known.contexts.context(row.context).service();
            Some((at, (span.parent, span.name, service)))
        };
        let Some((at, operation)) = of(node) else { return false };
        operation.0 != 0
            && (0_u32..).zip(&self.failed).any(|(other, failed)| {
                !failed
                    && !self.below[other as usize]
                    && of(other).is_some_and(|(later, same)| same == operation && later > at)
            })
    }

    /// Errors on one path of failed spans are one incident, and the deepest of them is its root cause.
    ///
    /// A path goes from a failed span to its parent as long as that failed too. `nodes` are the spans of each
    /// occurrence's records; one that is in several spans joins their paths. Of equally deep errors the earliest is
    /// the root cause.
    pub(super) fn link_incidents(
        &self,
        tree: &Tree,
        occurrences: &mut [Occurrence],
        nodes: &[Vec<u32>],
    ) {
        let mut parent_of: Vec<usize> = (0..tree.nodes.len()).collect();
        for (node, failed) in (0_u32..).zip(&self.failed) {
            if let Some(above) = tree.parent(node)
                && *failed
                && self.failed[above as usize]
            {
                join(&mut parent_of, node as usize, above as usize);
            }
        }
        for of_one in nodes {
            for pair in of_one.windows(2) {
                join(&mut parent_of, pair[0] as usize, pair[1] as usize);
            }
        }
        let mut members: Vec<(usize, usize)> = Vec::new();
        for (idx, of_one) in nodes.iter().enumerate() {
            members.extend(of_one.first().map(|node| (find(&mut parent_of, *node as usize), idx)));
        }
        members.sort_unstable();
        for incident in members.chunk_by(|a, b| a.0 == b.0) {
            let depth = |idx: usize| nodes[idx].iter().map(|node| tree.depth(*node)).max();
            let cause = incident.iter().map(|(_, idx)| *idx).max_by_key(|idx| {
                let of = &occurrences[*idx];
                (depth(*idx), std::cmp::Reverse((of.ts, of.id)))
            });
            let id = incident.iter().map(|(_, idx)| occurrences[*idx].id).min();
            for (_, idx) in incident {
                occurrences[*idx].incident = id.unwrap_or_default();
                occurrences[*idx].root_cause = Some(*idx) == cause;
            }
        }
    }
}

fn find(parent_of: &mut [usize], mut node: usize) -> usize {
    while parent_of[node] != node {
        parent_of[node] = parent_of[parent_of[node]];
        node = parent_of[node];
    }
    node
}

fn join(parent_of: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(parent_of, a), find(parent_of, b));
    parent_of[a] = b;
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, span, thrown};

    fn failed(exception_type: &str) -> Value {
        json!({"status_code": "ERROR", "span_events": thrown(exception_type, "m")})
    }

    /// Errors by type.
    fn errors(memory: &mut Memory) -> Vec<Value> {
        let mut rows = memory.derived().rows("errors");
        rows.sort_by_key(|row| row["exception_type"].to_string());
        rows
    }

    #[test]
    fn errors_on_one_path_are_one_incident_and_the_deepest_is_its_root_cause() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, failed("A")),
                span("10:00:01", 1, 2, 1, json!({"status_code": "ERROR"})),
                span("10:00:02", 1, 3, 2, failed("C")),
                span("10:00:03", 1, 4, 0, failed("D")),
            ],
        );
        let rows = errors(&mut memory);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0]["incident_id"], rows[1]["incident_id"]);
        assert_ne!(rows[0]["incident_id"], rows[2]["incident_id"]);
        let causes: Vec<_> = rows.iter().map(|row| row["root_cause"].as_bool().unwrap()).collect();
        assert_eq!(causes, [false, true, true]);
        assert_eq!(rows[1]["root_evidence"], "deepest_failing_span");
    }

    #[test]
    fn a_span_that_did_not_fail_parts_two_incidents_and_has_caught_the_lower() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, failed("A")),
                span("10:00:01", 1, 2, 1, json!({})),
                span("10:00:02", 1, 3, 2, failed("C")),
            ],
        );
        let rows = errors(&mut memory);
        assert_ne!(rows[0]["incident_id"], rows[1]["incident_id"]);
        assert_eq!((&rows[0]["handled"], &rows[1]["handled"]), (&json!(false), &json!(true)));
    }

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

    #[test]
    fn a_circle_of_parents_is_walked_once() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 2, failed("A")),
                span("10:00:01", 1, 2, 1, failed("B")),
                span("10:00:02", 1, 3, 3, failed("C")),
            ],
        );
        let rows = errors(&mut memory);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0]["incident_id"], rows[1]["incident_id"]);
    }
}
