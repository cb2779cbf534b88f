//! Transactions and spans.

use super::{Metadata, context, under};
use crate::decode::shape::{Fields, put, refuse};
use crate::decode::span_parts::{ids, link, micros, span_id, trace_id};
use crate::fill::Refusal;
use crate::value::Value;

/// Reads a transaction: the first span of a service in a trace.
pub(super) fn transaction<'a>(
    mut event: Value<'a>,
    metadata: &Metadata,
) -> Result<Fields<'a>, Refusal> {
    let name = event.take_some("name").or_else(|| event.get("type").cloned());
    let kind = match first_word(&event, "type").as_str() {
        "request" => "SERVER",
        "messaging" => "CONSUMER",
        _ => "INTERNAL",
    };
    let mut fields = common(&mut event, name, kind)?;
    if let Some(mut session) = event.take_object("session") {
        put(&mut fields, "session_id", session.take("id"));
        fields.extend(under("attributes.session", session));
    }
    Ok(finish(event, metadata, fields))
}

/// Reads a span inside a transaction.
pub(super) fn span<'a>(mut event: Value<'a>, metadata: &Metadata) -> Result<Fields<'a>, Refusal> {
    let Some(name) = event.take_some("name") else {
        return refuse("span_name_missing", "a span has no name");
    };
    let class = first_word(&event, "type");
    let action = event.get("action").and_then(Value::as_str).unwrap_or_default();
    let kind = match (class.as_str(), action) {
        ("db" | "external" | "storage" | "cache" | "search", _) => "CLIENT",
        ("messaging", "receive" | "poll" | "process") => "CONSUMER",
        ("messaging", _) => "PRODUCER",
        _ => "INTERNAL",
    };
    let mut fields = common(&mut event, Some(name), kind)?;
    if class == "db" {
        let of_type = event.get("type").and_then(Value::as_str).and_then(|ty| ty.split('.').nth(1));
        let of_type = of_type.map(|system| Value::text(system.to_owned()));
        let system = event.get("subtype").filter(|value| value.as_str().is_some()).cloned();
        put(&mut fields, "db_system_name", system.or(of_type));
    }
    let stacktrace = event.take("stacktrace").filter(|frames| !frames.elements().is_empty());
    put(&mut fields, "attributes.code.stacktrace", stacktrace.map(Value::whole));
    Ok(finish(event, metadata, fields))
}

/// The first part of a word such as `db.postgresql.query`.
fn first_word(event: &Value<'_>, key: &str) -> String {
    let text = event.get(key).and_then(Value::as_str).unwrap_or_default();
    text.split('.').next().unwrap_or_default().to_owned()
}

fn common<'a>(
    event: &mut Value<'a>,
    name: Option<Value<'a>>,
    kind: &'static str,
) -> Result<Fields<'a>, Refusal> {
    let (trace, id) = ids(event.get("trace_id"), event.get("id"))?;
    event.take("trace_id");
    event.take("id");
    let mut fields = Fields::new();
    put(&mut fields, "trace_id", Some(Value::text(trace.to_string())));
    put(&mut fields, "span_id", Some(Value::text(id.to_string())));
    put(&mut fields, "span_name", name);
    let parent = event.get("parent_id").and_then(Value::as_str).and_then(span_id);
    if let Some(parent) = parent {
        event.take("parent_id");
        put(&mut fields, "parent_span_id", Some(Value::text(parent.to_string())));
    }
    put(&mut fields, "timestamp", event.take_some("timestamp").map(micros));
    put(&mut fields, "duration_ms", event.take("duration"));
    let outcome = event.take("outcome");
    let status = match outcome.as_ref().and_then(Value::as_str) {
        Some("success") => "OK",
        Some("failure") => "ERROR",
        _ => "UNSET",
    };
    put(&mut fields, "status_code", Some(Value::text(status)));
    let mut otel = event.take_object("otel");
    let told = otel.as_mut().and_then(|otel| otel.take_some("span_kind"));
    put(&mut fields, "span_kind", Some(told.unwrap_or_else(|| Value::text(kind))));
    if let Some(mut otel) = otel {
        let attributes = otel.take_object("attributes");
        fields.extend(attributes.map(|inside| under("attributes", inside)).unwrap_or_default());
        fields.extend(under("attributes.otel", otel));
    }
    links(event, &mut fields);
    Ok(fields)
}

/// Links to spans; one without sound ids stays as it is.
fn links<'a>(event: &mut Value<'a>, fields: &mut Fields<'a>) {
    let (mut sound, mut others) = (Vec::new(), Vec::new());
    for given in event.take_list("links") {
        let trace = given.get("trace_id").and_then(Value::as_str).and_then(trace_id);
        let span = given.get("span_id").and_then(Value::as_str).and_then(span_id);
        match trace.zip(span) {
            Some((trace, span)) => sound.push(link(trace, span, Fields::new())),
            None => others.push(given),
        }
    }
    put(fields, "span_links", Some(Value::Array(sound)));
    put(fields, "attributes.links", Some(Value::Array(others)));
}

fn finish<'a>(mut event: Value<'a>, metadata: &Metadata, mut fields: Fields<'a>) -> Fields<'a> {
    put(&mut fields, "sample_weight", event.take("sample_rate"));
    context::add(&mut event, metadata, &mut fields);
    fields.extend(under("attributes", event));
    fields
}
