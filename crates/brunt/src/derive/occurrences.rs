//! The errors of a trace: records of one exception become one occurrence, whatever number of signals recorded it.
//!
//! Records of a service with equal root type and template are one; what another service says of it is an occurrence of its
//! own, which incidents join. A span's error status without an exception of its own is no
//! record where something else tells of the same failure: an error recorded in that span, a failed span below it,
//! an error log of its service without span id while it ran or within two seconds after.

use std::collections::HashMap;

use super::facts::{Facts, NO_ROW, Record, Row, RowKind, Says, signal};
use super::failing::Failing;
use super::incidents::{self, Heard, Incident, RootEvidence};
use super::symbols::Sym;
use super::tree::{NO_NODE, Tree};
use super::units::{NONE, row_id, row_of_node};
use super::window::{At, Window};

/// How long after its span, or after an error before it, a log still tells of the same failure, in microseconds.
pub(super) const AFTER_MICROS: i64 = 2_000_000;

/// One happening of an error.
#[derive(Debug, Clone)]
pub(super) struct Occurrence {
    /// Of its earliest record.
    pub(super) ts: i64,
    pub(super) id: u128,
    /// The richest record: its row and its place in the records of the row's day.
    pub(super) best_row: At,
    pub(super) best: u32,
    /// Bits of [`signal`].
    pub(super) signals: u8,
    /// Highest of its records; 0 where none has one.
    pub(super) severity: i16,
    /// The span that it happened in.
    pub(super) span: Option<At>,
    /// The trace, and its activity in the activities of the trace's day; [`NONE`] where there is none.
    pub(super) unit: u32,
    pub(super) activity: u32,
    pub(super) heard: Heard,
    pub(super) incident: Incident,
    pub(super) n_records: u32,
    /// Whether the client, or a span above that did not fail, caught it.
    pub(super) handled: Option<bool>,
    /// Whether the operation of each of its spans, or of one above, was tried again under the same parent and succeeded.
    pub(super) retried: bool,
}

/// What makes two records of a service one: root type and template; where nothing was said, the group.
type Exception = (Sym, Sym, Sym);

/// A record, the node of the span that it is in, and its identity.
#[derive(Debug, Clone, Copy)]
struct Placed {
    at: At,
    place: u32,
    record: Record,
    node: u32,
    /// Added by error states of spans that tell of the same failure.
    signals: u8,
    /// Itself, and those error states.
    n_records: u32,
    identity: u128,
    exception: Exception,
}

/// The occurrences of a trace, by (time, id); most traces have none.
pub(super) fn of_trace(window: &Window, rows: &[At], tree: &Tree, unit: u32) -> Vec<Occurrence> {
    if !rows.iter().any(|at| window.row(*at).in_records) {
        return Vec::new();
    }
    let mut records: Vec<Placed> = rows.iter().flat_map(|at| placed(window, *at, tree)).collect();
    let failing = Failing::new(window, tree, records.iter().map(|record| record.node));
    absorb_bare(window, &failing, &mut records);
    records.sort_unstable_by_key(|record| record.identity);
    take_for_the_same(window, &mut records);
    records.sort_by_key(|record| record.exception);
    let mut occurrences = Vec::new();
    let mut nodes: Vec<Vec<u32>> = Vec::new();
    for alike in records.chunk_by(|a, b| a.exception == b.exception) {
        for same in by_service(window, alike) {
            let (occurrence, at_nodes) = merged(window, tree, &failing, &same, unit);
            occurrences.push(occurrence);
            nodes.push(at_nodes);
        }
    }
    incidents::link(window, tree, &failing, &mut occurrences, &nodes);
    occurrences.sort_by_key(|occurrence| (occurrence.ts, occurrence.id));
    occurrences
}

/// The occurrences of a row without a trace, one for each of its records.
pub(super) fn without_trace(window: &Window, at: At) -> Vec<Occurrence> {
    let tree = Tree::default();
    let failing = Failing::default();
    placed(window, at, &tree)
        .iter()
        .map(|record| merged(window, &tree, &failing, std::slice::from_ref(record), NONE).0)
        .collect()
}

