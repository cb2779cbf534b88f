//! Bytes that are no export, or half of one: never a panic, always a count.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::ipc::writer::{FileWriter, StreamWriter};
use brunt_ingest::{Error, Format, Mapping, Options, detect, formats, table_named};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use serde_json::json;

use crate::reading::{Read, named, options, read, read_from};

const OTLP: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"pay"}}]},"scopeSpans":[{"scope":{"name":"s"},"spans":[{"traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":"051581bf3cb55c13","name":"a","kind":2,"startTimeUnixNano":"1761661273000000000","endTimeUnixNano":"1761661273000000009","status":{"code":2},"events":[{"name":"exception","timeUnixNano":"1","attributes":[{"key":"exception.type","value":{"stringValue":"X"}}]}],"links":[]}]}]}]}
{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1761661273000000000","body":{"kvlistValue":{"values":[{"key":"k","value":{"arrayValue":{"values":[{"intValue":"1"}]}}}]}}},{"body":{"stringValue":"é\u00e9"}}]}]}]}
{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m"}]}]}]}
"#;
const LINES: &str = "{\"ts\":\"2025-10-28T14:21:13Z\",\"level\":\"info\",\"message\":\"a\",\"x\":{\"y\":[1,{\"z\":null}]}}\n{\"ts\":1761661273,\"labels\":[\"a\"],\"duration_ms\":1.5,\"order_value\":\"19.90\"}\n";
const CSV: &str =
    "ts,level,message,n\n2025-10-28T14:21:13Z,info,\"a \"\"b\"\"\nc\",1\n1761661273,warn,é,\n";

/// The good cases of formats of vendors.
const VENDORS: &[(&str, &str)] = &[
    (
        "sentry",
        include_str!(
            "../../../../fixtures/exports/sentry/errors_of_servers_and_clients/events.jsonl"
        ),
    ),
    ("sentry", include_str!("../../../../fixtures/exports/sentry/transaction/transactions.json")),
    (
        "sentry_envelope",
        include_str!("../../../../fixtures/exports/sentry_envelope/items/spool.envelope"),
    ),
    ("jaeger", include_str!("../../../../fixtures/exports/jaeger/api_document/traces.json")),
    ("zipkin", include_str!("../../../../fixtures/exports/zipkin/shared_spans/traces.json")),
    ("elastic_apm", include_str!("../../../../fixtures/exports/elastic_apm/intake/events.ndjson")),
    ("datadog_spans", include_str!("../../../../fixtures/exports/datadog_spans/api/page.json")),
];

fn parquet() -> Vec<u8> {
    let zone = Some("UTC".into());
    let schema = Arc::new(Schema::new(vec![
        Field::new("timestamp", DataType::Timestamp(TimeUnit::Millisecond, zone.clone()), true),
        Field::new("level", DataType::Utf8, true),
        Field::new("message", DataType::Utf8, true),
        Field::new("n", DataType::Int64, true),
    ]));
    let times = TimestampMillisecondArray::from(vec![Some(1_761_661_273_000), None])
        .with_timezone_opt(zone);
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(times),
            Arc::new(StringArray::from(vec!["info", "warn"])),
            Arc::new(StringArray::from(vec![Some("of ann@shop.example"), None])),
            Arc::new(Int64Array::from(vec![Some(i64::MAX), None])),
        ],
    );
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    writer.write(&batch.unwrap()).unwrap();
    writer.into_inner().unwrap()
}

fn arrow_ipc(is_stream: bool) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("timestamp", DataType::Int64, true),
        Field::new("level", DataType::Utf8, true),
        Field::new("message", DataType::Utf8, true),
    ]));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(Int64Array::from(vec![Some(1_761_661_273_000), None])),
            Arc::new(StringArray::from(vec!["info", "warn"])),
            Arc::new(StringArray::from(vec![Some("of ann@shop.example"), None])),
        ],
    )
    .unwrap();
    if is_stream {
        let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
        writer.write(&batch).unwrap();
        return writer.into_inner().unwrap();
    }
    let mut writer = FileWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn forced(format: Format, table: &str) -> Options {
    let mut options = options();
    (options.format, options.table) = (Some(format), table_named(table));
    if format == named("text") {
        let mapping = "format = \"text\"\ntable = \"logs\"\npattern = '^(?<a>\\S+) (?<b>.*)$'\n[columns]\nbody = \"b\"\n";
        options.mapping = Some(Mapping::parse(mapping, "m.toml").unwrap());
    }
    options
}

pub(crate) fn read_forced(bytes: &[u8], format: Format, table: &str) -> Read {
    let _ = detect("x", bytes);
    read("x", bytes, &forced(format, table))
}

