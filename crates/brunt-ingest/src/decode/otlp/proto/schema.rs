//! The messages of OTLP: the number of each field, and how OTLP's JSON has it.
//!
//! After the published definitions of `opentelemetry.proto`: `common`, `logs` and `trace`, version 1. Fields that are not
//! named here are passed over.

/// How a field's value is written as JSON.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Bytes in hexadecimal.
    Id,
    /// An enumeration or a number of 32 bits.
    Number,
    /// Nanoseconds since 1970, 64 bits wide.
    Time,
    Message(&'static [Slot]),
    AnyValue,
    KeyValue,
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) number: u64,
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) is_list: bool,
    /// Written also where the message leaves it out because it is empty.
    pub(super) is_always: bool,
}

const fn one(number: u64, key: &'static str, kind: Kind) -> Slot {
    Slot { number, key, kind, is_list: false, is_always: false }
}

const fn list(number: u64, key: &'static str, kind: Kind) -> Slot {
    Slot { number, key, kind, is_list: true, is_always: false }
}

pub(super) static RESOURCE: &[Slot] =
    &[list(1, "attributes", Kind::KeyValue), one(2, "droppedAttributesCount", Kind::Number)];

pub(super) static SCOPE: &[Slot] = &[
    one(1, "name", Kind::Text),
    one(2, "version", Kind::Text),
    list(3, "attributes", Kind::KeyValue),
    one(4, "droppedAttributesCount", Kind::Number),
];

pub(super) static LOG: &[Slot] = &[
    one(1, "timeUnixNano", Kind::Time),
    one(2, "severityNumber", Kind::Number),
    one(3, "severityText", Kind::Text),
    one(5, "body", Kind::AnyValue),
    list(6, "attributes", Kind::KeyValue),
    one(7, "droppedAttributesCount", Kind::Number),
    one(8, "flags", Kind::Number),
    one(9, "traceId", Kind::Id),
    one(10, "spanId", Kind::Id),
    one(11, "observedTimeUnixNano", Kind::Time),
    one(12, "eventName", Kind::Text),
];

pub(super) static SPAN: &[Slot] = &[
    one(1, "traceId", Kind::Id),
    one(2, "spanId", Kind::Id),
    one(3, "traceState", Kind::Text),
    one(4, "parentSpanId", Kind::Id),
    Slot { number: 5, key: "name", kind: Kind::Text, is_list: false, is_always: true },
    one(6, "kind", Kind::Number),
    one(7, "startTimeUnixNano", Kind::Time),
    one(8, "endTimeUnixNano", Kind::Time),
    list(9, "attributes", Kind::KeyValue),
    one(10, "droppedAttributesCount", Kind::Number),
    list(11, "events", Kind::Message(EVENT)),
    one(12, "droppedEventsCount", Kind::Number),
    list(13, "links", Kind::Message(LINK)),
    one(14, "droppedLinksCount", Kind::Number),
    one(15, "status", Kind::Message(STATUS)),
    one(16, "flags", Kind::Number),
];

static EVENT: &[Slot] = &[
    one(1, "timeUnixNano", Kind::Time),
    one(2, "name", Kind::Text),
    list(3, "attributes", Kind::KeyValue),
    one(4, "droppedAttributesCount", Kind::Number),
];

static LINK: &[Slot] = &[
    one(1, "traceId", Kind::Id),
    one(2, "spanId", Kind::Id),
    one(3, "traceState", Kind::Text),
    list(4, "attributes", Kind::KeyValue),
    one(5, "droppedAttributesCount", Kind::Number),
    one(6, "flags", Kind::Number),
];

static STATUS: &[Slot] = &[one(2, "message", Kind::Text), one(3, "code", Kind::Number)];
