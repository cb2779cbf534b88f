//! OTLP as protobuf: the same rows as from JSON, whatever the framing and compression, and what becomes of damage.

use std::fmt::Write;

use brunt_ingest::{Detected, Options, detect};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::reading::{Read, named, options, read};

/// A field of a message, as both forms have it.
#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Id(Vec<u8>),
    /// Of 32 bits.
    Number(u32),
    Fixed32(u32),
    Time(u64),
    Any(Any),
    Attributes(Vec<(String, Any)>),
    Message(Message),
    List(Vec<Message>),
}

/// Number in protobuf, key in JSON, and value.
type Message = Vec<(u8, &'static str, Part)>;

#[derive(Debug, Clone)]
enum Any {
    Null,
    Text(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    List(Vec<Any>),
    Map(Vec<(String, Any)>),
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 127 {
        out.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn tagged(number: u8, kind: u8, value: &[u8]) -> Vec<u8> {
    [varint(u64::from(number) << 3 | u64::from(kind)), value.to_vec()].concat()
}

fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
    tagged(number, 2, &[varint(value.len() as u64), value.to_vec()].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

impl Any {
    fn proto(&self) -> Vec<u8> {
        match self {
            Self::Null => Vec::new(),
            Self::Text(text) => bytes(1, text.as_bytes()),
            Self::Bool(value) => tagged(2, 0, &[u8::from(*value)]),
            Self::Int(value) => tagged(3, 0, &varint(*value as u64)),
            Self::Double(value) => tagged(4, 1, &value.to_le_bytes()),
            Self::List(values) => {
                let values: Vec<u8> =
                    values.iter().flat_map(|value| bytes(1, &value.proto())).collect();
                bytes(5, &values)
            }
            Self::Map(values) => {
                let values: Vec<u8> =
                    values.iter().flat_map(|(key, value)| bytes(1, &pair(key, value))).collect();
                bytes(6, &values)
            }
            Self::Bytes(value) => bytes(7, value),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Null => json!({}),
            Self::Text(text) => json!({ "stringValue": text }),
            Self::Bool(value) => json!({ "boolValue": value }),
            Self::Int(value) => json!({ "intValue": value.to_string() }),
            Self::Double(value) => json!({ "doubleValue": value }),
            Self::List(values) => {
                json!({"arrayValue": {"values": values.iter().map(Self::json).collect::<Vec<_>>()}})
            }
            Self::Map(values) => json!({"kvlistValue": {"values": attributes(values)}}),
            Self::Bytes(value) => {
                // Three bytes make four letters; the tests have no others.
                let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                let text: String = value
                    .chunks(3)
                    .flat_map(|three| {
                        let bits =
                            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
                        [18, 12, 6, 0]
                            .map(|shift| char::from(letters[(bits >> shift & 63) as usize]))
                    })
                    .collect();
                json!({ "bytesValue": text })
            }
        }
    }
}

fn pair(key: &str, value: &Any) -> Vec<u8> {
    [bytes(1, key.as_bytes()), bytes(2, &value.proto())].concat()
}

fn attributes(pairs: &[(String, Any)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": value.json()})).collect()
}

fn proto(message: &Message) -> Vec<u8> {
    let field = |(number, _, part): &(u8, &str, Part)| match part {
        Part::Text(text) => bytes(*number, text.as_bytes()),
        Part::Id(id) => bytes(*number, id),
        Part::Number(value) => tagged(*number, 0, &varint(u64::from(*value))),
        Part::Fixed32(value) => tagged(*number, 5, &value.to_le_bytes()),
        Part::Time(value) => tagged(*number, 1, &value.to_le_bytes()),
        Part::Any(value) => bytes(*number, &value.proto()),
        Part::Message(inner) => bytes(*number, &proto(inner)),
        Part::Attributes(pairs) => {
            pairs.iter().flat_map(|(key, value)| bytes(*number, &pair(key, value))).collect()
        }
        Part::List(inner) => inner.iter().flat_map(|inner| bytes(*number, &proto(inner))).collect(),
    };
    // Fields that nobody knows, of all kinds.
    let unknown = [
        tagged(99, 0, &[1]),
        tagged(98, 1, &[0; 8]),
        bytes(97, b"\xff\xfe"),
        tagged(96, 5, &[0; 4]),
    ];
    message.iter().flat_map(field).chain(unknown.concat()).collect()
}

fn json(message: &Message) -> Value {
    let value = |part: &Part| match part {
        Part::Text(text) => json!(text),
        Part::Id(id) => json!(hex(id)),
        Part::Number(value) | Part::Fixed32(value) => json!(value),
        Part::Time(value) => json!(value.to_string()),
        Part::Any(value) => value.json(),
        Part::Message(inner) => json(inner),
        Part::Attributes(pairs) => attributes(pairs),
        Part::List(inner) => inner.iter().map(json).collect(),
    };
    let fields = message.iter().map(|(_, key, part)| ((*key).to_owned(), value(part)));
    Value::Object(fields.collect())
}

fn value() -> impl Strategy<Value = Any> {
    let leaf = prop_oneof![
        Just(Any::Null),
        "[a-z0-9é\"\\\\\n@.:/ ]{0,12}".prop_map(Any::Text),
        any::<bool>().prop_map(Any::Bool),
        any::<i64>().prop_map(Any::Int),
        (-1_000_000_i32..1_000_000).prop_map(|value| Any::Double(f64::from(value) + 0.25)),
        prop::collection::vec(any::<[u8; 3]>(), 0..3).prop_map(|bytes| Any::Bytes(bytes.concat())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Any::List),
            prop::collection::vec(("[a-c]{1,2}", inner), 0..4).prop_map(Any::Map),
        ]
    })
}

fn pairs() -> impl Strategy<Value = Vec<(String, Any)>> {
    let keys = prop::sample::select(vec![
        "service.name",
        "session.id",
        "user.id",
        "http.status_code",
        "http.route",
        "exception.type",
        "exception.message",
        "feature_flag.key",
        "feature_flag.result.variant",
        "url.full",
        "error.type",
        "k",
        "",
    ]);
    prop::collection::vec((keys.prop_map(str::to_owned), value()), 0..5)
}

fn id(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => prop::collection::vec(any::<u8>(), len), 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1_761_661_273_000_000_000_u64..1_761_661_300_000_000_000,
        1 => any::<u64>(),
    ]
}

/// Some of the fields of a message: those that protobuf would leave out are out in both forms.
fn some(message: Message, mask: u32) -> Message {
    let mut fields = message;
    let mut idx = 0;
    fields.retain(|(_, _, part)| {
        idx += 1;
        let is_default = match part {
            Part::Text(text) => text.is_empty(),
            Part::Number(value) | Part::Fixed32(value) => *value == 0,
            Part::Time(value) => *value == 0,
            _ => false,
        };
        mask >> (idx - 1) & 1 == 0 && !is_default
    });
    fields
}

/// A mask of fields that are left out, mostly none.
fn mask() -> impl Strategy<Value = u32> {
    prop_oneof![2 => Just(0_u32), 1 => any::<u32>().prop_map(|mask| mask & 0x1111_1111)]
}

fn log() -> impl Strategy<Value = Message> {
    let ids = (id(16), id(8), any::<u16>());
    (time(), 0_u32..30, "[a-zA-Z]{0,6}", value(), pairs(), ids, time(), mask()).prop_map(
        |(ts, severity, word, body, attributes, (trace_id, span_id, n), observed, mask)| {
            let message = vec![
                (1, "timeUnixNano", Part::Time(ts)),
                (2, "severityNumber", Part::Number(severity)),
                (3, "severityText", Part::Text(word.clone())),
                (5, "body", Part::Any(body)),
                (6, "attributes", Part::Attributes(attributes)),
                (7, "droppedAttributesCount", Part::Number(u32::from(n % 3))),
                (8, "flags", Part::Fixed32(u32::from(n % 2))),
                (9, "traceId", Part::Id(trace_id)),
                (10, "spanId", Part::Id(span_id)),
                (11, "observedTimeUnixNano", Part::Time(observed)),
                (12, "eventName", Part::Text(word)),
            ];
            some(message, mask)
        },
    )
}

fn event() -> impl Strategy<Value = Message> {
    (time(), pairs(), mask()).prop_map(|(ts, attributes, mask)| {
        let message = vec![
            (2, "name", Part::Text("exception".to_owned())),
            (3, "attributes", Part::Attributes(attributes)),
            (1, "timeUnixNano", Part::Time(ts)),
        ];
        some(message, mask)
    })
}

fn link() -> impl Strategy<Value = Message> {
    (id(16), id(8), pairs()).prop_map(|(trace_id, span_id, attributes)| {
        vec![
            (1, "traceId", Part::Id(trace_id)),
            (2, "spanId", Part::Id(span_id)),
            (4, "attributes", Part::Attributes(attributes)),
        ]
    })
}

fn span() -> impl Strategy<Value = Message> {
    let ids = (id(16), id(8), id(8));
    let lists = (prop::collection::vec(event(), 0..3), prop::collection::vec(link(), 0..2));
    (ids, "[a-z /]{1,8}", 0_u32..7, (time(), time()), pairs(), lists, 0_u32..4, mask()).prop_map(
        |(
            (trace_id, span_id, parent),
            name,
            kind,
            (start, end),
            attributes,
            (events, links),
            code,
            mask,
        )| {
            let status =
                vec![(2, "message", Part::Text(name.clone())), (3, "code", Part::Number(code))];
            let message = vec![
                (1, "traceId", Part::Id(trace_id)),
                (2, "spanId", Part::Id(span_id)),
                (3, "traceState", Part::Text("ot=th:8".to_owned())),
                (4, "parentSpanId", Part::Id(parent)),
                (6, "kind", Part::Number(kind)),
                (7, "startTimeUnixNano", Part::Time(start)),
                (8, "endTimeUnixNano", Part::Time(end)),
                (9, "attributes", Part::Attributes(attributes)),
                (11, "events", Part::List(events)),
                (12, "droppedEventsCount", Part::Number(code)),
                (13, "links", Part::List(links)),
                (15, "status", Part::Message(some(status, 0))),
                (16, "flags", Part::Fixed32(kind)),
            ];
            let mut message = some(message, mask);
            message.push((5, "name", Part::Text(name)));
            message
        },
    )
}

type Pairs = Vec<(String, Any)>;

/// A document of either signal: its JSON, and its message.
fn document(is_spans: bool, scopes: Vec<(Pairs, Vec<Message>)>) -> (Value, Vec<u8>) {
    let [resources, scopes_key, records_key] = if is_spans {
        ["resourceSpans", "scopeSpans", "spans"]
    } else {
        ["resourceLogs", "scopeLogs", "logRecords"]
    };
    let resource = |(attributes, records): (Pairs, Vec<Message>)| -> Message {
        let scope: Message = vec![
            (1, "name", Part::Text("lib".to_owned())),
            (2, "version", Part::Text("1.0".to_owned())),
            (3, "attributes", Part::Attributes(attributes.clone())),
        ];
        let scopes: Message = vec![
            (1, "scope", Part::Message(scope)),
            (2, records_key, Part::List(records)),
            (3, "schemaUrl", Part::Text("https://schema.example/1".to_owned())),
        ];
        vec![
            (1, "resource", Part::Message(vec![(1, "attributes", Part::Attributes(attributes))])),
            (2, scopes_key, Part::List(vec![scopes])),
        ]
    };
    let resources_of: Vec<Message> = scopes.into_iter().map(resource).collect();
    let message: Message = vec![(1, resources, Part::List(resources_of))];
    (json(&message), proto_of(&message))
}

/// A top-level message, which may not have fields that nobody knows.
fn proto_of(message: &Message) -> Vec<u8> {
    let Part::List(resources) = &message[0].2 else { unreachable!() };
    resources.iter().flat_map(|resource| bytes(1, &levels(resource))).collect()
}

/// The two levels above records, the same.
fn levels(message: &Message) -> Vec<u8> {
    message
        .iter()
        .flat_map(|(number, key, part)| match part {
            Part::List(scopes) if key.starts_with("scope") => {
                scopes.iter().flat_map(|scope| bytes(*number, &levels(scope))).collect()
            }
            Part::List(records) => {
                records.iter().flat_map(|record| bytes(*number, &proto(record))).collect()
            }
            Part::Message(inner) => bytes(*number, &proto(inner)),
            Part::Text(text) => bytes(*number, text.as_bytes()),
            _ => unreachable!(),
        })
        .collect()
}

fn with_length(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}

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
