//! Real exports of spans and errors: how many rows and rejects each gives, and what must hold of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use brunt_ingest::{Detected, detect};

use crate::exports::{files, folder};
use crate::reading::{Read, options, read};

/// What a file gave: its format, rows by table, rejects and what was not supported; `None` if it is no export.
pub(crate) fn counts(path: &Path) -> Option<(Read, String)> {
    let name = path.to_string_lossy();
    let bytes = fs::read(path).unwrap();
    if !matches!(detect(&name, &bytes), Detected::Export { .. }) {
        return None;
    }
    let read = read(&name, &bytes, &options());
    if read.outcome.is_err() {
        return None;
    }
    let summary = read.summary();
    let mut text = summary.format.name().to_owned();
    for (what, n) in summary.n_rows.iter().chain(&summary.unsupported) {
        text += &format!(" {n} {what}");
    }
    if summary.n_rejects > 0 {
        text += &format!(" {} rejects", summary.n_rejects);
    }
    Some((read, text))
}

#[test]
fn show() {
    for name in [
        "sentry-events",
        "jaeger",
        "zipkin",
        "elastic-apm",
        "datadog/v2-Spans",
        "datadog/v2-Error-Tracking",
    ] {
        let Some(folder) = folder(name) else { continue };
        let mut all = BTreeMap::new();
        for path in files(&folder) {
            let text = counts(&path).map_or("none".to_owned(), |(read, text)| {
                format!(
                    "{text} {:?}",
                    read.rejects.iter().map(|r| (r.code, r.line)).collect::<Vec<_>>()
                )
            });
            all.insert(path.strip_prefix(&folder).unwrap().to_owned(), text);
        }
        for (path, text) in all {
            println!("{name} {} {text}", path.display());
        }
    }
}
