//! Real exports of spans and errors: how many rows and rejects each file gives, and what must hold of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use brunt_fingerprint::frames;
use brunt_ingest::{Detected, Error, detect};
use serde_json::{Map, Value};

use crate::exports::{files, folder};
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
    codes.iter().for_each(|(code, n)| text += &format!(" {n} {code}"));
    text
}

fn text<'r>(row: &'r Map<String, Value>, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_sentry_event_is_an_error_with_a_stack_that_reads_back() {
    let Some(folder) = folder("sentry-events") else { return };
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
        let read_back = frames(text(row, "exception_stacktrace")).len();
        *n_frames.entry(platform).or_insert(0) += read_back;
    }
    // Counted in Python: files whose last exception has a type; files with "frames" that are a list of any length.
    assert_eq!((exports.len(), n_logs, n_events, n_types, n_stacks), (104, 0, 0, 0, 0));
    // Counted in Python: all frames of the files of a platform, for the languages whose stacks are read.
    for (platform, n) in [("python", 0), ("java", 0), ("javascript", 0), ("node", 0)] {
        assert_eq!(n_frames[platform], n, "{platform}");
    }
}

#[test]
fn show() {
    for name in ["jaeger", "zipkin", "elastic-apm", "datadog/v2-Spans", "datadog/v2-Error-Tracking"]
    {
        let Some(folder) = folder(name) else { return };
        for (name, read) in exports(&folder) {
            println!("SHOW (\"{name}\", \"{}\"),", counts(&read));
        }
    }
}
