//! Long JSON documents: read in parts they give the same rows and rejects as read whole.

use std::fs;
use std::path::{Path, PathBuf};

use brunt_ingest::{Error, Options};
use brunt_testkit::needs;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::reading::{Read, named, options, read, read_from};
use crate::threads::same;

/// Rows in their order, and rejects with place and reason.
type Outcome = (Vec<String>, Vec<(u64, Option<u64>, &'static str)>, u64);

fn outcome(read: &Read) -> Outcome {
    let mut rows: Vec<String> = ["logs", "spans", "events", "ticket_updates"]
        .iter()
        .flat_map(|table| read.rows_of(table))
        .map(|row| Value::Object(row).to_string())
        .collect();
    // Rows of equal time come in no order.
    rows.sort();
    let rejects = read.rejects.iter();
    let n_counted = read.summary().unsupported.values().sum();
    (rows, rejects.map(|reject| (reject.line, reject.column, reject.code)).collect(), n_counted)
}

fn sized(format: &str, whole_bytes_max: usize) -> Options {
    let mut options = options();
    (options.format, options.whole_bytes_max) = (Some(named(format)), whole_bytes_max);
    options
}

/// Sizes from below any record to a few records.
pub(crate) const SIZES: &[usize] = &[1, 40, 300, 1_000, 3_000];

fn check(name: &str, bytes: &[u8], format: &str) {
    let whole = read(name, bytes, &sized(format, usize::MAX / 4));
    for size in SIZES {
        let parts = read_from(name, bytes, true, &sized(format, *size));
        let threads = Options { n_threads: 3, ..sized(format, *size) };
        same(name, &parts, &read_from(name, bytes, true, &threads));
        let (parts, whole) = (outcome(&parts), outcome(&whole));
        assert_eq!((parts.1, parts.2), (whole.1, whole.2), "{name} in parts of {size}");
        assert_eq!(parts.0, whole.0, "{name} in parts of {size}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn fixtures_in_parts_are_the_fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/otlp_json");
    let mut n_files = 0;
    for path in files(&root).iter().filter(|path| !path.ends_with("expected.json")) {
        check(&path.to_string_lossy(), &fs::read(path).unwrap(), "otlp_json");
        n_files += 1;
    }
    assert!(n_files >= 4);
}

#[test]
fn other_projects_files_in_parts_are_the_files() {
    let Some(folder) = needs::exports("otlp") else { return };
    for path in files(&folder) {
        let name = path.to_string_lossy();
        if path.starts_with(folder.join("fluentbit")) && name.ends_with(".json") {
            let cases: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            for (case, value) in cases.as_object().unwrap() {
                check(&format!("{case}.json"), value["input"].to_string().as_bytes(), "otlp_json");
            }
        } else if name.ends_with(".json") || name.ends_with(".jsonl") {
            check(&name, &fs::read(&path).unwrap(), "otlp_json");
        }
    }
}

/// An object whose fields stand in this order, as text.
fn object(fields: &[(&str, String)], order: u8) -> String {
    let mut fields = fields.to_vec();
    let n = fields.len();
    fields.rotate_left(usize::from(order) % n);
    if order & 8 != 0 {
        fields.reverse();
    }
    let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\" : {value}")).collect();
    format!("{{{}}}", fields.join(",\n"))
}

fn list(elements: &[String]) -> String {
    format!("[{}]", elements.join(" ,\n "))
}

fn attributes(service: &str) -> String {
    json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}).to_string()
}

fn span() -> impl Strategy<Value = String> {
    (0_u8..20, 1_u64..1_000, "[a-z\\\\\"é\\]\\[{}]{0,9}").prop_map(|(kind, n, name)| match kind {
        0 => "7".to_owned(),
        1 => json!({"name": name, "traceId": "nonsense"}).to_string(),
        2 => json!({"name": name, "attributes": {"a": [1, {"b": "]"}]}}).to_string(),
        _ => json!({
            "name": name, "traceId": format!("{n:032x}"), "spanId": format!("{n:016x}"),
            "startTimeUnixNano": (1_761_661_273_000_000_000_u64 + n).to_string(),
            "events": [{"name": "e", "attributes": [{"key": "k", "value": {"stringValue": name}}]}],
        })
        .to_string(),
    })
}

