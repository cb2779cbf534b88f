//! Real exports, from the folder named by `BRUNT_EXPORTS`; where it is absent each test says so and passes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use brunt_ingest::{Detected, Mapping, detect};
use brunt_testkit::needs;
use serde_json::{Map, Value};

use crate::reading::{Read, options, read};

pub(crate) fn mapped(path: &Path, mapping: &str) -> Read {
    let mapping_path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mappings").join(mapping);
    let mut options = options();
    options.mapping =
        Some(Mapping::parse(&fs::read_to_string(mapping_path).unwrap(), mapping).unwrap());
    read(&path.to_string_lossy(), &fs::read(path).unwrap(), &options)
}

pub(crate) fn plain(path: &Path) -> Read {
    read(&path.to_string_lossy(), &fs::read(path).unwrap(), &options())
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

pub(crate) fn count_by(rows: &[Map<String, Value>], column: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts
            .entry(
                row.get(column)
                    .map_or("NULL".to_owned(), |value| value.as_str().unwrap().to_owned()),
            )
            .or_default() += 1;
    }
    counts
}

// Counts by `python3 -c "import csv,sys;csv.field_size_limit(10**9);print(sum(1 for _ in csv.DictReader(open(sys.argv[1],newline=''))))"`.
const TRAINTICKET: &[(&str, usize, usize)] = &[
    ("08_43", 2_435, 4_445),
    ("08_44", 2_622, 4_907),
    ("09_12", 1_385, 2_953),
    ("09_13", 1_353, 2_865),
    ("08_50", 2_489, 4_890),
];

#[test]
fn every_log_of_the_train_ticket_system_joins_its_trace() {
    let Some(folder) = needs::exports("trainticket") else { return };
    let mut severities = BTreeMap::new();
    for (minute, n_logs, n_spans) in TRAINTICKET {
        let fault_free = folder.join("faultfree");
        let of = |kind: &str| {
            let file = format!("{minute}_{kind}.csv");
            if *minute == "08_50" { fault_free.join(file) } else { folder.join(kind).join(file) }
        };
        let logs = mapped(&of("log"), "trainticket-logs.toml");
        let spans = mapped(&of("trace"), "trainticket-spans.toml");
        assert_eq!((logs.summary().n_records, logs.summary().n_rejects), (*n_logs as u64, 0));
        assert_eq!((spans.summary().n_records, spans.summary().n_rejects), (*n_spans as u64, 0));
        let (logs, spans) = (logs.rows_of("logs"), spans.rows_of("spans"));
        let traces = count_by(&spans, "trace_id");
        for log in &logs {
            assert!(traces.contains_key(log["trace_id"].as_str().unwrap()));
            let service = log["service_name"].as_str().unwrap();
            assert!(service.starts_with("ts-") && service.ends_with("-service"), "{service}");
            assert!(!log.contains_key("ts_quality") && log["scope_name"].as_str().is_some());
        }
        let n_roots = spans.iter().filter(|span| !span.contains_key("parent_span_id")).count();
        assert_eq!(n_roots, traces.len(), "each trace has one root");
        assert!(spans.iter().all(|span| span["duration_ns"].as_i64().unwrap() >= 0));
        for (severity, n) in count_by(&logs, "severity_text") {
            *severities.entry(severity).or_insert(0) += n;
        }
    }
    // The sum over the five minutes of the words after the time in Log.log, counted in Python.
    assert_eq!(
        severities,
        BTreeMap::from([("ERROR".into(), 118), ("INFO".into(), 9_770), ("WARN".into(), 396)])
    );
}

#[test]
fn a_sentry_event_is_one_row_with_type_and_message() {
    let Some(folder) = needs::exports("sentry-events") else { return };
    let (mut n_files, mut n_types, mut n_frames) = (0, 0, 0);
    for path in
        files(&folder).iter().filter(|path| path.extension().is_some_and(|ending| ending == "json"))
    {
        let read = mapped(path, "sentry-events.toml");
        assert_eq!(
            (read.summary().n_records, read.summary().n_rejects),
            (1, 0),
            "{}",
            path.display()
        );
        let row = read.rows_of("logs").remove(0);
        assert!(row["severity_number"].as_i64().is_some(), "{}", path.display());
        n_files += 1;
        n_types += usize::from(row.contains_key("exception_type"));
        n_frames += usize::from(row["attributes"].to_string().contains("\"frames\":"));
    }
    // Counted in Python: files whose last exception has a type, and files with "frames" in their text.
    assert_eq!((n_files, n_types, n_frames), (104, 93, 91));
}

