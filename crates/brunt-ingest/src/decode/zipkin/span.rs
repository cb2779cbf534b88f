//! One span of Zipkin's, under our names.

use super::halves::Halves;
use crate::decode::shape::{Fields, put, refuse};
use crate::decode::span_parts::{as_attributes, event, ids, micros, span_id, status};
use crate::fill::Refusal;
use crate::value::Value;

/// The fields of a span. One without a kind is local.
pub(super) fn fields<'a>(mut span: Value<'a>, halves: &Halves) -> Result<Fields<'a>, Refusal> {
    if !matches!(span, Value::Object(_)) {
        return refuse("span_type", "a span is not an object");
    }
    let (trace, id) = ids(span.get("traceId"), span.get("id"))?;
    let half = halves.server_half(&span);
    let parent = match half {
        Some(_) => Some(id),
        None => halves
            .parent(&span)
            .or_else(|| span.get("parentId").and_then(Value::as_str).and_then(span_id)),
    };
    for name in ["traceId", "id", "parentId"] {
        span.take(name);
    }
    let mut fields = Fields::new();
    put(&mut fields, "trace_id", Some(Value::text(trace.to_string())));
    put(&mut fields, "span_id", Some(Value::text(half.unwrap_or(id).to_string())));
    put(&mut fields, "parent_span_id", parent.map(|id| Value::text(id.to_string())));
    put(&mut fields, "attributes.zipkin.id", half.map(|_| Value::text(id.to_string())));
    put(&mut fields, "span_name", span.take("name"));
    let kind = span.take_some("kind").unwrap_or_else(|| Value::text("INTERNAL"));
    put(&mut fields, "span_kind", Some(kind));
    put(&mut fields, "timestamp", span.take_some("timestamp").map(micros));
    put(&mut fields, "duration_us", span.take("duration"));
    let tags = span.take_object("tags").map(Value::into_fields).unwrap_or_default();
    let error = tags.iter().find(|(key, _)| key == "error").map(|(_, value)| value);
    if !tags.iter().any(|(key, _)| key == "otel.status_code") {
        let (code, message) = status(error);
        put(&mut fields, "status_code", Some(Value::text(code)));
        put(&mut fields, "status_message", message.map(Value::text));
    }
    fields.extend(as_attributes(tags));
    let annotations = span.take_list("annotations");
    let events = annotations.into_iter().map(|mut annotation| {
        event(annotation.take("timestamp"), annotation.take("value"), Fields::new())
    });
    put(&mut fields, "span_events", Some(Value::Array(events.collect())));
    if let Some(mut local) = span.take_object("localEndpoint") {
        put(&mut fields, "service_name", local.take("serviceName"));
        let rest = local.into_fields().into_iter();
        fields.extend(rest.map(|(key, value)| {
            (["resource.attributes.localEndpoint.", &key].concat().into(), value)
        }));
    }
    if let Some(mut remote) = span.take_object("remoteEndpoint") {
        put(&mut fields, "peer_service", remote.take("serviceName"));
        put(&mut fields, "attributes.remoteEndpoint", Some(remote));
    }
    fields.extend(as_attributes(span.into_fields()));
    Ok(fields)
}
