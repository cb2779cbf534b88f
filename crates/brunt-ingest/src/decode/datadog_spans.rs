//! Datadog's spans, as version 2 of its API lists them.
//!
//! Ids are decimal numbers of 64 bits. Where a span knows the upper half of its trace id (`_dd.p.tid`), the id is whole;
//! otherwise the upper half is zero, which is how an id of 64 bits stands for all traces with that lower half.

use brunt_model::{SpanId, TraceId};

use crate::decode::shape::{self, Fields, Given, put, refuse};
use crate::decode::span_parts::{as_attributes, trace_id as hex_trace_id};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::{Scalar, Value};

/// Where answers keep their records.
const LISTS: &[&str] = &["response.data", "data", ""];

pub(crate) static SPEC: Spec = Spec {
    name: "datadog_spans",
    about: "spans of Datadog's API, version 2",
    is: |head| {
        let has_all = |place: &&str| {
            let keys = ["trace_id", "span_id", "start_timestamp", "resource_name"];
            keys.iter().all(|key| head.has_key(&[place, "attributes.", key].concat()))
        };
        head.is_json && ["response.data.", "data.", ""].iter().any(has_all)
    },
    is_generic: false,
    decode: |plan, source, load| shape::decode(LISTS, record, plan, source, load),
};

fn record<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(mut span) = record.take_object("attributes") else {
        return refuse("attributes_missing", "a span has no attributes");
    };
    let mut custom = span.take_object("custom").unwrap_or(Value::Object(Vec::new()));
    let (trace, id) = ids(&span, &custom)?;
    let parent = span.get("parent_id").and_then(Value::as_str).and_then(SpanId::parse_decimal);
    for name in ["trace_id", "span_id", "parent_id"] {
        span.take(name);
    }
    let mut fields = Fields::new();
    put(&mut fields, "trace_id", Some(Value::text(trace.to_string())));
    put(&mut fields, "span_id", Some(Value::text(id.to_string())));
    put(&mut fields, "parent_span_id", parent.map(|id| Value::text(id.to_string())));
    put(&mut fields, "span_name", span.take("resource_name"));
    let kind = custom.take_object("span").and_then(|mut span| span.take("kind"));
    put(&mut fields, "span_kind", kind);
    put(&mut fields, "start_timestamp", span.take("start_timestamp"));
    // The start and the end are rounded to milliseconds.
    match custom.take_some("duration") {
        Some(duration) => {
            put(&mut fields, "duration_ns", Some(duration));
            put(&mut fields, "attributes.end_timestamp", span.take("end_timestamp"));
        }
        None => put(&mut fields, "end_timestamp", span.take("end_timestamp")),
    }
    error(&mut span, &mut custom, &mut fields);
    put(&mut fields, "service_name", span.take("service"));
    put(&mut fields, "service_version", custom.take("version"));
    put(&mut fields, "deployment_environment_name", span.take("env"));
    put(&mut fields, "resource.attributes.host", span.take("host"));
    put(&mut fields, "attributes.datadog.id", record.take("id"));
    fields.extend(as_attributes(custom.into_fields()));
    fields.extend(as_attributes(span.into_fields()));
    given.record("spans", fields);
    Ok(())
}

/// The span's ids; a trace id may also come whole, as 32 hexadecimal digits.
fn ids(span: &Value<'_>, custom: &Value<'_>) -> Result<(TraceId, SpanId), Refusal> {
    let text = |key: &str| span.get(key).and_then(Value::as_str).unwrap_or_default();
    let trace = match text("trace_id") {
        whole if whole.len() == 32 => hex_trace_id(whole),
        decimal => TraceId::parse_decimal(decimal)
            .filter(|trace| trace.bits() >> 64 == 0)
            .and_then(|low| TraceId::new(upper_half(custom) << 64 | low.bits())),
    };
    let Some(trace) = trace else {
        return refuse("invalid_trace_id", "a span's trace id is no decimal number of 64 bits");
    };
    let Some(id) = SpanId::parse_decimal(text("span_id")) else {
        return refuse("invalid_span_id", "a span's id is no decimal number of 64 bits");
    };
    Ok((trace, id))
}

fn upper_half(custom: &Value<'_>) -> u128 {
    let said = custom.at("_dd.p.tid");
    let digits = said.and_then(Value::as_str).filter(|digits| digits.len() == 16);
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).map_or(0, u128::from)
}

/// Whether the span failed, and with what.
fn error<'a>(span: &mut Value<'a>, custom: &mut Value<'a>, fields: &mut Fields<'a>) {
    let mut failed = custom.take_object("error");
    let status = span.take("status");
    let word = status.as_ref().and_then(Value::as_str).unwrap_or_default();
    let flagged = [span.get("error"), custom.get("error")]
        .into_iter()
        .flatten()
        .any(|flag| flag.is_true() || flag.as_str() == Some("1"));
    let is_error = word == "error" || flagged || failed.is_some();
    let code = match word {
        _ if is_error => "ERROR",
        "ok" => "OK",
        _ => "UNSET",
    };
    put(fields, "status_code", Some(Value::text(code)));
    let Some(failed) = &mut failed else { return };
    let mut first = |names: &[&str]| names.iter().find_map(|name| failed.take_some(name));
    let message = first(&["message", "msg"]);
    put(fields, "status_message", message.clone());
    put(fields, "exception_type", first(&["type", "kind"]));
    put(fields, "exception_message", message);
    put(fields, "exception_stacktrace", first(&["stack"]));
    put(fields, "error_fingerprint", first(&["fingerprint"]));
    let rest = std::mem::replace(failed, Value::Leaf(Scalar::Null));
    put(fields, "attributes.datadog.error", Some(rest));
}