/// Changes some bytes.
pub(crate) fn mutated(mut bytes: Vec<u8>, changes: &[(u32, u8, u8)]) -> Vec<u8> {
    for (at, kind, byte) in changes {
        let at = *at as usize % bytes.len().max(1);
        match kind % 4 {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn damaged_exports_are_rejects_or_clear_errors(
        changes in prop::collection::vec((any::<u32>(), any::<u8>(), any::<u8>()), 1..6),
        which in 0_usize..6 + VENDORS.len(),
        table in prop::sample::select(vec!["logs", "spans", "events", "tickets", "accounts", "releases"]),
    ) {
        let mut inputs = vec![
            (OTLP.as_bytes().to_vec(), named("otlp_json")),
            (LINES.as_bytes().to_vec(), named("jsonl")),
            (CSV.as_bytes().to_vec(), named("csv")),
            (parquet(), named("parquet")),
            (arrow_ipc(false), named("arrow")),
            (arrow_ipc(true), named("arrow")),
        ];
        inputs.extend(VENDORS.iter().map(|(format, text)| (text.as_bytes().to_vec(), named(format))));
        let (bytes, format) = inputs.swap_remove(which);
        let damaged = mutated(bytes, &changes);
        read_forced(&damaged, format, table);
        let _ = read("x", &damaged, &options());
    }

    #[test]
    fn any_bytes_in_any_format_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..200), format in prop::sample::select(formats().collect::<Vec<_>>()),
    ) {
        read_forced(&bytes, format, "logs");
    }

    #[test]
    fn how_many_rows_go_at_a_time_changes_nothing(batch_rows_max in 1_usize..6) {
        let all = |batch_rows_max: usize| {
            let mut options = options();
            options.batch_rows_max = batch_rows_max;
            let read = read("x.jsonl", OTLP.repeat(3).as_bytes(), &options);
            let mut rows: Vec<String> = ["logs", "spans"]
                .iter()
                .flat_map(|table| read.rows_of(table))
                .map(|row| serde_json::Value::Object(row).to_string())
                .collect();
            rows.sort();
            assert!(read.rows.values().flatten().all(|batch| batch.num_rows() <= batch_rows_max));
            rows
        };
        prop_assert_eq!(all(batch_rows_max), all(1_000));
    }
}