fn scope() -> impl Strategy<Value = String> {
    (0_u8..30, prop::collection::vec(span(), 0..6), any::<u8>()).prop_map(|(kind, spans, order)| {
        match kind {
            0 => "[]".to_owned(),
            1 => object(&[("scope", "5".to_owned()), ("spans", list(&spans))], order),
            2 => object(&[("spans", "{\"a\":[]}".to_owned()), ("x", list(&spans))], order),
            3 => object(
                &[("scope", "{\"attributes\":7}".to_owned()), ("spans", list(&spans))],
                order,
            ),
            _ => object(
                &[
                    ("scope", "{\"name\":\"lib\",\"version\":\"1\"}".to_owned()),
                    ("spans", list(&spans)),
                    ("schemaUrl", "\"https://schema.example/1\"".to_owned()),
                    ("other", list(&spans)),
                ],
                order,
            ),
        }
    })
}

fn resource() -> impl Strategy<Value = String> {
    (0_u8..30, prop::collection::vec(scope(), 0..4), any::<u8>(), "[a-z]{3}").prop_map(
        |(kind, scopes, order, service)| match kind {
            0 => "null".to_owned(),
            1 => object(&[("resource", attributes(&service))], order),
            2 => object(
                &[("resource", "{\"attributes\":[3]}".to_owned()), ("scopeSpans", list(&scopes))],
                order,
            ),
            _ => object(
                &[
                    ("resource", attributes(&service)),
                    ("scopeSpans", list(&scopes)),
                    ("scopeLogs", "[]".to_owned()),
                ],
                order,
            ),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn documents_in_parts_are_the_documents(
        resources in prop::collection::vec(prop::collection::vec(resource(), 0..4), 1..3),
        is_list in any::<bool>(),
        is_line in any::<bool>(),
        orders in any::<u8>(),
        size in 1_usize..2_500,
    ) {
        let documents: Vec<String> = resources
            .iter()
            .map(|resources| object(&[("resourceSpans", list(resources)), ("x", "{\"y\":[1]}".to_owned())], orders))
            .collect();
        let mut text = if is_list { list(&documents) } else { documents.join("\n") };
        let mut name = "x.json";
        if is_line {
            text = text.replace('\n', " ") + "\n{\"resourceLogs\":[]}\nno json\n";
            name = "x.jsonl";
        }
        let whole = read(name, text.as_bytes(), &sized("otlp_json", usize::MAX / 4));
        let parts = read_from(name, text.as_bytes(), true, &sized("otlp_json", size));
        prop_assert_eq!(outcome(&parts), outcome(&whole));
    }

    #[test]
    fn broken_documents_in_parts_are_survived(
        resources in prop::collection::vec(resource(), 1..4),
        changes in prop::collection::vec((any::<u32>(), prop::sample::select(b"{}[],:\"\\ 1x\n\0\xff".to_vec())), 1..4),
        n_cut in any::<u32>(),
        size in 1_usize..1_000,
        can_reopen in any::<bool>(),
        name in prop::sample::select(vec!["x.json", "x.jsonl"]),
        format in prop::sample::select(vec!["otlp_json", "jsonl", "json"]),
    ) {
        let mut bytes = object(&[("resourceSpans", list(&resources))], 0).into_bytes();
        for (at, byte) in changes {
            let at = at as usize % bytes.len();
            bytes[at] = byte;
        }
        if n_cut % 2 == 0 {
            bytes.truncate(bytes.len() - n_cut as usize % bytes.len());
        }
        let mut options = sized(format, size);
        options.table = brunt_ingest::table_named("spans");
        let _ = read_from(name, &bytes, can_reopen, &options);
    }
}

#[test]
fn a_fault_of_syntax_costs_the_rest_and_is_told_once() {
    let record = |n: u32| {
        format!(r#"{{"timeUnixNano":"1761661273000000000","body":{{"stringValue":"{n}"}}}}"#)
    };
    let document = |records: &[String]| {
        format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}],"resource":{{}}}}]}}"#,
            records.join(",\n ")
        )
    };
    let mut records: Vec<String> = (0..50).map(record).collect();
    records[20] = r#"{"timeUnixNano":01}"#.to_owned();
    let text = document(&records);
    for size in [60, 400] {
        let parts = read_from("x.json", text.as_bytes(), true, &sized("otlp_json", size));
        let (rows, rejects, _) = outcome(&parts);
        // Of its own part, what comes before it may be lost too.
        assert!((15..=20).contains(&rows.len()), "{}", rows.len());
        assert_eq!(rejects, [(21, Some(20), "json_syntax")]);
    }
    // What is cut off costs itself, where resource and scope came before.
    let text = document(&(0..50).map(record).collect::<Vec<_>>())
        .replace(r#""scopeLogs""#, r#""resource":{},"scopeLogs""#)
        .replace(r#""logRecords""#, r#""scope":{},"logRecords""#);
    let cut = &text[..text.find("\"stringValue\":\"30\"").unwrap()];
    let parts = read_from("x.json", cut.as_bytes(), true, &sized("otlp_json", 400));
    let (rows, rejects, _) = outcome(&parts);
    assert_eq!(
        (rows.len(), rejects[0].0, rejects[0].2, rejects.len()),
        (30, 31, "json_truncated", 1)
    );
    // A record that nests too deep, too.
    records[20] = format!("{{\"x\":{}1{}}}", "[".repeat(300), "]".repeat(300));
    check("x.json", document(&records).as_bytes(), "otlp_json");
    let whole = read("x.json", document(&records).as_bytes(), &sized("otlp_json", 1 << 20));
    assert_eq!((whole.rows_of("logs").len(), whole.rejects[0].code), (49, "json_depth"));
}

#[test]
fn a_stream_is_refused_only_where_it_would_have_to_be_read_twice() {
    let spans: Vec<String> = (1..30)
        .map(|n| format!(r#"{{"name":"a","traceId":"{n:032x}","spanId":"{n:016x}","startTimeUnixNano":"1761661273000000000"}}"#))
        .collect();
    let scope = format!(r#"{{"scope":{{"name":"lib"}},"spans":{}}}"#, list(&spans));
    let [before, behind] = [
        format!(
            r#"{{"resourceSpans":[{{"resource":{},"scopeSpans":[{scope}]}}]}}"#,
            attributes("pay")
        ),
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{scope}],"resource":{}}}]}}"#,
            attributes("pay")
        ),
    ];
    let options = sized("otlp_json", 500);
    for (text, can_reopen, is_read) in [
        (&before, false, true),
        (&before, true, true),
        (&behind, true, true),
        (&behind, false, false),
    ] {
        let read = read_from("x.json", text.as_bytes(), can_reopen, &options);
        if is_read {
            let rows = read.rows_of("spans");
            assert!(rows.len() == 29 && rows.iter().all(|row| row["service_name"] == "pay"));
        } else {
            assert!(matches!(read.outcome, Err(Error::Unordered { .. })), "{:?}", read.outcome);
        }
    }
    // Compressed, it is read twice as well.
    let zipped = zstd::encode_all(behind.as_bytes(), 3).unwrap();
    let rows = read_from("x.json.zst", &zipped, true, &options).rows_of("spans");
    assert!(rows.len() == 29 && rows.iter().all(|row| row["service_name"] == "pay"));
}

