//! Amazon `CloudWatch` Logs: subscriptions, exported events, and the rows of Logs Insights.

use std::borrow::Cow;

use crate::decode::shape::{self, Fields, Given, refuse};
use crate::decode::{Plan, message};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;
use crate::value::{Scalar, Value};

pub(crate) static SPEC: Spec = Spec {
    name: "cloudwatch_logs",
    about: "CloudWatch Logs: subscriptions, exported events, rows of Logs Insights",
    is: |head| {
        head.has_keys(&["logGroup", "logStream", "logEvents"])
            || head.has_keys(&["events.timestamp", "events.message", "events.ingestionTime"])
            || head.has_keys(&["timestamp", "message", "ingestionTime"])
            || head.has_keys(&["results.field", "results.value"])
            || head.has_keys(&["@message", "@ptr"])
            || head.has_keys(&["@message", "@timestamp", "@logStream"])
    },
    is_generic: false,
    decode: |plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>| -> Result<(), Error> {
        shape::decode(&["results", "events", ""], record, plan, source, load)
    },
};

/// What Insights calls the fields of every event.
const NAMES: &[(&str, &str)] = &[
    ("@timestamp", "ts"),
    ("timestamp", "ts"),
    ("@ingestionTime", "observed_at"),
    ("ingestionTime", "observed_at"),
    ("@logStream", "aws.log.stream.name"),
    ("logStreamName", "aws.log.stream.name"),
    ("@log", "aws.log.group.name"),
    ("eventId", "log.record.id"),
    ("id", "log.record.id"),
];

fn record<'a>(record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    match record {
        Value::Array(cells) => {
            let cells = cells.into_iter().filter_map(|mut cell| {
                let name = cell.get("field").and_then(Value::as_str)?.to_owned();
                Some((Cow::Owned(name), cell.take("value")?))
            });
            given.record("logs", event(cells.collect()));
        }
        Value::Object(mut fields) => match fields.iter().position(|(key, _)| key == "logEvents") {
            None => given.record("logs", event(fields)),
            Some(at) => {
                let (_, events) = fields.swap_remove(at);
                subscription(&Value::Object(fields), events, given)?;
            }
        },
        Value::Leaf(_) => return refuse("not_an_object", "an event is not an object"),
    }
    Ok(())
}

/// The events of one log stream. Messages that only try the connection have none that count.
fn subscription<'a>(
    about: &Value<'a>,
    events: Value<'a>,
    given: &mut Given<'a>,
) -> Result<(), Refusal> {
    if about.get("messageType").and_then(Value::as_str) == Some("CONTROL_MESSAGE") {
        return Ok(());
    }
    let Value::Array(events) = events else {
        return refuse("records_missing", "logEvents is not a list");
    };
    let group = about.get("logGroup").and_then(Value::as_str);
    for record in events {
        let mut fields = match record {
            Value::Object(fields) => event(fields),
            other => vec![(Cow::Borrowed("body"), other)],
        };
        for (name, key) in [
            ("aws.log.group.name", "logGroup"),
            ("aws.log.stream.name", "logStream"),
            ("cloud.account.id", "owner"),
        ] {
            fields.extend(about.get(key).map(|value| (Cow::Borrowed(name), value.clone())));
        }
        // A function's group is called after it.
        let function = group.and_then(|group| group.strip_prefix("/aws/lambda/"));
        if let Some(function) = function {
            let outer = vec![(Cow::Borrowed("service_name"), Value::text(function.to_owned()))];
            fields = message::wrap(fields, outer);
        }
        given.record("logs", fields);
    }
    Ok(())
}

fn event(fields: Fields<'_>) -> Fields<'_> {
    let mut inner: Fields<'_> = Vec::new();
    let mut outer: Fields<'_> = Vec::new();
    for (key, value) in fields {
        match (&*key, value) {
            ("@message" | "message", Value::Leaf(Scalar::Text(text))) => {
                inner = message::fields(text);
            }
            // A pointer into the service, which means nothing outside.
            ("@ptr", _) => {}
            (_, value) => {
                let name = NAMES
                    .iter()
                    .find(|(name, _)| *name == key)
                    .map(|(_, name)| Cow::Borrowed(*name));
                outer.push((name.unwrap_or(key), value));
            }
        }
    }
    message::wrap(inner, outer)
}
