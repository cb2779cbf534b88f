//! Real exports of spans and errors: how many rows and rejects each file gives, and what must hold of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use brunt_fingerprint::{Occurrence, Rules, frames};
use brunt_ingest::{Detected, Error, detect};
use brunt_testkit::needs;
use serde_json::{Map, Value};

use crate::exports::files;
use crate::reading::{Read, options, read};

type Rows = Vec<Map<String, Value>>;

/// Reads every export of a folder; what is none is left out.
fn exports(folder: &Path) -> Vec<(String, Read)> {
    let mut exports = Vec::new();
    for path in files(folder) {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        if matches!(detect(&name, &bytes), Detected::Export { .. }) {
            let read = read(&name, &bytes, &options());
            if !matches!(read.outcome, Err(Error::UnknownTable { .. })) {
                exports.push((name, read));
            }
        }
    }
    exports
}

/// Format, rows by table, records without a table, and rejects by code.
fn counts(read: &Read) -> String {
    let summary = read.summary();
    let mut text = summary.format.name().to_owned();
    for (what, n) in summary.n_rows.iter().chain(&summary.unsupported) {
        text += &format!(" {n} {what}");
    }
    let mut codes = BTreeMap::new();
    for reject in &read.rejects {
        *codes.entry(reject.code).or_insert(0) += 1;
    }
    for (code, n) in codes {
        text += &format!(" {n} {code}");
    }
    text
}

fn text<'r>(row: &'r Map<String, Value>, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_sentry_event_is_an_error_with_a_stack_that_reads_back() {
    let Some(folder) = needs::exports("sentry-events") else { return };
    let (mut n_logs, mut n_events, mut n_types, mut n_stacks) = (0, 0, 0, 0);
    let mut n_frames = BTreeMap::new();
    let exports = exports(&folder);
    for (name, read) in &exports {
        assert_eq!(read.summary().format.name(), "sentry", "{name}");
        assert_eq!((read.summary().n_records, read.summary().n_rejects), (1, 0), "{name}");
        let (logs, events) = (read.rows_of("logs"), read.rows_of("events"));
        (n_logs, n_events) = (n_logs + logs.len(), n_events + events.len());
        let row = logs.iter().chain(&events).next().unwrap();
        n_types += usize::from(row.contains_key("exception_type"));
        n_stacks += usize::from(row.contains_key("exception_stacktrace"));
        let platform = text(row["attributes"].as_object().unwrap(), "platform").to_owned();
        let stacktrace = Some(text(row, "exception_stacktrace"));
        let thrown = Occurrence { stacktrace, ..Occurrence::default() };
        let read_back = frames(&thrown, &Rules::default()).len();
        *n_frames.entry(platform).or_insert(0) += read_back;
    }
    // Counted in Python: files of the platforms cocoa and javascript that have an exception are the 27 session events;
    // files whose last exception has a type; files with a frame.
    assert_eq!((exports.len(), n_logs, n_events, n_types, n_stacks), (104, 77, 27, 93, 89));
    // Counted in Python: all frames of the files of a platform, for the languages whose stacks are read. Of Java's 787,
    // 47 have no class and 2 a file without ending and line, which is not how Java prints any.
    for (platform, n) in [("python", 59), ("java", 738), ("javascript", 30), ("node", 10)] {
        assert_eq!(n_frames[platform], n, "{platform}");
    }
}

/// The counts of every export of a folder that a decoder of this part reads.
fn assert_counts(of: &str, expected: &[(&str, &str)]) -> Option<Vec<(String, Read)>> {
    let exports = exports(&needs::exports(of)?);
    let counted: BTreeMap<String, String> = exports
        .iter()
        // Some folders hold other vendors' forms beside their own.
        .filter(|(_, read)| !matches!(read.summary().format.name(), "otlp_json" | "json"))
        .map(|(name, read)| (name.rsplit('/').next().unwrap().to_owned(), counts(read)))
        .collect();
    let expected = expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    assert_eq!(counted, expected.collect(), "{of}");
    Some(exports)
}

fn spans(exports: &[(String, Read)]) -> impl Iterator<Item = (&str, Rows)> {
    exports.iter().map(|(name, read)| (name.as_str(), read.rows_of("spans")))
}