fn placed(window: &Window, at: At, tree: &Tree) -> Vec<Placed> {
    let row = window.row(at);
    if !row.in_records {
        return Vec::new();
    }
    let facts = window.facts(at.day);
    let node = match row.kind {
        RowKind::Span => tree.node_of(row.span, at),
        _ => tree.find(row.span),
    };
    facts
        .records_of(at.row)
        .map(|place| {
            let record = facts.records[place];
            Placed {
                at,
                place: u32::try_from(place).unwrap_or(NO_ROW),
                record,
                node: node.unwrap_or(NO_NODE),
                signals: record.signals,
                n_records: 1,
                identity: row_id(facts, at.row, "error", record.part),
                exception: exception(window, &record),
            }
        })
        .collect()
}

/// Takes away the error states of spans that something else tells of.
fn absorb_bare(window: &Window, failing: &Failing, records: &mut Vec<Placed>) {
    let mut kept: Vec<Placed> = Vec::with_capacity(records.len());
    let (bare, mut told): (Vec<Placed>, Vec<Placed>) =
        records.drain(..).partition(|placed| placed.record.says != Says::Error);
    told.sort_by_key(|placed| (placed.record.ts, placed.identity));
    let tellers = Tellers::of(window, &told);
    for span in bare {
        if let Some(teller) = tellers.first_of(window, &span) {
            told[teller].signals |= signal::SPAN;
            told[teller].n_records += 1;
        } else if !failing.below(span.node) {
            kept.push(span);
        }
    }
    records.append(&mut told);
    records.append(&mut kept);
}

/// Errors that may tell of a span's error state, as places among them: of each span the first, and of each service the
/// logs that name no span, by time.
#[derive(Debug, Default)]
struct Tellers {
    of_span: HashMap<u32, usize>,
    of_service: HashMap<Sym, Vec<(i64, usize)>>,
}

impl Tellers {
    /// `told` are by time.
    fn of(window: &Window, told: &[Placed]) -> Self {
        let mut tellers = Self::default();
        for (idx, placed) in told.iter().enumerate() {
            let row = window.row(placed.at);
            let service = service(window, row);
            if placed.node != NO_NODE {
                tellers.of_span.entry(placed.node).or_insert(idx);
            } else if row.span == 0 && service.is_some() {
                tellers.of_service.entry(service).or_default().push((row.ts, idx));
            }
        }
        for logs in tellers.of_service.values_mut() {
            logs.sort_unstable();
        }
        tellers
    }

    /// The first that tells of a span's error state.
    fn first_of(&self, window: &Window, bare: &Placed) -> Option<usize> {
        let row = window.row(bare.at);
        let end = window.facts(bare.at.day).span(row).map_or(row.ts, |span| span.end(row.ts));
        let while_it_ran = row.ts..=end.saturating_add(AFTER_MICROS);
        let of_service = self.of_service.get(&service(window, row)).and_then(|logs| {
            let first = logs.partition_point(|(ts, _)| ts < while_it_ran.start());
            logs.get(first).filter(|(ts, _)| while_it_ran.contains(ts))
        });
        let of_span = self.of_span.get(&bare.node).copied();
        of_span.into_iter().chain(of_service.map(|(_, idx)| *idx)).min()
    }
}

fn service(window: &Window, row: &Row) -> Sym {
    window.known.contexts.context(row.context).service()
}

/// The records of each service, services in the order of their first record; those that name none go with the first.
fn by_service(window: &Window, alike: &[Placed]) -> Vec<Vec<Placed>> {
    let mut of_services: Vec<(Sym, Vec<Placed>)> = Vec::new();
    let mut of_none = Vec::new();
    for placed in alike {
        let service = service(window, window.row(placed.at));
        match of_services.iter_mut().find(|(known, _)| *known == service) {
            _ if !service.is_some() => of_none.push(*placed),
            Some((_, same)) => same.push(*placed),
            None => of_services.push((service, vec![*placed])),
        }
    }
    match of_services.first_mut() {
        Some((_, same)) => {
            same.append(&mut of_none);
            same.sort_by_key(|placed| placed.identity);
        }
        None => return vec![of_none],
    }
    of_services.into_iter().map(|(_, same)| same).collect()
}

fn exception(window: &Window, record: &Record) -> Exception {
    let grouping = window.known.groupings.grouping(record.grouping);
    match (record.says, grouping.root_type, grouping.root_template) {
        (Says::Nothing, _, _) | (_, Sym::NONE, Sym::NONE) => (Sym::NONE, Sym::NONE, grouping.group),
        (_, root_type, template) => (root_type, template, Sym::NONE),
    }
}