#[test]
fn answers_of_datadogs_api_load_through_their_mappings() {
    let Some(folder) = needs::exports("datadog") else { return };
    let (mut n_logs, mut n_spans) = (0, 0);
    for path in files(&folder.join("v2-Logs")) {
        let read = mapped(&path, "datadog-logs.toml");
        assert_eq!(read.summary().n_rejects, 0);
        let rows = read.rows_of("logs");
        assert!(rows.iter().all(|row| row["deployment_environment_name"] == "integrations-lab"
            && row.contains_key("body")));
        n_logs += rows.len();
    }
    for path in files(&folder.join("v2-Spans")) {
        let read = mapped(&path, "datadog-spans.toml");
        assert_eq!(read.summary().n_rejects, 0);
        let rows = read.rows_of("spans");
        assert!(
            rows.iter()
                .all(|row| row["trace_id"].as_str().unwrap().starts_with("0000000000000000"))
        );
        assert!(
            rows.iter().all(|row| row.contains_key("span_id") && row.contains_key("duration_ns"))
        );
        n_spans += rows.len();
    }
    assert_eq!((n_logs, n_spans), (6, 41));
}

#[test]
fn web_server_logs_load_through_a_pattern() {
    let Some(folder) = needs::exports("weblogs") else { return };
    let read = mapped(&folder.join("apache_logs_first2000"), "weblogs.toml");
    // `wc -l`
    assert_eq!(read.summary().n_records, 2_000);
    assert_eq!(read.summary().n_rejects, 0, "{:?}", read.rejects.first());
}

#[test]
fn otlp_files_of_other_projects_load() {
    let Some(folder) = needs::exports("otlp") else { return };
    let expected = BTreeMap::from([
        // file, (logs, spans, metrics, rejects)
        // A page view, which is a session event.
        ("events.json", (0, 0, 0, 0)),
        ("logs.json", (1, 0, 0, 0)),
        ("metrics.json", (0, 0, 4, 0)),
        ("trace.json", (0, 1, 0, 0)),
        ("empty.jsonl", (0, 0, 0, 0)),
        ("whitespace.jsonl", (0, 0, 0, 0)),
        ("logs_document.json", (1, 0, 0, 0)),
        ("logs_nulls.jsonl", (3, 0, 0, 0)),
        ("logs_simple.jsonl", (3, 0, 0, 0)),
        // The third line's ids are "ABC" and "DEF".
        ("malformed.jsonl", (0, 0, 0, 4)),
        ("metrics_all_types.jsonl", (0, 0, 5, 0)),
        ("metrics_exp_histogram_ndjson.jsonl", (0, 0, 1, 0)),
        ("metrics_histogram_ndjson.jsonl", (0, 0, 1, 0)),
        ("metrics_nulls.jsonl", (0, 0, 3, 0)),
        ("metrics_optional_fields.jsonl", (0, 0, 3, 0)),
        ("metrics_simple.jsonl", (0, 0, 3, 0)),
        ("metrics_summary_only.jsonl", (0, 0, 2, 0)),
        ("metrics_temporality_strings.jsonl", (0, 0, 1, 0)),
        ("multifile_malformed_traces.jsonl", (0, 0, 0, 1)),
        ("multifile_valid_traces.jsonl", (0, 1, 0, 0)),
        ("otlp_logs.pb", (1, 0, 0, 0)),
        ("otlp_metrics.pb", (0, 0, 1, 0)),
        ("otlp_traces.pb", (0, 1, 0, 0)),
        ("logs-initial.otlp", (3, 0, 0, 0)),
        ("metrics-initial.otlp", (0, 0, 5, 0)),
        ("traces-initial.otlp", (0, 1, 0, 0)),
        ("single_trace.jsonl", (0, 1, 0, 0)),
        ("traces_deep_nesting.jsonl", (0, 1, 0, 0)),
        ("traces_large_attrs.jsonl", (0, 1, 0, 0)),
        ("traces_nulls.jsonl", (0, 3, 0, 0)),
        ("traces_simple.jsonl", (0, 3, 0, 0)),
        ("ts_boundary_logs.jsonl", (1, 0, 0, 0)),
        ("ts_overflow_logs.jsonl", (1, 0, 0, 0)),
    ]);
    let mut n_files = 0;
    for path in files(&folder).iter().filter(|path| !path.starts_with(folder.join("fluentbit"))) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(counts) = expected.get(name) else {
            let detected = detect(name, &fs::read(path).unwrap());
            assert!(
                matches!(detected, Detected::Companion | Detected::NotAnExport { .. }),
                "{}: {detected:?}",
                path.display()
            );
            continue;
        };
        let read = plain(path);
        let n_of = |table: &str| {
            read.rows
                .get(table)
                .into_iter()
                .flatten()
                .map(arrow::array::RecordBatch::num_rows)
                .sum::<usize>()
        };
        let n_metrics = read.summary().unsupported.get("metrics").copied().unwrap_or_default();
        assert_eq!((n_of("logs"), n_of("spans"), n_metrics, read.rejects.len()), *counts, "{name}");
        assert_eq!(n_of("events"), usize::from(name == "events.json"), "{name}");
        n_files += 1;
    }
    assert_eq!(n_files, expected.len());
}
