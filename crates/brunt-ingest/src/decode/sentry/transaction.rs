//! A transaction: a root span with what an event says of its surroundings, and the spans inside.

use super::event::surroundings;
use crate::decode::shape::{Fields, Given, put, refuse};
use crate::fill::Refusal;
use crate::value::{Scalar, Value};

/// Columns that the spans of a transaction take over from it.
const INHERITED: &[&str] =
    &["service_name", "service_version", "deployment_environment_name", "user_id", "geo_country"];

/// Statuses that a server gives to a faulty request, which is no error of the server's.
const OF_CALLERS: &[&str] = &[
    "invalid_argument",
    "not_found",
    "already_exists",
    "permission_denied",
    "unauthenticated",
    "resource_exhausted",
    "failed_precondition",
    "out_of_range",
];

/// Reads a transaction.
pub(super) fn read<'a>(mut event: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let mut contexts = event.take("contexts");
    let Some(mut context) = contexts.as_mut().and_then(|contexts| contexts.take("trace")) else {
        return refuse("invalid_trace_id", "a transaction has no trace context");
    };
    let spans = event.take_list("spans");
    let mut root = Fields::new();
    put(&mut root, "span_name", event.take("transaction").or_else(|| context.get("op").cloned()));
    put(&mut root, "start_timestamp", event.take("start_timestamp"));
    put(&mut root, "end_timestamp", event.take("timestamp"));
    let trace_id = context.get("trace_id").cloned();
    common(&mut context, &mut root)?;
    put(&mut root, "contexts.trace", Some(context));
    if let (Value::Object(fields), Some(contexts)) = (&mut event, contexts) {
        fields.push(("contexts".into(), contexts));
    }
    surroundings(event, &mut root);
    let inherited: Fields<'a> =
        root.iter().filter(|(name, _)| INHERITED.contains(&&**name)).cloned().collect();
    given.record("spans", root);
    for span in spans {
        match inner(span.clone(), trace_id.clone(), &inherited) {
            Ok(fields) => given.record("spans", fields),
            Err(refusal) => given.refuse(&span, refusal),
        }
    }
    Ok(())
}

/// A span inside.
fn inner<'a>(
    mut span: Value<'a>,
    trace_id: Option<Value<'a>>,
    inherited: &Fields<'a>,
) -> Result<Fields<'a>, Refusal> {
    if !matches!(span, Value::Object(_)) {
        return refuse("span_type", "a span is not an object");
    }
    let mut fields = Fields::new();
    let name = span.take_some("description").or_else(|| span.get("op").cloned());
    put(&mut fields, "span_name", name);
    put(&mut fields, "start_timestamp", span.take("start_timestamp"));
    put(&mut fields, "end_timestamp", span.take("timestamp"));
    if let (None, Some(trace_id)) = (span.get("trace_id"), trace_id) {
        put(&mut fields, "trace_id", Some(trace_id));
    }
    common(&mut span, &mut fields)?;
    fields.extend(inherited.iter().cloned());
    for (name, value) in span.into_fields() {
        let empty = match &value {
            Value::Leaf(scalar) => *scalar == Scalar::Null,
            Value::Array(elements) => elements.is_empty(),
            Value::Object(fields) => fields.is_empty(),
        };
        match (&*name, value) {
            _ if empty => {}
            ("data" | "tags", Value::Object(inside)) => fields.extend(
                inside
                    .into_iter()
                    .map(|(key, value)| (["attributes.", &key].concat().into(), value)),
            ),
            (_, value) => fields.push((["attributes.", &name].concat().into(), value)),
        }
    }
    Ok(fields)
}

/// Ids, kind and status, which a trace context and a span say alike.
fn common<'a>(span: &mut Value<'a>, fields: &mut Fields<'a>) -> Result<(), Refusal> {
    let id = |value: &Value<'_>| value.as_str().is_some_and(|id| !id.is_empty());
    if span.get("trace_id").is_some_and(|value| !id(value))
        || span.get("trace_id").is_none() && !fields.iter().any(|(name, _)| name == "trace_id")
    {
        return refuse("invalid_trace_id", "a span has no trace id");
    }
    if !span.get("span_id").is_some_and(id) {
        return refuse("invalid_span_id", "a span has no span id");
    }
    for name in ["trace_id", "span_id", "parent_span_id"] {
        put(fields, name, span.take(name));
    }
    let kind = span.get("op").and_then(Value::as_str).and_then(kind_of);
    put(fields, "span_kind", kind.map(Value::text));
    let status = span.take("status");
    let word = status.as_ref().and_then(Value::as_str).unwrap_or_default();
    let code = match word {
        "ok" => "OK",
        "" | "unknown" | "cancelled" => "UNSET",
        of_caller if kind == Some("SERVER") && OF_CALLERS.contains(&of_caller) => "UNSET",
        _ => "ERROR",
    };
    put(fields, "status_code", Some(Value::text(code)));
    put(fields, "status_message", status.filter(|_| code == "ERROR"));
    put(fields, "attributes.sentry.op", span.take("op"));
    Ok(())
}

/// The kind of an operation's name.
fn kind_of(op: &str) -> Option<&'static str> {
    let parts: Vec<&str> = op.split('.').collect();
    match parts.as_slice() {
        ["http" | "grpc" | "websocket" | "rpc", "server", ..] => Some("SERVER"),
        ["http" | "grpc" | "rpc", "client", ..] | ["db" | "cache", ..] => Some("CLIENT"),
        ["queue", "publish" | "submit" | "create", ..] => Some("PRODUCER"),
        ["queue", ..] => Some("CONSUMER"),
        _ => None,
    }
}