/// A record without a stack knows of an exception only what wraps the rest. Where one of the same service with a stack says
/// the same of its outermost, the two are one exception. Records are by identity.
fn take_for_the_same(window: &Window, records: &mut [Placed]) {
    let symbols = &window.known.symbols;
    let said = |record: &Record| {
        let message = symbols.text(record.message).unwrap_or_default().trim();
        match symbols.text(record.exception_type) {
            Some(name) => Some((short(name), message)),
            // As programs log it: `Type: message`.
            None => message.split_once(": ").map(|(name, message)| (short(name), message)),
        }
    };
    // Two that say the same and are not tell of no third which of them it is.
    let mut with_stack: HashMap<(Sym, (&str, &str)), Option<Exception>> = HashMap::new();
    for placed in records.iter().filter(|placed| placed.record.stack_len > 0) {
        if let Some(said) = said(&placed.record) {
            let known = with_stack
                .entry((service(window, window.row(placed.at)), said))
                .or_insert(Some(placed.exception));
            *known = known.filter(|known| *known == placed.exception);
        }
    }
    for placed in records.iter_mut().filter(|placed| placed.record.stack_len == 0) {
        let said = said(&placed.record);
        let known =
            said.and_then(|said| with_stack.get(&(service(window, window.row(placed.at)), said)));
        placed.exception = known.copied().flatten().unwrap_or(placed.exception);
    }
}

/// A type without its package or module.
fn short(name: &str) -> &str {
    name.rsplit(['.', ':', '$', '\\', '/']).next().unwrap_or(name)
}

/// Makes one occurrence of records that are by identity, the least first.
fn merged(
    window: &Window,
    tree: &Tree,
    failing: &Failing,
    same: &[Placed],
    unit: u32,
) -> (Occurrence, Vec<u32>) {
    // The last of equals: the greatest identity, which is content.
    let best = same.iter().max_by_key(|placed| richness(window, placed)).unwrap_or(&same[0]);
    let mut nodes: Vec<u32> =
        same.iter().map(|placed| placed.node).filter(|node| *node != NO_NODE).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let deepest = nodes.iter().copied().max_by_key(|node| tree.depth(*node));
    let node = if best.node == NO_NODE { deepest.unwrap_or(NO_NODE) } else { best.node };
    let severity = same.iter().map(|placed| placed.record.severity).max().unwrap_or_default();
    let told = same.iter().find_map(|placed| placed.record.handled);
    let id = same.iter().map(|placed| placed.identity).min().unwrap_or_default();
    let signals = same.iter().fold(0, |signals, placed| signals | placed.signals);
    let heard = Heard {
        exception: best.exception,
        service: window.known.contexts.context(window.row(best.at).context).service(),
        signals,
        severity,
    };
    let occurrence = Occurrence {
        ts: same.iter().map(|placed| placed.record.ts).min().unwrap_or_default(),
        id,
        best_row: best.at,
        best: best.place,
        signals,
        severity,
        span: span_row(tree, node, best, window.facts(best.at.day)),
        unit,
        activity: NONE,
        heard,
        // A trace makes more of it.
        incident: Incident::alone(id, heard, RootEvidence::TimeOnly),
        n_records: same.iter().map(|placed| placed.n_records).sum(),
        handled: told.or_else(|| failing.caught_above(node)).or((severity >= 21).then_some(false)),
        retried: !nodes.is_empty() && nodes.iter().all(|node| failing.retried(*node)),
    };
    (occurrence, nodes)
}

/// The span that an occurrence is in; a span without a trace is its own.
fn span_row(tree: &Tree, node: u32, best: &Placed, facts: &Facts) -> Option<At> {
    let row = &facts.rows[best.at.row as usize];
    row_of_node(tree, node).or((row.kind == RowKind::Span).then_some(best.at))
}