#[test]
fn jaegers_traces_have_their_spans_and_parents() {
    let expected = [
        ("es_01.json", "jaeger 1 spans"),
        ("ui_01.json", "jaeger 5 spans"),
        // Its ids are "trace-123" and "span-1"; two more files have its name.
        ("testTrace.json", "jaeger 11 invalid_trace_id"),
        ("spanAmongEachOtherGroupedAndSpans.json", "jaeger 17 spans"),
        ("spanLongerAsParent.json", "jaeger 8 spans"),
        ("spansAmongEachOther.json", "jaeger 12 spans"),
        ("spansAmongEachOtherGrouped.json", "jaeger 15 spans"),
        ("testTraceNormal.json", "jaeger 5 spans"),
        ("traceWithMultipleSpansWithTheSameValueInDifferentTags.json", "jaeger 4 spans"),
        ("traceWithOverlappingChildren.json", "jaeger 3 spans"),
        ("traceWithOverlappingChildrenLongerThanParent.json", "jaeger 4 spans"),
        ("traceWithSingleChildLongerThanParentAndStartsAfterParent.json", "jaeger 2 spans"),
        ("traceWithThreeShortChildren.json", "jaeger 4 spans"),
        ("traceWithThreeShortOverlappingChildren.json", "jaeger 4 spans"),
        ("traceWithTwoChildrenStartedAtTraceStart.json", "jaeger 3 spans"),
        ("traceWithTwoNonOverlappingChildren.json", "jaeger 3 spans"),
        ("genaiTestTrace.json", "jaeger 57 spans"),
        ("oltp2jaeger-multi-out.json", "jaeger 4 spans"),
        ("otlp2jaeger-out.json", "jaeger 2 spans"),
    ];
    let Some(exports) = assert_counts("jaeger", &expected) else { return };
    let of = |end: &str| {
        exports.iter().find(|(name, _)| name.ends_with(end)).unwrap().1.rows_of("spans")
    };
    assert_eq!(of("TraceFlamegraph/testTrace.json").len(), 4);
    let rows = of("genaiTestTrace.json");
    let ids: BTreeSet<&str> = rows.iter().map(|row| text(row, "span_id")).collect();
    let parents = rows.iter().filter_map(|row| row.get("parent_span_id")?.as_str());
    assert!(parents.clone().count() > 40 && parents.into_iter().all(|parent| ids.contains(parent)));
    assert!(
        rows.iter().all(|row| row.contains_key("service_name") && row.contains_key("duration_ns"))
    );
    // The same spans as OTLP and as Jaeger's: ids, names, parents, kinds, times and durations are equal.
    let columns = [
        "trace_id",
        "span_id",
        "parent_span_id",
        "span_name",
        "service_name",
        "span_kind",
        "ts",
        "duration_ns",
    ];
    let facts = |end: &str| {
        let rows = of(end).into_iter();
        rows.map(|row| columns.map(|column| row.get(column).map(ToString::to_string)))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(facts("otlp2jaeger-in.json"), facts("otlp2jaeger-out.json"));
}

#[test]
fn halves_of_zipkins_spans_make_a_tree() {
    let expected = [
        ("ascend.json", "zipkin 8 spans"),
        ("envoy.json", "zipkin 1 spans"),
        ("messaging-kafka.json", "zipkin 28 spans"),
        ("messaging.json", "zipkin 4 spans"),
        ("messaging2.json", "zipkin 11 spans"),
        ("simple-db-p6.json", "zipkin 5 spans"),
        ("skew.json", "zipkin 4 spans"),
        ("yelp.json", "zipkin 16 spans"),
    ];
    let Some(exports) = assert_counts("zipkin", &expected) else { return };
    for (name, rows) in spans(&exports) {
        let by_id: BTreeMap<&str, &Map<String, Value>> =
            rows.iter().map(|row| (text(row, "span_id"), row)).collect();
        assert_eq!(by_id.len(), rows.len(), "{name}: each span has an id of its own");
        for row in &rows {
            assert_eq!(text(row, "trace_id").len(), 32);
            // A server's half is the child of a client's, and what the server does is the server's child.
            let parent = by_id.get(text(row, "parent_span_id"));
            let (Some(parent), "CLIENT") =
                (parent, parent.map_or("", |row| text(row, "span_kind")))
            else {
                continue;
            };
            let crosses = text(row, "span_kind") == "SERVER";
            assert!(crosses || text(row, "service_name") == text(parent, "service_name"), "{name}");
        }
    }
}

#[test]
fn elastics_intake_gives_spans_errors_and_logs() {
    let expected = [
        ("errors.ndjson", "elastic_apm 5 logs"),
        ("errors_2.ndjson", "elastic_apm 4 logs"),
        ("errors_rum.ndjson", "elastic_apm 1 events"),
        ("errors_transaction_id.ndjson", "elastic_apm 1 logs"),
        // Some ids are of 20 digits, some of 32, some no digits at all.
        ("events.ndjson", "elastic_apm 1 logs 1 spans 1 metrics 1 invalid_span_id"),
        ("invalid-event-type.ndjson", "elastic_apm 1 unknown_event"),
        ("invalid-event.ndjson", "elastic_apm 1 spans 1 invalid_span_id"),
        ("invalid-json-event.ndjson", "elastic_apm 1 spans 1 json_syntax"),
        ("logs.ndjson", "elastic_apm 7 logs"),
        ("metadata-null-values.ndjson", "elastic_apm 1 logs"),
        ("metadata.ndjson", "elastic_apm"),
        ("metricsets.ndjson", "elastic_apm 6 metrics 1 json_syntax"),
        ("minimal-service.ndjson", "elastic_apm 1 logs 1 metrics"),
        ("minimal.ndjson", "elastic_apm 3 logs 3 spans 1 metrics"),
        ("optional-timestamps.ndjson", "elastic_apm 2 spans 1 metrics"),
        ("otel-bridge.ndjson", "elastic_apm 2 invalid_span_id"),
        ("ratelimit.ndjson", "elastic_apm 5 logs 10 spans 4 metrics"),
        ("rum_errors.ndjson", "elastic_apm 1 events"),
        ("rum_events.ndjson", "elastic_apm 9 spans 2 metrics"),
        ("span-links.ndjson", "elastic_apm 2 spans"),
        ("spans.ndjson", "elastic_apm 6 spans 1 invalid_span_id 3 invalid_trace_id"),
        ("transactions-huge_traces.ndjson", "elastic_apm 1 invalid_span_id"),
        ("transactions.ndjson", "elastic_apm 3 spans 2 invalid_span_id"),
        ("transactions_spans.ndjson", "elastic_apm 9 spans"),
        ("transactions_spans_rum.ndjson", "elastic_apm 2 spans"),
        ("transactions_spans_rum_2.ndjson", "elastic_apm 2 spans"),
        ("unknown-span-type.ndjson", "elastic_apm 2 spans"),
    ];
    let Some(exports) = assert_counts("elastic-apm", &expected) else { return };
    for (name, read) in &exports {
        for row in
            read.rows_of("spans").iter().chain(&read.rows_of("events")).chain(&read.rows_of("logs"))
        {
            assert!(row.contains_key("service_name"), "{name}: {row:?}");
        }
    }
}

#[test]
fn datadogs_spans_load_without_a_mapping_and_its_issues_are_counted() {
    let expected = [
        ("Get-a-list-of-spans-returns-OK-response-with-pagination_0.json", "datadog_spans 2 spans"),
        ("Get-a-list-of-spans-returns-OK-response-with-pagination_1.json", "datadog_spans 1 spans"),
        ("Get-a-list-of-spans-returns-OK-response_0.json", "datadog_spans 10 spans"),
        ("Search-spans-returns-OK-response-with-pagination_0.json", "datadog_spans 2 spans"),
        ("Search-spans-returns-OK-response-with-pagination_1.json", "datadog_spans 1 spans"),
        ("Search-spans-returns-OK-response_0.json", "datadog_spans 25 spans"),
    ];
    let Some(exports) = assert_counts("datadog/v2-Spans", &expected) else { return };
    for (_, rows) in spans(&exports) {
        for row in rows {
            assert!(text(&row, "trace_id").starts_with("0000000000000000"));
            assert!(
                ["span_id", "duration_ns", "span_kind", "span_name", "service_name"]
                    .iter()
                    .all(|column| row.contains_key(*column))
            );
        }
    }
    let issues = [
        ("Get-the-details-of-an-error-tracking-issue-returns-Not-Found-response_0.json", 1),
        ("Get-the-details-of-an-error-tracking-issue-returns-OK-response_0.json", 1),
        ("Remove-the-assignee-of-an-issue-returns-No-Content-response_0.json", 5),
        ("Update-the-assignee-of-an-issue-returns-Bad-Request-response_0.json", 1),
        ("Update-the-assignee-of-an-issue-returns-OK-response_0.json", 1),
        ("Update-the-state-of-an-issue-returns-Bad-Request-response_0.json", 1),
        ("Update-the-state-of-an-issue-returns-OK-response_0.json", 1),
    ];
    let issues = issues.map(|(name, n)| (name, format!("datadog_issues {n} issues")));
    let issues: Vec<_> = issues.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_counts("datadog/v2-Error-Tracking", &issues);
}

#[test]
fn other_json_is_not_taken_for_a_vendors() {
    for (name, text) in [
        (
            "app.jsonl",
            r#"{"traceId":"5b8aa5a2d2c872e8321cf37308d69df2","id":"1","timestamp":"2025-10-28T14:21:13Z","duration":5,"level":"info","message":"m"}"#,
        ),
        (
            "app.jsonl",
            r#"{"event_id":"e","platform":"web","timestamp":"2025-10-28T14:21:13Z","level":"info","event":"click"}"#,
        ),
        (
            "app.jsonl",
            r#"{"metadata":{"a":1},"level":"info","message":"m","timestamp":1761661273}"#,
        ),
        (
            "spans.jsonl",
            r#"{"trace_id":"5b8aa5a2d2c872e8321cf37308d69df2","span_id":"051581bf3cb55c13","span_name":"a","start":1761661273}"#,
        ),
        (
            "logs.jsonl",
            r#"{"type":"event","message":"m","level":"info","exception":{"type":"E","message":"m"}}"#,
        ),
    ] {
        match detect(name, text.as_bytes()) {
            Detected::Export { format, .. } => assert_eq!(format.name(), "jsonl", "{text}"),
            other => assert!(matches!(other, Detected::NotAnExport { .. }), "{text}: {other:?}"),
        }
    }
}
