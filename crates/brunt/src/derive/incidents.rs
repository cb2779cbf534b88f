//! Incidents: which errors tell of one failure, which of them it began with, and which service is to blame.
//!
//! In a trace errors on one path of failed spans are one incident, and the deepest is its root cause. Where an error was
//! recorded by who gave up waiting, the slow service below is to blame. Errors without a trace follow what happened just
//! before in their session, where more than time connects the two.

mod by_time;
mod calls;
mod lately;
mod ran;
mod slow;
mod tolerated;

use std::collections::HashMap;

use super::facts::{Record, SpanKind, signal};
use super::failing::Failing;
use super::gave_up::{GaveUp, Said, gave_up};
use super::occurrences::Occurrence;
use super::symbols::Sym;
use super::tree::{NO_NODE, Tree};
use super::window::{At, Window};

pub(super) use self::by_time::by_time;
use self::calls::Calls;
use self::lately::Lately;
use self::ran::ran_then;
use self::slow::Slow;
use self::tolerated::Tolerated;

/// The failure that an error belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incident {
    /// The least id of its errors in the trace; without a trace that of the first.
    pub(super) id: u128,
    pub(super) root: Root,
    pub(super) evidence: RootEvidence,
}

/// The error that an incident began with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    pub(super) error: u128,
    /// The service to blame: who recorded it, or whom that one waited for.
    pub(super) service: Sym,
    pub(super) heard: Heard,
}

/// Who said what, to tell a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// What makes two records one exception.
    pub(super) exception: (Sym, Sym, Sym),
    pub(super) service: Sym,
    pub(super) signals: u8,
    pub(super) severity: i16,
}

/// What a root cause rests on, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RootEvidence {
    /// It is in the deepest span that failed and was not gone on after, or beside it.
    DeepestFailingSpan,
    /// It gave up waiting, and a span below took most of that time.
    TimeoutChild,
    /// It is the first of those errors of its trace that belong together, and no span says more.
    EarliestError,
    /// It came first in its session.
    TimeOnly,
}

impl RootEvidence {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::DeepestFailingSpan => "deepest_failing_span",
            Self::TimeoutChild => "timeout_child",
            Self::EarliestError => "earliest_error",
            Self::TimeOnly => "time_only",
        }
    }
}

impl Incident {
    /// An error that is an incident of its own.
    pub(super) fn alone(error: u128, heard: Heard, evidence: RootEvidence) -> Self {
        Self { id: error, root: Root { error, service: heard.service, heard }, evidence }
    }
}

impl Heard {
    /// Whether its client alone recorded it.
    fn is_from_client(&self) -> bool {
        self.signals == signal::EVENT
    }

    /// Whether another service, signal or level says the same once more; said again in the same way it happened again.
    pub(super) fn repeats(&self, root: &Self) -> bool {
        self.exception == root.exception
            && (self.service, self.signals, self.severity)
                != (root.service, root.signals, root.severity)
    }
}

/// The deepest span that an error was recorded in.
#[derive(Debug, Clone, Copy)]
struct Deepest {
    /// [`NO_NODE`] where none is known.
    node: u32,
    /// Whether a record names it, or only ran beside it.
    is_named: bool,
}

/// What tells which error of several is the root cause: of spans what was waited for below them and what was gone on
/// after, of occurrences the spans.
#[derive(Debug)]
struct Ways<'n> {
    slow: Slow,
    tolerated: Tolerated,
    deepest: Vec<Deepest>,
    nodes: &'n [Vec<u32>],
}