/// How much a record tells: how well its stack reads, its length, the message's, whether there is a type.
fn richness(window: &Window, placed: &Placed) -> (u8, u32, usize, bool, u128) {
    let (record, known) = (&placed.record, &window.known);
    let message = known.symbols.text(record.message).map_or(0, str::len);
    let rank = known.groupings.rank(record.grouping, &known.symbols);
    (rank, record.stack_len, message, record.exception_type.is_some(), placed.identity)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, event, log, span, thrown};

    /// Type, message and signals of each error, by time.
    fn errors(memory: &mut Memory) -> Vec<String> {
        let mut rows = memory.derived().rows("errors");
        rows.sort_by_key(|row| row["ts"].to_string());
        let text =
            |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        let signals = |row: &Value| {
            let all = row["signals"].as_array().unwrap();
            all.iter().map(|signal| signal.as_str().unwrap()).collect::<Vec<_>>().join("+")
        };
        rows.iter()
            .map(|row| {
                let (exception, message) =
                    (text(row, "exception_type"), text(row, "exception_message"));
                format!("{exception}: {message} ({})", signals(row))
            })
            .collect()
    }

    #[test]
    fn one_exception_that_three_signals_recorded_is_one_error() {
        let mut memory = Memory::default();
        memory
            .add("spans", &[span("10:00:00", 1, 1, 0, json!({
                "status_code": "ERROR", "span_events": thrown("Timeout", "after 3 s"), "duration_ns": 9
            }))])
            .add("logs", &[log("10:00:01", 1, json!({
                "severity_number": 17, "body": "request failed", "exception_type": "Timeout",
                "exception_message": "after 12 s"
            }))])
            .add("events", &[event("09:59:59", "s", json!({
                "event_kind": "error", "exception_type": "Timeout", "exception_message": "after 3 s",
                "trace_id": format!("{:032x}", 1)
            }))]);
        assert_eq!(errors(&mut memory), ["Timeout: after 12 s (log+span+span_event+event)"]);
        let error = memory.row("errors");
        assert_eq!(error["ts"], "2025-01-06T09:59:59Z");
        assert_eq!(error["severity_number"], 17);
    }

    #[test]
    fn a_record_without_a_stack_is_one_with_that_which_has_it() {
        let stack = "com.acme.CheckoutException: order 12 failed\n\tat com.acme.Shop.pay(Shop.java:5)\n\
                     Caused by: java.sql.SQLException: deadlock\n\tat com.acme.Db.save(Db.java:9)";
        let with_stack = json!({
            "severity_number": 17, "exception_type": "com.acme.CheckoutException",
            "exception_message": "order 12 failed", "exception_stacktrace": stack
        });
        for (bare, n_errors) in [
            (
                json!({"exception_type": "CheckoutException", "exception_message": "order 12 failed"}),
                1,
            ),
            (
                json!({"severity_number": 17, "body": "com.acme.CheckoutException: order 12 failed"}),
                1,
            ),
            (
                json!({"exception_type": "CheckoutException", "exception_message": "order 13 failed"}),
                2,
            ),
            (json!({"exception_type": "PayException", "exception_message": "order 12 failed"}), 2),
        ] {
            let mut memory = Memory::default();
            let rows = [log("10:00:00", 1, with_stack.clone()), log("10:00:01", 1, bare.clone())];
            memory.add("logs", &rows);
            assert_eq!(memory.derived().rows("errors").len(), n_errors, "{bare}");
            assert!(memory.rows("errors").iter().any(|row| row["root_type"] == "SQLException"
                || row["root_type"] == "java.sql.SQLException"));
        }
    }

    #[test]
    fn what_two_services_recorded_are_two_errors_of_one_incident() {
        let of = |service: &str| json!({"service_name": service, "exception_type": "X", "exception_message": "m"});
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                log("10:00:00", 1, of("a")),
                log("10:00:01", 1, of("b")),
                log("10:00:02", 1, of("b")),
                log(
                    "10:00:03",
                    1,
                    json!({"service_name": null, "exception_type": "X", "exception_message": "m"}),
                ),
            ],
        );
        let derived = memory.derived();
        let rows = derived.rows("errors");
        let services: Vec<_> = rows.iter().map(|row| row["service_name"].as_str()).collect();
        assert_eq!(services, [Some("a"), Some("b")]);
        let n_records: i64 = rows.iter().filter_map(|row| row["n_records"].as_i64()).sum();
        assert_eq!(n_records, 4);
        let incidents: std::collections::BTreeSet<_> =
            rows.iter().map(|row| row["incident_id"].to_string()).collect();
        assert_eq!(incidents.len(), 1);
    }

    #[test]
    fn what_two_services_recorded_is_one_incident_whatever_ran_between() {
        let of = |service: &str, status: &str, more: Value| {
            let mut row = json!({"service_name": service, "status_code": status, "duration_ns": 9});
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row
        };
        let thrown = || json!({"span_events": thrown("X", "m")});
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, of("web", "ERROR", thrown())),
                span("10:00:00", 1, 2, 1, of("gateway", "OK", json!({}))),
                span("10:00:00", 1, 3, 2, of("stock", "ERROR", thrown())),
            ],
        );
        let derived = memory.derived();
        let rows = derived.rows("errors");
        let incidents: std::collections::BTreeSet<_> =
            rows.iter().map(|row| row["incident_id"].to_string()).collect();
        assert_eq!((rows.len(), incidents.len()), (2, 1));
    }

    #[test]
    fn different_exceptions_and_other_traces_stay_apart() {
        let error = |text: &str| json!({"exception_type": text, "exception_message": "m"});
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                log("10:00:00", 1, error("A")),
                log("10:00:01", 1, error("B")),
                log("10:00:02", 2, error("A")),
                log("10:00:03", 0, error("A")),
                log("10:00:03", 0, error("A")),
            ],
        );
        let expected = ["A: m (log)", "B: m (log)", "A: m (log)", "A: m (log)", "A: m (log)"];
        assert_eq!(errors(&mut memory), expected);
    }

    #[test]
    fn an_error_status_is_no_error_of_its_own_where_the_failure_below_is_known() {
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, json!({"status_code": "ERROR"})),
                span("10:00:01", 1, 2, 1, json!({"status_code": "UNSET"})),
                span(
                    "10:00:02",
                    1,
                    3,
                    2,
                    json!({"status_code": "ERROR", "status_message": "card declined"}),
                ),
            ],
        );
        assert_eq!(errors(&mut memory), ["-: card declined (span)"]);
    }

    #[test]
    fn an_error_status_is_told_of_by_an_error_log_of_its_span_or_service() {
        let failed = || json!({"status_code": "ERROR", "duration_ns": 1_000_000_000});
        let told = |more: Value| {
            let mut row = log("10:00:02", 1, json!({"severity_number": 17, "body": "no stock"}));
            for (key, value) in more.as_object().unwrap() {
                row[key] = value.clone();
            }
            row
        };
        for (more, n_errors) in [
            (json!({"span_id": "0000000000000001"}), 1),
            (json!({}), 1),
            (json!({"service_name": "other"}), 2),
            (json!({"ts": "2025-01-06T10:00:04Z"}), 2),
        ] {
            let mut memory = Memory::default();
            memory
                .add("spans", &[span("10:00:00", 1, 1, 0, failed())])
                .add("logs", &[told(more.clone())]);
            assert_eq!(errors(&mut memory).len(), n_errors, "{more}");
        }
    }

    #[test]
    fn exception_columns_of_a_span_without_events_are_a_record() {
        let mut memory = Memory::default();
        let columns =
            json!({"status_code": "ERROR", "exception_type": "KeyError", "exception_message": "x"});
        memory.add("spans", &[span("10:00:00", 1, 1, 0, columns)]);
        assert_eq!(errors(&mut memory), ["KeyError: x (span)"]);
    }

    #[test]
    fn the_same_failure_of_two_operations_without_text_is_two_groups() {
        let failed = |path: &str| json!({"status_code": "ERROR", "http_request_method": "GET", "http_route": path});
        let mut memory = Memory::default();
        memory.add(
            "spans",
            &[
                span("10:00:00", 1, 1, 0, failed("/a")),
                span("10:00:01", 2, 2, 0, failed("/b")),
                span("10:00:02", 3, 3, 0, failed("/b")),
            ],
        );
        let mut groups: Vec<String> = memory
            .derived()
            .rows("errors")
            .iter()
            .map(|row| row["error_group_id"].to_string())
            .collect();
        assert_eq!(groups.len(), 3);
        groups.sort();
        groups.dedup();
        assert_eq!(groups.len(), 2);
    }

    #[test]
    fn logs_are_errors_from_severity_17_or_with_an_exception() {
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                log("10:00:00", 0, json!({"severity_number": 16, "body": "warning"})),
                log("10:00:01", 0, json!({"severity_number": 17, "body": "error"})),
                log(
                    "10:00:02",
                    0,
                    json!({"severity_number": 9, "exception_type": "E", "body": "caught"}),
                ),
                log("10:00:03", 0, json!({"body": "plain"})),
            ],
        );
        assert_eq!(errors(&mut memory), ["-: error (log)", "E: caught (log)"]);
    }
}
