//! OTLP as protobuf: the same rows as from JSON, whatever the framing and compression, and what becomes of damage.

use brunt_ingest::{Detected, Options, detect};
use proptest::prelude::*;
use serde_json::Value;

use crate::otlp_messages::{
    Any, Message, Part, bytes, document, log, pairs, proto, span, with_length,
};
use crate::reading::{Read, named, options, read};

fn forced(format: &str) -> Options {
    let mut options = options();
    options.format = Some(named(format));
    options
}

/// Rows, and the number of rejects: of several faults in a record, either form finds the one that it has first.
fn outcome(read: &Read) -> (Vec<String>, usize) {
    let rows = ["logs", "spans"].iter().flat_map(|table| read.rows_of(table));
    let rows = rows.map(|row| Value::Object(row).to_string()).collect();
    (rows, read.rejects.len())
}

fn as_json(document: &Value) -> Read {
    read("x.json", document.to_string().as_bytes(), &forced("otlp_json"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn protobuf_gives_the_rows_of_json(
        logs in prop::collection::vec((pairs(), prop::collection::vec(log(), 0..4)), 1..3),
        spans in prop::collection::vec((pairs(), prop::collection::vec(span(), 0..4)), 1..3),
    ) {
        let (logs_json, logs_proto) = document(false, logs);
        let (spans_json, spans_proto) = document(true, spans);
        let both = |document: &Value, message: &[u8], name: &str| {
            let expected = outcome(&as_json(document));
            prop_assert_eq!(&outcome(&read(name, message, &forced("otlp_proto"))), &expected);
            let zipped = zstd::encode_all(message, 3).unwrap();
            prop_assert_eq!(&outcome(&read(name, &zipped, &forced("otlp_proto"))), &expected);
            Ok(())
        };
        both(&logs_json, &logs_proto, "logs.pb")?;
        both(&spans_json, &spans_proto, "traces.pb")?;
        // Both signals in one file, each message with its length, zipped or not, and JSON among them.
        let lines = [logs_json.to_string(), spans_json.to_string()].join("\n");
        let expected = outcome(&read("x.jsonl", lines.as_bytes(), &forced("otlp_json")));
        let messages = [logs_proto, spans_proto];
        let plain: Vec<u8> = messages.iter().flat_map(|message| with_length(message)).collect();
        let zipped: Vec<u8> =
            messages.iter().flat_map(|message| with_length(&zstd::encode_all(&message[..], 3).unwrap())).collect();
        let json: Vec<u8> = lines
            .lines()
            .flat_map(|line| with_length(&zstd::encode_all(line.as_bytes(), 3).unwrap()))
            .collect();
        for file in [&plain, &zipped, &json] {
            prop_assert_eq!(&outcome(&read("data.bin", file, &forced("otlp_proto"))), &expected);
        }
    }

    #[test]
    fn damaged_messages_are_rejects(
        spans in prop::collection::vec((pairs(), prop::collection::vec(span(), 1..3)), 1..3),
        changes in prop::collection::vec((any::<u32>(), any::<u8>()), 1..4),
        cut in any::<u32>(),
        has_length in any::<bool>(),
    ) {
        let (_, message) = document(true, spans);
        let mut bytes = if has_length { with_length(&message) } else { message };
        for (at, byte) in changes {
            let at = at as usize % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut as usize % (bytes.len() / 2));
        let _ = detect("x.pb", &bytes);
        let read = read("x.pb", &bytes, &forced("otlp_proto"));
        prop_assert!(read.outcome.is_ok() || read.outcome.is_err());
    }
}

fn one_span(name: &str) -> Message {
    vec![
        (1, "traceId", Part::Id(vec![0x5b; 16])),
        (2, "spanId", Part::Id(vec![7; 8])),
        (5, "name", Part::Text(name.to_owned())),
        (7, "startTimeUnixNano", Part::Time(1_761_661_273_000_000_000)),
        (8, "endTimeUnixNano", Part::Time(1_761_661_273_000_000_009)),
    ]
}

fn one_log(body: &str) -> Message {
    vec![
        (1, "timeUnixNano", Part::Time(1_761_661_273_000_000_000)),
        (5, "body", Part::Any(Any::Text(body.to_owned()))),
    ]
}

/// A message of these records, already in bytes.
fn message_of(records: &[Vec<u8>]) -> Vec<u8> {
    let records: Vec<u8> = records.iter().flat_map(|record| bytes(2, record)).collect();
    bytes(1, &bytes(2, &records))
}

#[test]
fn the_signal_is_told_by_the_records_and_else_by_the_name() {
    let span = message_of(&[proto(&one_span("a"))]);
    let log = message_of(&[proto(&one_log("a"))]);
    let body_only = message_of(&[bytes(5, &bytes(1, b"hello"))]);
    let metric = message_of(&[[bytes(1, b"requests"), bytes(3, b"1"), bytes(7, b"")].concat()]);
    for (name, file, n_logs, n_spans, n_metrics) in [
        ("a.pb", &span, 0, 1, 0),
        ("logs.pb", &span, 0, 1, 0),
        ("a.pb", &log, 1, 0, 0),
        ("a.pb", &body_only, 1, 0, 0),
        ("traces.pb", &log, 1, 0, 0),
        ("a.pb", &metric, 0, 0, 1),
        ("a", &with_length(&span), 0, 1, 0),
        (
            "a",
            &[with_length(&log), with_length(&[]), with_length(&span), with_length(&metric)]
                .concat(),
            1,
            1,
            1,
        ),
        ("a", &[log.clone(), log.clone()].concat(), 2, 0, 0),
    ] {
        let read = read(name, file, &options());
        let summary = read.summary();
        assert_eq!(summary.format, named("otlp_proto"));
        assert!(read.rejects.is_empty(), "{:?}", read.rejects);
        let n_of = |table: &str| summary.n_rows.get(table).copied().unwrap_or_default();
        let counted = summary.unsupported.get("metrics").copied().unwrap_or_default();
        assert_eq!((n_of("logs"), n_of("spans"), counted), (n_logs, n_spans, n_metrics), "{name}");
    }
    for other in
        [&b"\nhello world, here is a text\n"[..], b"\x00\x00\x00\x04\x00\x00\x00\x00", b"\x0a\x00"]
    {
        assert!(matches!(detect("x", other), Detected::NotAnExport { .. }), "{other:?}");
    }
}

#[test]
fn a_broken_record_costs_itself_and_rejects_name_it() {
    let good = proto(&one_span("a"));
    let no_id = proto(&one_span("a")[1..].to_vec());
    let not_utf8 = [good.clone(), bytes(3, b"\xff")].concat();
    let overlong = [good.clone(), vec![0x2a, 0x7f, 1]].concat();
    let no_field = [good.clone(), vec![0x0c]].concat();
    let message = message_of(&[
        good.clone(),
        no_id,
        not_utf8,
        good.clone(),
        overlong,
        no_field,
        good.clone(),
    ]);
    let broken = read("traces.pb", &message, &options());
    assert_eq!(broken.summary().n_rows["spans"], 3);
    let rejects: Vec<_> =
        broken.rejects.iter().map(|reject| (reject.line, reject.column, reject.code)).collect();
    // The decoder of documents speaks after the one of messages.
    assert_eq!(
        rejects,
        [
            (3, None, "invalid_utf8"),
            (5, None, "protobuf_truncated"),
            (6, None, "protobuf_syntax"),
            (2, None, "invalid_trace_id"),
        ]
    );
    // A file that ends too early keeps what is whole, and the rest is one reject.
    for n_cut in [1, 30] {
        for file in [
            message_of(&[good.clone(), good.clone()]),
            with_length(&message_of(&[good.clone(), good.clone()])),
        ] {
            let cut = read("traces.pb", &file[..file.len() - n_cut], &options());
            assert_eq!(cut.summary().n_rows["spans"], 1, "{n_cut}");
            assert_eq!(
                cut.rejects.iter().map(|reject| reject.code).collect::<Vec<_>>(),
                ["protobuf_truncated"]
            );
        }
    }
    let whole = with_length(&message_of(&[good]));
    let then_garbage = [&whole[..], b"\xff\xff\xff\xffgarbage"].concat();
    let read_garbage = read("traces.pb", &then_garbage, &forced("otlp_proto"));
    assert_eq!(
        (read_garbage.summary().n_rows["spans"], read_garbage.rejects[0].code),
        (1, "protobuf_length")
    );
    let zipped = zstd::encode_all(&whole[4..], 3).unwrap();
    let half = [&whole[..], &with_length(&zipped[..zipped.len() - 3])].concat();
    let read_half = read("traces.pb", &half, &options());
    assert_eq!(
        (read_half.summary().n_rows["spans"], read_half.rejects[0].code),
        (1, "compression")
    );
}

#[test]
fn a_big_message_goes_in_parts() {
    let spans: Vec<_> = (0..30_000).map(|n| proto(&one_span(&format!("span {n}")))).collect();
    let summary = read("traces.pb", &message_of(&spans), &options());
    assert_eq!(summary.summary().n_rows["spans"], 30_000);
    let many: Vec<u8> =
        spans.iter().flat_map(|span| message_of(std::slice::from_ref(span))).collect();
    assert_eq!(read("traces.pb", &many.repeat(3), &options()).summary().n_rows["spans"], 90_000);
}
