//! Records of OTLP made at random, each as JSON and as protobuf.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value, json};

/// A field of a message, as both forms have it.
#[derive(Debug, Clone)]
pub(crate) enum Part {
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
pub(crate) type Message = Vec<(u8, &'static str, Part)>;

#[derive(Debug, Clone)]
pub(crate) enum Any {
    Null,
    Text(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    List(Vec<Any>),
    Map(Vec<(String, Any)>),
}

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 127 {
        out.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

pub(crate) fn tagged(number: u8, kind: u8, value: &[u8]) -> Vec<u8> {
    [varint(u64::from(number) << 3 | u64::from(kind)), value.to_vec()].concat()
}

pub(crate) fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
    tagged(number, 2, &[varint(value.len() as u64), value.to_vec()].concat())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

impl Any {
    pub(crate) fn proto(&self) -> Vec<u8> {
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

    pub(crate) fn json(&self) -> Value {
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

pub(crate) fn pair(key: &str, value: &Any) -> Vec<u8> {
    [bytes(1, key.as_bytes()), bytes(2, &value.proto())].concat()
}

pub(crate) fn attributes(pairs: &[(String, Any)]) -> Value {
    pairs.iter().map(|(key, value)| json!({"key": key, "value": value.json()})).collect()
}

pub(crate) fn proto(message: &Message) -> Vec<u8> {
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

pub(crate) fn json(message: &Message) -> Value {
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

pub(crate) fn value() -> impl Strategy<Value = Any> {
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

pub(crate) fn pairs() -> impl Strategy<Value = Vec<(String, Any)>> {
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

pub(crate) fn id(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => prop::collection::vec(any::<u8>(), len), 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

pub(crate) fn time() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1_761_661_273_000_000_000_u64..1_761_661_300_000_000_000,
        1 => any::<u64>(),
    ]
}

/// Some of the fields of a message: those that protobuf would leave out are out in both forms.
pub(crate) fn some(message: Message, mask: u32) -> Message {
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
pub(crate) fn mask() -> impl Strategy<Value = u32> {
    prop_oneof![2 => Just(0_u32), 1 => any::<u32>().prop_map(|mask| mask & 0x1111_1111)]
}

pub(crate) fn log() -> impl Strategy<Value = Message> {
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

pub(crate) fn event() -> impl Strategy<Value = Message> {
    (time(), pairs(), mask()).prop_map(|(ts, attributes, mask)| {
        let message = vec![
            (2, "name", Part::Text("exception".to_owned())),
            (3, "attributes", Part::Attributes(attributes)),
            (1, "timeUnixNano", Part::Time(ts)),
        ];
        some(message, mask)
    })
}

pub(crate) fn link() -> impl Strategy<Value = Message> {
    (id(16), id(8), pairs()).prop_map(|(trace_id, span_id, attributes)| {
        vec![
            (1, "traceId", Part::Id(trace_id)),
            (2, "spanId", Part::Id(span_id)),
            (4, "attributes", Part::Attributes(attributes)),
        ]
    })
}

pub(crate) fn span() -> impl Strategy<Value = Message> {
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

pub(crate) type Pairs = Vec<(String, Any)>;

/// A document of either signal: its JSON, and its message.
pub(crate) fn document(is_spans: bool, scopes: Vec<(Pairs, Vec<Message>)>) -> (Value, Vec<u8>) {
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
pub(crate) fn proto_of(message: &Message) -> Vec<u8> {
    let Part::List(resources) = &message[0].2 else { unreachable!() };
    resources.iter().flat_map(|resource| bytes(1, &levels(resource))).collect()
}

/// The two levels above records, the same.
pub(crate) fn levels(message: &Message) -> Vec<u8> {
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

pub(crate) fn with_length(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}