/// Gives the errors of a trace their incidents.
///
/// `nodes` are the spans of each occurrence's records; one that is in several spans joins their paths. An error without
/// a span belongs to a failed span that ran then, of its own service, else of one that it calls or is called by in this
/// trace, the deepest of several; where no such span ran, to the error without a span that it follows, see [`Lately`].
/// Of a failure's errors the deepest is the root cause, of equally deep ones that which names its span, then the
/// earliest; a cancellation is so only where there is nothing else, and what the span above went on after, see
/// [`Tolerated`], only where nothing came later.
pub(super) fn link(
    window: &Window,
    tree: &Tree,
    failing: &Failing,
    occurrences: &mut [Occurrence],
    nodes: &[Vec<u32>],
) {
    let n_nodes = tree.nodes.len();
    let mut parent_of: Vec<usize> = (0..n_nodes + occurrences.len()).collect();
    for (node, above) in failing.paths(tree) {
        join(&mut parent_of, node as usize, above as usize);
    }
    for (one, other) in passed_on(tree, occurrences, nodes) {
        join(&mut parent_of, n_nodes + one, n_nodes + other);
    }
    let mut deepest: Vec<Deepest> = Vec::with_capacity(occurrences.len());
    let mut without_span: Vec<usize> = Vec::new();
    for (idx, of_one) in nodes.iter().enumerate() {
        for node in of_one {
            join(&mut parent_of, *node as usize, n_nodes + idx);
        }
        let own = of_one.iter().copied().max_by_key(|node| tree.depth(*node));
        deepest.push(Deepest { node: own.unwrap_or(NO_NODE), is_named: own.is_some() });
        if own.is_none() {
            without_span.push(idx);
        }
    }
    let asked: Vec<&Occurrence> = without_span.iter().map(|idx| &occurrences[*idx]).collect();
    let mut calls = Calls::default();
    if !asked.is_empty() {
        calls.add(window, tree);
    }
    let related = calls.related(asked.iter().map(|of| of.heard.service));
    let ran = ran_then(window, tree, failing, &asked, &related);
    let mut loose: Vec<usize> = Vec::new();
    for (idx, ran) in without_span.into_iter().zip(ran) {
        match ran {
            Some((node, is_its_own)) => {
                join(&mut parent_of, node as usize, n_nodes + idx);
                deepest[idx].node = if is_its_own { node } else { NO_NODE };
            }
            None => loose.push(idx),
        }
    }
    loose.sort_by_key(|idx| (occurrences[*idx].ts, occurrences[*idx].id));
    let mut lately = Lately::default();
    for idx in loose {
        let of = &occurrences[idx];
        if let Some(before) = lately.before(of.ts, &of.heard, &related) {
            join(&mut parent_of, n_nodes + before, n_nodes + idx);
        }
        lately.note(of.ts, &of.heard, idx);
    }
    let mut members: Vec<(usize, usize)> =
        (0..occurrences.len()).map(|idx| (find(&mut parent_of, n_nodes + idx), idx)).collect();
    members.sort_unstable();
    let ways = Ways {
        slow: Slow::new(window, tree),
        tolerated: Tolerated::new(window, tree, failing),
        deepest,
        nodes,
    };
    for of_one in members.chunk_by(|a, b| a.0 == b.0) {
        let incident = incident(window, tree, &ways, occurrences, of_one);
        for (_, idx) in of_one {
            occurrences[*idx].incident = incident;
        }
    }
}

