//! Google Cloud Logging: entries with a JSON, text or audit payload.

use std::borrow::Cow;

use crate::decode::shape::{self, Fields, Given, refuse};
use crate::decode::{Plan, logger, message};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;
use crate::value::{Scalar, Value};

pub(crate) static SPEC: Spec = Spec {
    name: "gcp_logging",
    about: "log entries of Google Cloud Logging",
    is: |head| {
        ["", "entries."].iter().any(|list| {
            let has = |name: &str| head.has_key(&[list, name].concat());
            has("logName")
                && (has("insertId")
                    || has("resource.type")
                    || has("textPayload")
                    || has("jsonPayload"))
        })
    },
    is_generic: false,
    decode: |plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>| -> Result<(), Error> {
        shape::decode(&["entries", ""], entry, plan, source, load)
    },
};

/// Labels of a resource that name what runs there, the most telling first.
const SERVICES: &[&str] =
    &["service_name", "container_name", "function_name", "module_id", "job_name"];
const VERSIONS: &[&str] = &["revision_name", "version_id"];

fn entry<'a>(record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Value::Object(entry) = record else {
        return refuse("not_an_object", "a log entry is not an object");
    };
    let mut inner: Fields<'a> = Vec::new();
    let mut outer: Fields<'a> = Vec::with_capacity(entry.len());
    let mut severity = None;
    for (key, mut value) in entry {
        match (&*key, &mut value) {
            ("jsonPayload", Value::Object(payload)) => {
                inner = json_payload(std::mem::take(payload));
            }
            ("textPayload", Value::Leaf(Scalar::Text(text))) => {
                inner = message::fields(std::mem::take(text));
            }
            ("protoPayload", Value::Object(_)) => inner = audit(value),
            ("severity", Value::Leaf(level)) => {
                // The default says nothing.
                severity = (level.as_str() != Some("DEFAULT")).then_some(value);
            }
            ("resource", Value::Object(_)) => push_resource(&mut outer, value),
            ("receiveTimestamp", _) => outer.push((Cow::Borrowed("observed_at"), value)),
            ("trace", _) => outer.push((Cow::Borrowed("trace_id"), value)),
            ("spanId", _) => outer.push((Cow::Borrowed("span_id"), value)),
            ("insertId", _) => outer.push((Cow::Borrowed("log.record.id"), value)),
            _ => outer.push((key, value)),
        }
    }
    let mut fields = message::wrap(inner, outer);
    fields.extend(severity.map(|severity| (Cow::Borrowed("severity_text"), severity)));
    given.record("logs", fields);
    Ok(())
}

/// A program's own record; its message may hold a stack trace, as error reporting wants it.
fn json_payload(mut payload: Fields<'_>) -> Fields<'_> {
    if let Some(at) = payload.iter().position(|(key, _)| key == "serviceContext") {
        let (_, mut context) = payload.swap_remove(at);
        for (name, part) in [("service.name", "service"), ("service.version", "version")] {
            payload.extend(context.take(part).map(|value| (Cow::Borrowed(name), value)));
        }
    }
    let split = payload.iter().position(|(key, value)| {
        key == "message"
            && value.as_str().is_some_and(|text| text.contains('\n') || text.starts_with('{'))
    });
    if let Some(at) = split
        && let (_, Value::Leaf(Scalar::Text(text))) = payload.swap_remove(at)
    {
        return message::wrap(message::fields(text), logger::fields(payload));
    }
    logger::fields(payload)
}

/// An audit log says what method was called, and how it failed.
fn audit(mut payload: Value<'_>) -> Fields<'_> {
    let method = payload.take("methodName");
    let failed =
        payload.get("status").and_then(|status| status.get("message")).and_then(Value::as_str);
    let body = failed.or_else(|| method.as_ref().and_then(Value::as_str)).map(str::to_owned);
    let mut fields: Fields<'_> = Vec::new();
    fields.extend(body.map(|body| (Cow::Borrowed("body"), Value::text(body))));
    fields.extend(method.map(|method| (Cow::Borrowed("event_name"), method)));
    fields.push((Cow::Borrowed("protoPayload"), payload));
    fields
}

fn push_resource<'a>(fields: &mut Fields<'a>, resource: Value<'a>) {
    for (column, labels) in [("service_name", SERVICES), ("service_version", VERSIONS)] {
        let labelled =
            resource.get("labels").and_then(|all| labels.iter().find_map(|label| all.get(label)));
        let text = labelled.and_then(Value::as_str).map(str::to_owned);
        fields.extend(text.map(|text| (Cow::Borrowed(column), Value::text(text))));
    }
    fields.push((Cow::Borrowed("gcp.resource"), resource));
}
