//! Datadog logs: answers of the API (v2 and v1), archives, and what agents send.

use std::borrow::Cow;

use crate::decode::shape::{self, Fields, Given, refuse};
use crate::decode::{Plan, logger, message};
use crate::detect::Head;
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "datadog_logs",
    about: "logs of Datadog: answers of its API, archives, agents' payloads",
    is,
    is_generic: false,
    decode: |plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>| -> Result<(), Error> {
        shape::decode(LISTS, log, plan, source, load)
    },
};

/// Where documents keep their logs; recorded answers stand beside their requests.
const LISTS: &[&str] = &["response.data", "data", "response.logs", "logs", ""];
/// Tags that say what a column does.
const TAGS: &[(&str, &str)] = &[
    ("env", "deployment_environment_name"),
    ("service", "service_name"),
    ("version", "service_version"),
];

fn is(head: &Head<'_>) -> bool {
    let has = |prefix: &str, names: &[&str]| {
        names.iter().all(|name| head.has_key(&[prefix, name].concat()))
    };
    let of_api = ["response.data.", "data.", ""].iter().any(|list| {
        has(list, &["id", "type", "attributes.status", "attributes.timestamp"])
            && (has(list, &["attributes.message"]) || has(list, &["attributes.service"]))
            && !has(list, &["attributes.resource_name"])
    });
    let of_old_api =
        ["response.logs.", "logs."].iter().any(|list| has(list, &["id", "content.timestamp"]));
    of_api
        || of_old_api
        || has("", &["_id", "date", "attributes"]) && (has("", &["source"]) || has("", &["tags"]))
        || has("", &["ddsource", "message"])
        || has("", &["ddtags", "message"])
}

fn log<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let id = record.take("id").or_else(|| record.take("_id"));
    let content = match record.take("content") {
        Some(content @ Value::Object(_)) => Some(content),
        _ if record.get("type").is_some_and(|kind| kind.as_str() == Some("log")) => {
            record.take("attributes")
        }
        _ => Some(record),
    };
    let Some(Value::Object(content)) = content else {
        return refuse("not_an_object", "a log of Datadog has no attributes");
    };
    let mut inner: Fields<'a> = Vec::new();
    let mut outer: Fields<'a> = Vec::new();
    outer.extend(id.map(|id| (Cow::Borrowed("log.record.id"), id)));
    for (key, value) in content {
        match (&*key, value) {
            ("attributes", Value::Object(attributes)) => {
                outer.extend(attributes.into_iter().map(custom));
            }
            ("message", value) => {
                match value.as_str().map(|text| text.trim_start().starts_with('{')) {
                    // What Datadog did not take apart.
                    Some(true) => {
                        inner = message::fields(Cow::Owned(
                            value.as_str().unwrap_or_default().to_owned(),
                        ));
                    }
                    _ => outer.push((Cow::Borrowed("message"), value)),
                }
            }
            ("status", value) => inner.insert(0, (Cow::Borrowed("severity_text"), value)),
            ("date", value) => outer.push((Cow::Borrowed("timestamp"), value)),
            ("hostname" | "host", value) => outer.push((Cow::Borrowed("host.name"), value)),
            ("tags" | "ddtags", value) => push_tags(&mut outer, value),
            (_, value) => outer.push((key, value)),
        }
    }
    given.record("logs", logger::fields(message::wrap(inner, outer)));
    Ok(())
}

/// A log's own attribute; ids of traces are decimal unless they are 32 digits of hexadecimal.
fn custom<'a>((key, value): (Cow<'a, str>, Value<'a>)) -> (Cow<'a, str>, Value<'a>) {
    let key = match &*key {
        "trace_id" => Cow::Borrowed("dd.trace_id"),
        "span_id" => Cow::Borrowed("dd.span_id"),
        _ => key,
    };
    (key, value)
}

/// Tags stay as they are; those that a column is for go there as well.
fn push_tags<'a>(fields: &mut Fields<'a>, tags: Value<'a>) {
    let mut push = |tag: &str| {
        let Some((name, text)) = tag.trim().split_once(':') else { return };
        let Some((_, column)) = TAGS.iter().find(|(tag, _)| *tag == name) else { return };
        if !fields.iter().any(|(key, _)| key == column) {
            fields.push((Cow::Borrowed(column), Value::text(text.to_owned())));
        }
    };
    match &tags {
        Value::Array(tags) => tags.iter().filter_map(Value::as_str).for_each(&mut push),
        Value::Leaf(tags) => {
            tags.as_str().into_iter().flat_map(|tags| tags.split(',')).for_each(&mut push);
        }
        Value::Object(_) => {}
    }
    fields.push((Cow::Borrowed("tags"), tags));
}
