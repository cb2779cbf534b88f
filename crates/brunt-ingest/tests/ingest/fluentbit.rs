//! Fluent Bit's cases of OTLP JSON, good and broken, each with the record or error that it expects.
//!
//! Their errors refuse the whole payload; here an error costs the smallest part that it sits in, so each such case must
//! give a reject, with our code for theirs. Where we accept what they refuse, the case is named with its reason.

use std::collections::BTreeMap;
use std::fs;

use brunt_testkit::needs;
use serde_json::{Map, Value};

use crate::reading::{Read, named, options, read};

/// What we take on purpose: ids of 64 bits (B3) and ids in base64 (protobuf's JSON), which exporters do write.
const ACCEPTED: &[&str] =
    &["invalid_trace_id_length", "base64_encoded_trace_span", "mixed_encoding_formats"];

/// Our code for theirs, without `FLB_OTEL_LOGS_ERR_` or `FLB_OTEL_TRACES_ERR_`.
const CODES: &[(&str, &str)] = &[
    ("SCOPELOGS_MISSING", "scopes_missing"),
    ("SCOPE_SPANS_MISSING", "scopes_missing"),
    ("UNEXPECTED_SCOPELOGS_TYPE", "wrong_type"),
    ("UNEXPECTED_SCOPE_SPANS_TYPE", "wrong_type"),
    ("UNEXPECTED_SCOPE_SPANS_ENTRY_TYPE", "wrong_type"),
    ("UNEXPECTED_LOGRECORDS_TYPE", "wrong_type"),
    ("UNEXPECTED_LOGRECORDS_ENTRY_TYPE", "record_type"),
    ("UNEXPECTED_TIMESTAMP_TYPE", "time_type"),
    ("UNEXPECTED_ATTRIBUTES_TYPE", "attributes_type"),
    ("UNEXPECTED_BODY_TYPE", "body_type"),
    ("UNEXPECTED_ROOT_OBJECT_TYPE", "not_otlp"),
    ("RESOURCELOGS_MISSING", "not_otlp"),
    ("RESOURCE_SPANS_MISSING", "not_otlp"),
    ("UNEXPECTED_RESOURCELOGS_TYPE", "wrong_type"),
    ("UNEXPECTED_RESOURCE_SPANS_TYPE", "wrong_type"),
    ("UNEXPECTED_RESOURCELOGS_ENTRY_TYPE", "wrong_type"),
    ("UNEXPECTED_RESOURCE_SPANS_ENTRY_TYPE", "wrong_type"),
    ("SCOPE_KVLIST", "attributes_type"),
    ("INVALID_TRACE_ID", "invalid_trace_id"),
    ("INVALID_SPAN_ID", "invalid_span_id"),
    ("INVALID_PARENT_SPAN_ID", "invalid_parent_span_id"),
    ("SPANS_MISSING", "spans_missing"),
    ("UNEXPECTED_SPANS_TYPE", "wrong_type"),
    ("UNEXPECTED_SPAN_ENTRY_TYPE", "span_type"),
    ("SPAN_NAME_MISSING", "span_name_missing"),
    ("INVALID_EVENT_ENTRY", "invalid_event"),
    ("INVALID_EVENT_TIMESTAMP", "invalid_event_time"),
    ("INVALID_LINK_ENTRY", "invalid_link"),
    ("INVALID_LINK_TRACE_ID", "invalid_link_trace_id"),
    ("INVALID_LINK_SPAN_ID", "invalid_link_span_id"),
    ("STATUS_FAILURE", "invalid_status"),
];

fn cases(file: &str) -> Option<BTreeMap<String, Value>> {
    let path = needs::exports("otlp/fluentbit")?.join(file);
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

fn read_case(case: &Value) -> Read {
    let mut options = options();
    options.format = Some(named("otlp_json"));
    read("case.json", case["input"].to_string().as_bytes(), &options)
}

/// The case's code, if it expects an error; `None` if it expects records.
fn expected_code(case: &Value) -> Option<&'static str> {
    let theirs = case["expected_error"]["code"].as_str()?;
    let (_, name) = theirs.split_once("_ERR_").unwrap();
    Some(
        CODES
            .iter()
            .find(|(theirs, _)| *theirs == name)
            .unwrap_or_else(|| panic!("a new code: {theirs}"))
            .1,
    )
}