#[test]
fn deep_wide_and_long_records_are_survived() {
    let deep = format!(
        r#"{{"message":"m","level":"info","x":{}1{}}}"#,
        r#"{"a":"#.repeat(10_000),
        "}".repeat(10_000)
    );
    let lists = format!(r#"{{"resourceLogs":{}"#, "[".repeat(10_000));
    let wide = format!(
        r#"{{"message":"m","level":"info",{}}}"#,
        (0..20_000).map(|n| format!(r#""k{n}":{n}"#)).collect::<Vec<_>>().join(",")
    );
    let long = format!(r#"{{"message":"{}","level":"info"}}"#, "x".repeat(20_000_000));
    for (text, n_rows, n_rejects) in [(&deep, 0, 1), (&wide, 1, 0), (&long, 1, 0)] {
        let read = read_forced(text.as_bytes(), named("jsonl"), "logs");
        assert_eq!(
            (read.summary().n_records - read.summary().n_rejects, read.summary().n_rejects),
            (n_rows, n_rejects)
        );
    }
    assert_eq!(
        read_forced(lists.as_bytes(), named("otlp_json"), "logs").rejects[0].code,
        "json_depth"
    );
    let nested_text =
        (0..6).fold("\"x\"".to_owned(), |text, _| serde_json::to_string(&text).unwrap());
    let line = format!(r#"{{"message":{nested_text},"level":"info","token":"t"}}"#);
    assert_eq!(read_forced(line.as_bytes(), named("jsonl"), "logs").summary().n_rejects, 0);
}

#[test]
fn parquet_rows_go_the_way_of_json_records() {
    let mut with_table = options();
    with_table.table = table_named("logs");
    let read_named = read("logs.parquet", &parquet(), &with_table);
    let rows = read_named.rows_of("logs");
    assert_eq!(read_named.summary().format, named("parquet"));
    let sane = rows.iter().find(|row| row["ts"] == "2025-10-28T14:21:13Z").unwrap();
    assert_eq!((&sane["body"], &sane["severity_number"]), (&json!("of [email]"), &json!(9)));
    assert_eq!(sane["attributes"], json!({"n": i64::MAX}));
    let lost = rows.iter().find(|row| row.contains_key("ts_quality")).unwrap();
    assert_eq!(lost["severity_text"], "warn");
    let error = read("logs.parquet", &parquet()[..100], &with_table).outcome.unwrap_err();
    assert!(matches!(error, Error::Malformed { format: "parquet", .. }), "{error}");
}

#[test]
fn arrow_rows_go_the_way_of_json_records_as_a_file_and_as_a_stream() {
    for is_stream in [false, true] {
        let bytes = arrow_ipc(is_stream);
        let read_named = read("logs.arrow", &bytes, &options());
        assert_eq!(read_named.summary().format, named("arrow"));
        let with_table = forced(named("arrow"), "logs");
        let rows = read("logs.arrow", &bytes, &with_table).rows_of("logs");
        let sane = rows.iter().find(|row| row["ts"] == "2025-10-28T14:21:13Z").unwrap();
        assert_eq!((&sane["body"], &sane["severity_number"]), (&json!("of [email]"), &json!(9)));
        assert_eq!(rows.len(), 2);
        let error = read("logs.arrow", &bytes[..60], &with_table).outcome.unwrap_err();
        assert!(matches!(error, Error::Malformed { format: "arrow", .. }), "{error}");
    }
}

#[test]
fn rows_come_in_the_order_of_the_input() {
    let seconds = [50, 3_601, 10, 20, 5];
    let line = |second: &u32| format!(r#"{{"ts":{},"type":"click"}}"#, 1_761_660_000 + second);
    let lines = seconds.iter().map(line).collect::<Vec<_>>().join("\n");
    for batch_rows_max in [1, 2, 3, 1_000] {
        let options = Options {
            batch_rows_max,
            format: Some(named("jsonl")),
            table: brunt_model::table("events"),
            ..options()
        };
        let rows = read_from("x", lines.as_bytes(), false, &options).rows_of("events");
        let times: Vec<_> = rows.iter().map(|row| &row["ts"].as_str().unwrap()[14..19]).collect();
        assert_eq!(times, ["00:50", "00:01", "00:10", "00:20", "00:05"]);
    }
}

#[test]
fn an_unclosed_quote_in_csv_costs_its_own_line() {
    let lines = "ts,level,message\n2025-10-28T14:21:13Z,info,ok\n2025-10-28T14:21:14Z,info,\"open\n2025-10-28T14:21:15Z,info,x\n";
    let more =
        [lines, "2025-10-28T14:21:16Z,info,\"two\nlines\"\n2025-10-28T14:21:17Z,info,y\n"].concat();
    let dos = more.replace('\n', "\r\n");
    for (text, bodies) in [
        (lines, &["ok", "x"][..]),
        (&more, &["ok", "x", "two\nlines", "y"]),
        (&dos, &["ok", "x", "two\r\nlines", "y"]),
    ] {
        let read = read_forced(text.as_bytes(), named("csv"), "logs");
        let found: Vec<_> = read.rows_of("logs").iter().map(|row| row["body"].clone()).collect();
        assert_eq!(found, bodies);
        let [reject] = &read.rejects[..] else { panic!("{:?}", read.rejects) };
        assert_eq!((reject.line, &*reject.sample), (3, "2025-10-28T14:21:14Z,info,\"open"));
    }
}

#[test]
fn what_is_quoted_as_it_should_be_never_becomes_rows() {
    let text = b"ts,level,message\n2025-10-28T14:21:13Z,\"x\n2025-10-28T14:21:15Z,error,injected\n\"\n2025-10-28T14:21:16Z,info,ok\n";
    let read = read_forced(text, named("csv"), "logs");
    let found: Vec<_> = read.rows_of("logs").iter().map(|row| row["body"].clone()).collect();
    assert_eq!((found.len(), &found[0], read.rejects.len()), (1, &serde_json::json!("ok"), 1));
}

#[test]
fn torn_lines_past_those_that_are_read_again_are_told_too() {
    let text = ["ts,level,message\n", &"2025-10-28T14:21:14Z,info,\"a\n".repeat(2_000)].concat();
    let read = read_forced(text.as_bytes(), named("csv"), "logs");
    // Each of the first 256 by itself, and then two by two, as quotes pair up.
    assert_eq!((read.rows_of("logs").len(), read.rejects.len()), (0, 256 + (2_000 - 256) / 2));
}

#[test]
fn every_format_has_a_fuzz_target_and_survives_the_inputs_of_all_others() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let targets = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
    for format in formats() {
        let target = format!("name = \"{}\"\n", format.name());
        assert!(targets.contains(&target), "fuzz/Cargo.toml has no target {}", format.name());
    }
    let folders = |path: &std::path::Path| -> Vec<_> {
        path.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let cases = folders(&root.join("fixtures/exports")).into_iter().flat_map(|path| folders(&path));
    for path in cases.flat_map(|case| folders(&case)) {
        let bytes = std::fs::read(&path).unwrap();
        for format in formats().filter(|format| format.name() != "text") {
            read_forced(&bytes, format, "logs");
        }
    }
}
