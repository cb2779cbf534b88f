//! Logs of all makes: real exports with their counts, damaged ones, and records that do not end.

use std::fs;
use std::path::{Path, PathBuf};

use brunt_ingest::{Detected, detect};
use brunt_testkit::needs;
use proptest::prelude::*;

use crate::reading::{named, options, read};

const FORMATS: &[&str] = &[
    "access_log",
    "cloudwatch_logs",
    "cri",
    "datadog_logs",
    "docker_json",
    "elasticsearch",
    "gcp_logging",
    "gelf",
    "log_text",
    "logfmt",
    "syslog",
];

/// The inputs of a format's golden cases.
fn inputs(format: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports").join(format);
    let mut inputs: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flat_map(|case| fs::read_dir(case.unwrap().path()).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("expected.json"))
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn recorded_answers_of_datadog_are_known_without_a_mapping() {
    let Some(folder) = needs::exports("datadog") else { return };
    let mut n_logs = 0;
    for entry in fs::read_dir(folder.join("v2-Logs")).unwrap() {
        let path = entry.unwrap().path();
        let read = read(&path.to_string_lossy(), &fs::read(&path).unwrap(), &options());
        assert_eq!((read.summary().format, read.summary().n_rejects), (named("datadog_logs"), 0));
        for row in read.rows_of("logs") {
            assert_eq!(row["deployment_environment_name"], "integrations-lab");
            // `info` and `ok`.
            assert_eq!(row["severity_number"], 9);
            assert!(row.contains_key("body") && !row.contains_key("ts_quality"));
            n_logs += 1;
        }
    }
    // `jq '.response.data | length'`, summed over the four files.
    assert_eq!(n_logs, 6);
    for other in ["v2-RUM", "v2-Spans", "v2-Error-Tracking"] {
        for entry in fs::read_dir(folder.join(other)).unwrap() {
            let path = entry.unwrap().path();
            let detected = detect(&path.to_string_lossy(), &fs::read(&path).unwrap());
            let is_ours = matches!(detected, Detected::Export { format, .. } if FORMATS.contains(&format.name()));
            assert!(!is_ours, "{}: {detected:?}", path.display());
        }
    }
}

#[test]
fn a_real_access_log_is_known_without_a_mapping() {
    let Some(folder) = needs::exports("weblogs") else { return };
    let path = folder.join("apache_logs_first2000");
    let read = read("apache_logs_first2000", &fs::read(path).unwrap(), &options());
    assert_eq!((read.summary().format, read.summary().n_rejects), (named("access_log"), 0));
    let rows = read.rows_of("logs");
    let n_with = |column: &str, value: &serde_json::Value| {
        rows.iter().filter(|row| row.get(column) == Some(value)).count()
    };
    // `wc -l`, `grep -c '" 404 '`, `grep -c '"HEAD '`
    assert_eq!(
        (
            rows.len(),
            n_with("http_response_status_code", &404.into()),
            n_with("http_request_method", &"HEAD".into())
        ),
        (2_000, 35, 7)
    );
    assert!(rows.iter().all(|row| row.contains_key("url_path") && !row.contains_key("ts_quality")));
}

#[test]
fn a_trace_without_an_end_is_cut_and_says_so() {
    let line = format!("\tat shop.Pay.charge({}.java:12)\n", "x".repeat(80));
    let text = format!(
        "2025-10-28 14:21:13,123 ERROR [main] shop.Pay - gone\na.BoomException: x\n{}",
        line.repeat(40_000)
    );
    let read = read("app.log", text.as_bytes(), &options());
    let row = read.rows_of("logs").remove(0);
    assert_eq!(read.summary().n_records, 1);
    let n_cut = row["attributes"]["truncated_bytes"].as_u64().unwrap() as usize;
    assert_eq!(n_cut + 1024 * 1024, text.len() - 1);
    assert_eq!(row["exception_type"], "a.BoomException");
    // One line, of which all but the first megabyte is cut.
    let long = format!("2025-10-28T14:21:13Z stdout F {}\n", "é".repeat(5_000_000));
    assert_eq!(crate::reading::read("0.log", long.as_bytes(), &options()).summary().n_rejects, 0);
}

#[test]
fn every_case_is_detected_by_its_bytes_alone() {
    for format in FORMATS {
        for path in inputs(format) {
            let detected = detect("x", &fs::read(&path).unwrap());
            let is_known = matches!(&detected, Detected::Export { format: known, .. } if known.name() == *format);
            assert!(is_known, "{}: {detected:?}", path.display());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damaged_logs_are_rows_or_rejects(
        format in prop::sample::select(FORMATS),
        which in 0_usize..8,
        changes in prop::collection::vec((any::<u32>(), any::<u8>()), 1..8),
    ) {
        let inputs = inputs(format);
        let mut bytes = fs::read(&inputs[which % inputs.len()]).unwrap();
        for (at, byte) in changes {
            let at = at as usize % bytes.len().max(1);
            match byte % 3 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                _ if at < bytes.len() => bytes[at] = byte,
                _ => {}
            }
        }
        let mut options = options();
        options.format = Some(named(format));
        prop_assert!(read("x", &bytes, &options).outcome.is_ok());
    }
}