/// Pairs of occurrences that are one exception, which went from service to service: on one way up, or recorded by who
/// names no span where that is the only one. What two services say that do not call each other is two failures. Occurrences of one exception come
/// one after the other.
fn passed_on(tree: &Tree, occurrences: &[Occurrence], nodes: &[Vec<u32>]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut first = 0;
    for alike in occurrences.chunk_by(|a, b| a.heard.exception == b.heard.exception) {
        let all = first..first + alike.len();
        first = all.end;
        if alike.len() == 1 {
            continue;
        }
        // Of each node that was walked over, the occurrence that is there or above it.
        let mut above: HashMap<u32, Option<usize>> = HashMap::new();
        for idx in all.clone() {
            above.extend(nodes[idx].iter().map(|node| (*node, Some(idx))));
        }
        for idx in all.clone() {
            for node in &nodes[idx] {
                let mut walked = Vec::new();
                let mut found = None;
                for node in tree.path_up(*node).skip(1) {
                    if let Some(known) = above.get(&node) {
                        found = *known;
                        break;
                    }
                    walked.push(node);
                }
                above.extend(walked.into_iter().map(|node| (node, found)));
                pairs.extend(found.filter(|other| *other != idx).map(|other| (idx, other)));
            }
        }
        // Who names no span said it with the others who do not, and with who does where that is one failure.
        let (placed, loose): (Vec<usize>, Vec<usize>) =
            all.partition(|idx| !nodes[*idx].is_empty());
        pairs.extend(loose.windows(2).map(|pair| (pair[0], pair[1])));
        if let ([one], [first, ..]) = (placed.as_slice(), loose.as_slice()) {
            pairs.push((*one, *first));
        }
    }
    pairs
}

/// The incident of these members, each with its number among the occurrences.
fn incident(
    window: &Window,
    tree: &Tree,
    Ways { slow, tolerated, deepest, nodes }: &Ways<'_>,
    occurrences: &[Occurrence],
    members: &[(usize, usize)],
) -> Incident {
    let depth = |idx: usize| {
        let node = deepest[idx].node;
        (node != NO_NODE).then(|| tree.depth(node))
    };
    let root_idx = members
        .iter()
        .map(|(_, idx)| *idx)
        .max_by_key(|idx| {
            let of = &occurrences[*idx];
            let cancelled =
                members.len() > 1 && how_given_up(window, of) == Some(GaveUp::Cancelled);
            // Without a span of its own it goes with the one that it ran beside.
            let beside = [deepest[*idx].node];
            let own = if nodes[*idx].is_empty() { &beside } else { nodes[*idx].as_slice() };
            let depth = (!tolerated.all(own), depth(*idx), deepest[*idx].is_named);
            (!cancelled, depth, std::cmp::Reverse((of.ts, of.id)))
        })
        .unwrap_or_default();
    let root = &occurrences[root_idx];
    let id = members.iter().map(|(_, idx)| occurrences[*idx].id).min().unwrap_or(root.id);
    let evidence = match depth(root_idx) {
        Some(_) => RootEvidence::DeepestFailingSpan,
        None => RootEvidence::EarliestError,
    };
    let mut incident = Incident { id, ..Incident::alone(root.id, root.heard, evidence) };
    if how_given_up(window, root).is_some()
        && let Some(node) = slow.below(deepest[root_idx].node)
    {
        let at = tree.nodes[node as usize].at;
        incident.evidence = RootEvidence::TimeoutChild;
        incident.root.service = service(window, at).or(incident.root.service);
    }
    incident
}

fn how_given_up(window: &Window, of: &Occurrence) -> Option<GaveUp> {
    let record: &Record = &window.facts(of.best_row.day).records[of.best as usize];
    let symbols = &window.known.symbols;
    let span = of.span.and_then(|at| window.facts(at.day).span(window.row(at)));
    gave_up(&Said {
        root_type: symbols.text(window.known.groupings.grouping(record.grouping).root_type),
        exception_type: symbols.text(record.exception_type),
        error_type: symbols.text(record.error_type),
        message: symbols.text(record.message),
        http_status: record.http_status,
        is_caller: span.is_some_and(|span| span.kind == SpanKind::Client),
    })
}

fn service(window: &Window, at: At) -> Sym {
    window.known.contexts.context(window.row(at).context).service()
}

fn find(parent_of: &mut [usize], mut element: usize) -> usize {
    while parent_of[element] != element {
        parent_of[element] = parent_of[parent_of[element]];
        element = parent_of[element];
    }
    element
}