#[test]
fn lists_of_plain_records_go_in_parts() {
    let records: Vec<String> = (0..40)
        .map(|n| match n {
            7 => "3".to_owned(),
            n => format!("{{\"id\": \"{n}\", \"subject\": \"a {{ [\", \"ts\": \"2025-10-28T14:21:13Z\",\n\"status\": \"open\"}}"),
        })
        .collect();
    let page = |mapping: &str| {
        let mut options = options();
        let text = format!(
            "format = \"json\"\ntable = \"tickets\"\n{mapping}\n[columns]\nticket_id = \"id\"\n"
        );
        options.mapping = Some(brunt_ingest::Mapping::parse(&text, "m.toml").unwrap());
        options
    };
    for (text, mapping, n_rows) in [
        (list(&records), "", 39),
        (
            format!(
                "{{\"next\": [1], \"data\": {{\"tickets\": {}, \"x\": 1}}, \"y\": {{}}}}",
                list(&records)
            ),
            "records = \"data.tickets\"",
            39,
        ),
        (format!("{{\"data\": {}", list(&records[..30])), "records = \"data\"", 29),
    ] {
        let whole = read("x.json", text.as_bytes(), &page(mapping));
        assert_eq!(whole.rows_of("ticket_updates").len(), n_rows);
        for size in [100, 400, 2_000] {
            let mut options = page(mapping);
            options.whole_bytes_max = size;
            let parts = read_from("x.json", text.as_bytes(), false, &options);
            let (rows, rejects, _) = outcome(&parts);
            let (rows_whole, rejects_whole, _) = outcome(&whole);
            assert_eq!(rows, rows_whole, "{size}");
            assert_eq!(rejects.first(), rejects_whole.first(), "{size}");
        }
    }
}