fn check_errors(cases: &BTreeMap<String, Value>) -> usize {
    let mut n_checked = 0;
    for (name, case) in cases {
        let read = read_case(case);
        match expected_code(case).filter(|_| !ACCEPTED.contains(&name.as_str())) {
            Some(code) => assert_eq!(
                read.rejects.iter().map(|reject| reject.code).collect::<Vec<_>>(),
                [code],
                "{name}"
            ),
            None => assert!(read.rejects.is_empty(), "{name}: {:?}", read.rejects),
        }
        n_checked += 1;
    }
    n_checked
}

#[test]
fn broken_logs_and_spans_are_rejects_with_the_fitting_code() {
    let (Some(logs), Some(spans)) = (cases("logs.json"), cases("traces.json")) else { return };
    assert_eq!((check_errors(&logs), check_errors(&spans)), (61, 38));
}

#[test]
fn metrics_are_counted_whether_broken_or_not() {
    let Some(metrics) = cases("metrics.json") else { return };
    for (name, case) in &metrics {
        let read = read_case(case);
        assert!(read.rows.is_empty(), "{name}");
        let n_counted = read.summary().unsupported.get("metrics").copied().unwrap_or_default();
        assert!(n_counted > 0 || !name.starts_with("valid"), "{name}");
    }
}

#[test]
fn good_logs_have_the_expected_fields() {
    let Some(cases) = cases("logs.json") else { return };
    let mut n_records = 0;
    for (name, case) in cases.iter().filter(|(_, case)| case["expected"].is_object()) {
        let rows = read_case(case).rows_of("logs");
        let expected = &case["expected"];
        if expected["empty_payload"] == true {
            assert!(rows.is_empty(), "{name}");
            continue;
        }
        let records: Vec<(&Value, &Value, &Value)> = match expected["groups"].as_array() {
            Some(groups) => groups
                .iter()
                .flat_map(|group| {
                    group["records"].as_array().unwrap().iter().map(move |record| (group, record))
                })
                .map(|(group, record)| {
                    (&group["body"], &record["metadata"]["otlp"], &record["body"])
                })
                .collect(),
            None => vec![(
                &expected["group_body"],
                &expected["log_metadata"]["otlp"],
                &expected["log_body"],
            )],
        };
        for (group, metadata, body) in records {
            let row = rows.iter().find(|row| says(row, body));
            let row = row.unwrap_or_else(|| panic!("{name}: no row says {body}: {rows:?}"));
            check_metadata(name, row, metadata);
            if let Some(service) = group["resource"]["attributes"]["service.name"].as_str() {
                assert_eq!(row["service_name"], service, "{name}");
            }
            n_records += 1;
        }
    }
    assert!(n_records >= 25, "{n_records}");
}

fn says(row: &Map<String, Value>, body: &Value) -> bool {
    let said = row.get("body").and_then(Value::as_str);
    match &body["log"] {
        Value::String(text) => said == Some(text),
        Value::Null => {
            said.and_then(|said| serde_json::from_str::<Value>(said).ok()).as_ref() == Some(body)
        }
        other => said == Some(&other.to_string()),
    }
}

fn check_metadata(name: &str, row: &Map<String, Value>, metadata: &Value) {
    for (theirs, ours) in [
        ("severity_number", "severity_number"),
        ("severity_text", "severity_text"),
        ("event_name", "event_name"),
    ] {
        if !metadata[theirs].is_null() {
            assert_eq!(row[ours], metadata[theirs], "{name}: {ours}");
        }
    }
    for id in ["trace_id", "span_id"] {
        match metadata[id].as_str() {
            Some(text) => assert_eq!(row[id], text.to_lowercase(), "{name}: {id}"),
            None => assert!(ACCEPTED.contains(&name) || !row.contains_key(id), "{name}: {id}"),
        }
    }
    if let Some(attributes) = metadata["attributes"].as_object() {
        for (key, value) in attributes {
            let promoted = (key == "http.status_code").then(|| &row["http_response_status_code"]);
            assert_eq!(promoted.unwrap_or_else(|| &row["attributes"][key]), value, "{name}: {key}");
        }
    }
    for (theirs, ours) in [
        ("trace_flags", "otel.trace_flags"),
        ("dropped_attributes_count", "otel.dropped_attributes_count"),
    ] {
        if !metadata[theirs].is_null() {
            assert_eq!(row["attributes"][ours], metadata[theirs], "{name}: {ours}");
        }
    }
}