fn join(parent_of: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(parent_of, a), find(parent_of, b));
    parent_of[a] = b;
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, event, log, span, thrown};

    fn failed(exception_type: &str) -> Value {
        json!({"status_code": "ERROR", "span_events": thrown(exception_type, "m")})
    }

    /// Error status and exception of a service's span of so many seconds.
    fn took(service: &str, seconds: i64, exception_type: Option<&str>) -> Value {
        let mut more = json!({"service_name": service, "duration_ns": seconds * 1_000_000_000});
        if let Some(exception_type) = exception_type {
            more["status_code"] = json!("ERROR");
            more["span_events"] = json!(thrown(exception_type, "m"));
        }
        more
    }

    /// Errors by type.
    fn errors(memory: &mut Memory) -> Vec<Value> {
        let mut rows = memory.derived().rows("errors");
        rows.sort_by_key(|row| row["exception_type"].to_string());
        rows
    }

    /// Type and evidence of the root cause, and the service to blame, of the only incident.
    fn root(memory: &mut Memory) -> String {
        let rows = errors(memory);
        let mut incidents: Vec<_> = rows.iter().map(|row| row["incident_id"].clone()).collect();
        incidents.dedup();
        assert_eq!(incidents.len(), 1, "{rows:#?}");
        let roots: Vec<_> = rows.iter().filter(|row| row["root_cause"] == true).collect();
        assert_eq!(roots.len(), 1, "{rows:#?}");
        for row in &rows {
            assert_eq!(row["root_service_name"], roots[0]["root_service_name"]);
        }
        let text = |key: &str| roots[0][key].as_str().unwrap_or("-").to_owned();
        [text("exception_type"), text("root_evidence"), text("root_service_name")].join(" ")
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
    fn spans_whose_status_nobody_knows_part_nothing_and_catch_nothing() {
        let unknown = |service: &str| json!({"status_code": null, "service_name": service});
        let at = |id: u8, exception: &str, service: &str| {
            json!({
                "span_id": format!("{id:016x}"), "severity_number": 17,
                "exception_type": exception, "service_name": service
            })
        };
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, unknown("front")),
                    span("10:00:01", 1, 2, 1, unknown("front")),
                    span("10:00:02", 1, 3, 2, unknown("back")),
                ],
            )
            .add(
                "logs",
                &[
                    log("10:00:03", 1, at(3, "Deep", "back")),
                    log("10:00:04", 1, at(1, "Top", "front")),
                ],
            );
        assert_eq!(root(&mut memory), "Deep deepest_failing_span back");
        for row in memory.rows("errors") {
            assert_eq!(row.get("handled"), None);
        }
    }

    #[test]
    fn who_gave_up_waiting_is_not_to_blame_but_the_slow_service_below() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, took("front", 4, Some("Failed"))),
                span("10:00:00", 1, 2, 1, took("front", 3, Some("ReadTimeout"))),
                span("10:00:00", 1, 3, 2, took("stock", 9, None)),
                span("10:00:01", 1, 4, 3, took("stock", 1, None)),
                span("10:00:02", 1, 5, 3, took("database", 8, None)),
            ],
        );
        assert_eq!(root(&mut memory), "ReadTimeout timeout_child database");
    }

    #[test]
    fn a_clock_that_is_behind_hides_no_slow_service() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:07", 1, 1, 0, took("front", 3, Some("ReadTimeout"))),
                span("10:00:00", 1, 2, 1, took("stock", 9, None)),
            ],
        );
        assert_eq!(root(&mut memory), "ReadTimeout timeout_child stock");
    }

    #[test]
    fn who_found_nobody_to_answer_is_not_to_blame() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, took("front", 3, Some("ReadTimeout"))),
                span("10:00:00", 1, 2, 1, took("cart", 9, Some("BrokenPipeError"))),
                span("10:00:00", 1, 3, 2, took("stock", 9, None)),
            ],
        );
        assert_eq!(root(&mut memory), "ReadTimeout timeout_child stock");
    }

    #[test]
    fn what_the_span_above_went_on_after_is_not_why_it_failed() {
        let tolerated = took("front", 1, Some("CacheError"));
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, took("front", 9, Some("Failed"))),
                span("10:00:01", 1, 2, 1, tolerated),
                span("10:00:01", 1, 3, 2, took("cache", 1, Some("Refused"))),
                span("10:00:03", 1, 4, 1, took("front", 1, Some("Declined"))),
            ],
        );
        assert_eq!(root(&mut memory), "Declined deepest_failing_span front");
    }

    #[test]
    fn what_ran_beside_a_span_that_was_gone_on_after_is_no_cause_either() {
        let said =
            json!({"severity_number": 17, "exception_type": "Said", "service_name": "cache"});
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, took("front", 9, Some("Failed"))),
                    span("10:00:01", 1, 2, 1, took("front", 1, Some("CacheError"))),
                    span("10:00:01", 1, 3, 2, took("cache", 1, Some("Refused"))),
                    span("10:00:05", 1, 4, 1, took("front", 1, Some("Declined"))),
                ],
            )
            .add("logs", &[log("10:00:01.5", 1, said)]);
        assert_eq!(root(&mut memory), "Declined deepest_failing_span front");
    }

    #[test]
    fn two_services_that_do_not_call_each_other_fail_each_for_itself() {
        let of = |service: &str| took(service, 1, Some("Refused"));
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, json!({})),
                span("10:00:01", 1, 2, 1, of("price")),
                span("10:00:03", 1, 3, 1, of("stock")),
            ],
        );
        let rows = errors(&mut memory);
        assert_ne!(rows[0]["incident_id"], rows[1]["incident_id"]);
        assert!(
            rows.iter().all(|row| row["root_cause"] == true && row.get("duplicate_of").is_none())
        );
    }

    #[test]
    fn a_slow_service_that_answered_before_is_not_what_was_waited_for() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, took("front", 9, Some("ReadTimeout"))),
                span("10:00:00", 1, 2, 1, took("score", 8, None)),
            ],
        );
        assert_eq!(root(&mut memory), "ReadTimeout deepest_failing_span front");
    }

    #[test]
    fn a_timeout_with_no_slow_span_below_stays_where_it_was() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, took("front", 3, Some("ReadTimeout"))),
                span("10:00:00", 1, 2, 1, took("stock", 1, None)),
            ],
        );
        assert_eq!(root(&mut memory), "ReadTimeout deepest_failing_span front");
    }

    #[test]
    fn a_cancellation_follows_from_what_else_failed_however_deep_it_is() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, took("front", 4, Some("Failed"))),
                span("10:00:00", 1, 2, 1, took("stock", 1, Some("OutOfStock"))),
                span("10:00:00", 1, 3, 1, took("price", 1, Some("TaskCanceledException"))),
                span("10:00:00", 1, 4, 3, took("rates", 1, Some("CancelledError"))),
            ],
        );
        assert_eq!(root(&mut memory), "OutOfStock deepest_failing_span stock");
    }

    #[test]
    fn an_error_without_a_span_belongs_to_the_failed_span_of_its_service_that_ran() {
        let error = |exception: &str, service: &str| json!({"severity_number": 17, "exception_type": exception, "service_name": service});
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, took("front", 4, Some("Failed"))),
                    span("10:00:00", 1, 2, 1, took("stock", 1, Some("Inner"))),
                    span("10:00:00", 1, 3, 2, took("ledger", 1, None)),
                ],
            )
            .add(
                "logs",
                &[
                    log("10:00:01", 1, error("Beside", "stock")),
                    log("10:00:02", 1, error("Below", "ledger")),
                ],
            );
        assert_eq!(root(&mut memory), "Inner deepest_failing_span stock");
        // Nothing is known of the mail but that it failed at the same time.
        memory.add("logs", &[log("10:00:02", 1, error("Elsewhere", "mail"))]);
        let mut rows = errors(&mut memory);
        rows.retain(|row| row["root_cause"] == true);
        let roots: Vec<_> = rows.iter().map(|row| row["exception_type"].clone()).collect();
        assert_eq!(roots, ["Elsewhere", "Inner"]);
    }

    #[test]
    fn an_error_that_names_its_span_comes_before_one_that_only_ran_beside_it() {
        let beside =
            json!({"severity_number": 17, "exception_type": "Probe", "service_name": "pay"});
        let failed_in_span = json!({
            "severity_number": 17, "exception_type": "BankDown", "service_name": "pay",
            "span_id": format!("{:016x}", 1)
        });
        let mut memory = Memory::default();
        memory
            .add("spans", &[span("10:00:00", 1, 1, 0, took("pay", 3, None))])
            .add("logs", &[log("10:00:01", 1, beside), log("10:00:02", 1, failed_in_span)]);
        assert_eq!(root(&mut memory), "BankDown deepest_failing_span pay");
    }

    #[test]
    fn a_call_that_an_http_status_alone_shows_as_failed_is_on_the_path_of_its_failure() {
        let gateway = json!({
            "service_name": "gateway", "status_code": "UNSET", "http_response_status_code": 500,
            "duration_ns": 2_000_000_000_i64
        });
        let gave_up = json!({
            "service_name": "gateway", "severity_number": 17, "exception_type": "RetriesExhausted"
        });
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, gateway),
                    span("10:00:00", 1, 2, 1, took("pay", 1, Some("BankDown"))),
                ],
            )
            .add("logs", &[log("10:00:02", 1, gave_up)]);
        assert_eq!(root(&mut memory), "BankDown deepest_failing_span pay");
        for row in memory.rows("errors") {
            assert_ne!(row["handled"], true, "{row:#?}");
        }
    }

    #[test]
    fn without_spans_the_first_error_of_a_trace_is_the_root_of_those_that_follow_closely() {
        let error = |exception: &str, service: &str| json!({"severity_number": 17, "exception_type": exception, "service_name": service});
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                log("10:00:01", 1, error("First", "stock")),
                log("10:00:03", 1, error("Second", "stock")),
            ],
        );
        assert_eq!(root(&mut memory), "First earliest_error stock");
        memory.add(
            "logs",
            &[
                log("10:00:04", 1, error("Third", "front")),
                log("10:00:06", 1, error("Fourth", "stock")),
            ],
        );
        assert!(
            errors(&mut memory)
                .iter()
                .skip(1)
                .all(|row| { row["root_cause"] == (row["exception_type"] != "Second") })
        );
    }

    #[test]
    fn a_call_in_the_trace_connects_errors_without_a_span_and_what_a_page_does_beside_it_is_not_called()
     {
        let error = |exception: &str, service: &str| json!({"severity_number": 17, "exception_type": exception, "service_name": service});
        let seen = json!({
            "event_kind": "error", "exception_type": "Banner", "service_name": "web",
            "trace_id": format!("{:032x}", 1)
        });
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, took("front", 3, None)),
                    span("10:00:00", 1, 2, 1, took("stock", 2, None)),
                ],
            )
            .add(
                "logs",
                &[
                    log("10:00:01", 1, error("First", "stock")),
                    log("10:00:02", 1, error("Second", "front")),
                ],
            );
        assert_eq!(root(&mut memory), "First earliest_error stock");
        memory.add("events", &[event("10:00:01.5", "s", seen)]);
        let rows = errors(&mut memory);
        assert_ne!(rows[0]["incident_id"], rows[1]["incident_id"]);
        assert_eq!(rows[1]["incident_id"], rows[2]["incident_id"]);
    }

    #[test]
    fn a_circle_of_parents_is_walked_once() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 2, failed("ATimeout")),
                span("10:00:01", 1, 2, 1, failed("BTimeout")),
                span("10:00:02", 1, 3, 3, failed("C")),
            ],
        );
        let rows = errors(&mut memory);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0]["incident_id"], rows[1]["incident_id"]);
    }
}
