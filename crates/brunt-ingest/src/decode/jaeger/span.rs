//! One span of Jaeger's, under our names.

use std::borrow::Cow;

use brunt_model::{SpanId, TraceId};

use crate::decode::shape::{Fields, put, refuse};
use crate::decode::span_parts::{
    as_attributes, event, ids, link, micros, span_id, status, trace_id,
};
use crate::fill::Refusal;
use crate::value::{Scalar, Value};

/// The fields of a span; its process is inside, or one of `processes`.
pub(super) fn fields<'a>(
    mut span: Value<'a>,
    processes: Option<&Value<'a>>,
) -> Result<Fields<'a>, Refusal> {
    if !matches!(span, Value::Object(_)) {
        return refuse("span_type", "a span is not an object");
    }
    let (trace, id) = ids(span.get("traceID"), span.get("spanID"))?;
    if span.get("operationName").and_then(Value::as_str).is_none_or(str::is_empty) {
        return refuse("span_name_missing", "a span has no name");
    }
    for name in ["traceID", "spanID", "startTimeMillis"] {
        span.take(name);
    }
    let mut fields = Fields::new();
    put(&mut fields, "trace_id", Some(Value::text(trace.to_string())));
    put(&mut fields, "span_id", Some(Value::text(id.to_string())));
    put(&mut fields, "span_name", span.take("operationName"));
    put(&mut fields, "start_time", span.take_some("startTime").map(micros));
    put(&mut fields, "duration_us", span.take("duration"));
    references(&mut span, trace, &mut fields);
    let tags = tags(&mut span);
    logs(span.take_list("logs"), &mut fields);
    let tag = |name: &str| tags.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    if tag("otel.status_code").is_none() {
        let (code, message) = status(tag("error"));
        put(&mut fields, "status_code", Some(Value::text(code)));
        put(&mut fields, "status_message", message.map(Value::text));
    }
    // The share of traces that were kept.
    if tag("sampler.type").and_then(Value::as_str) == Some("probabilistic") {
        put(&mut fields, "sample_weight", tag("sampler.param").cloned());
    }
    fields.extend(as_attributes(tags));
    let process_id = span.take("processID");
    let named = process_id.as_ref().and_then(Value::as_str);
    let process = span.take_object("process").or_else(|| processes?.get(named?).cloned());
    if let Some(mut process) = process {
        put(&mut fields, "service_name", process.take("serviceName"));
        let resource = self::tags(&mut process).into_iter();
        fields.extend(
            resource.map(|(key, value)| (["resource.attributes.", &key].concat().into(), value)),
        );
    }
    let warnings = span.take_some("warnings").map(Value::whole);
    put(&mut fields, "attributes.jaeger.warnings", warnings);
    fields.extend(as_attributes(span.into_fields()));
    Ok(fields)
}

/// Tags as typed values: a list, and the object in which Elasticsearch may have them, with `@` for dots.
fn tags<'a>(of: &mut Value<'a>) -> Fields<'a> {
    let mut tags: Fields<'a> = of.take_list("tags").into_iter().filter_map(tag).collect();
    let fields = of.take_object("tag").map(Value::into_fields).unwrap_or_default();
    tags.extend(fields.into_iter().map(|(key, value)| (key.replace('@', ".").into(), value)));
    tags
}

/// `{"key": "k", "type": "int64", "value": "1"}`
fn tag(mut tag: Value<'_>) -> Option<(Cow<'_, str>, Value<'_>)> {
    let Some(Value::Leaf(key)) = tag.take("key") else { return None };
    let value = tag.take("value")?;
    let value = match (tag.get("type").and_then(Value::as_str), value) {
        (Some("bool"), Value::Leaf(Scalar::Text(text))) => match &*text {
            "true" => Value::Leaf(Scalar::Bool(true)),
            "false" => Value::Leaf(Scalar::Bool(false)),
            _ => Value::Leaf(Scalar::Text(text)),
        },
        (Some("int64" | "float64"), Value::Leaf(Scalar::Text(text))) if is_number(&text) => {
            Value::Leaf(Scalar::Number(text))
        }
        (_, value) => value,
    };
    Some((key.into_text()?, value))
}

/// Whether a text can stand as a number in JSON.
fn is_number(text: &str) -> bool {
    let mut json = crate::json::Json::new(text);
    json.number().is_ok_and(|number| number == text)
}

/// The parent, and what else the span refers to.
fn references<'a>(span: &mut Value<'a>, trace: TraceId, fields: &mut Fields<'a>) {
    let references = span.take_list("references");
    let kept: Vec<(TraceId, SpanId, Value<'a>)> = references
        .into_iter()
        .filter_map(|mut reference| {
            let of = reference.get("traceID").and_then(Value::as_str).and_then(trace_id)?;
            let id = reference.get("spanID").and_then(Value::as_str).and_then(span_id)?;
            Some((of, id, reference.take("refType").unwrap_or_else(|| Value::text(""))))
        })
        .collect();
    let first =
        |kind: &str| kept.iter().position(|(of, _, ty)| *of == trace && ty.as_str() == Some(kind));
    let parent_idx = first("CHILD_OF").or_else(|| first("FOLLOWS_FROM"));
    let parent = parent_idx.and_then(|parent_idx| kept.get(parent_idx));
    if let Some((_, id, _)) = parent {
        put(fields, "parent_span_id", Some(Value::text(id.to_string())));
    } else {
        // Before there were references.
        let id = span.get("parentSpanID").and_then(Value::as_str).and_then(span_id);
        put(fields, "parent_span_id", id.map(|id| Value::text(id.to_string())));
    }
    span.take("parentSpanID");
    let links = kept.into_iter().enumerate().filter(|(idx, _)| Some(*idx) != parent_idx).map(
        |(_, (of, id, ty))| {
            let ty = ty.as_str().unwrap_or_default().to_lowercase();
            link(of, id, vec![("opentracing.ref_type".into(), Value::text(ty))])
        },
    );
    put(fields, "span_links", Some(Value::Array(links.collect())));
}

/// Logs are the span's events, named by their field `event`. The last one that is an exception speaks for the span.
fn logs<'a>(logs: Vec<Value<'a>>, fields: &mut Fields<'a>) {
    let mut events = Vec::new();
    let mut exception = None;
    for mut log in logs {
        let mut attributes: Fields<'a> =
            log.take_list("fields").into_iter().filter_map(tag).collect();
        let of = |names: &[&str]| {
            names.iter().find_map(|name| {
                attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
            })
        };
        let name = of(&["event"]);
        if matches!(name.as_ref().and_then(Value::as_str), Some("error" | "exception")) {
            exception = Some([
                of(&["exception.type", "error.kind"]),
                of(&["exception.message", "message"]),
                of(&["exception.stacktrace", "stack"]),
            ]);
        }
        let name = match name {
            Some(name) => {
                attributes.retain(|(key, _)| key != "event");
                name
            }
            None => of(&["message"]).unwrap_or_else(|| Value::text("log")),
        };
        events.push(event(log.take("timestamp"), Some(name), attributes));
    }
    let columns = ["exception_type", "exception_message", "exception_stacktrace"];
    for (column, value) in columns.into_iter().zip(exception.into_iter().flatten()) {
        put(fields, column, value);
    }
    put(fields, "span_events", Some(Value::Array(events)));
}
