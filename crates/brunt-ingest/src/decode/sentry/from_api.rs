//! Events as Sentry's API shows them, brought into the form in which SDKs send them.

use crate::decode::shape::Fields;
use crate::value::{Scalar, Value};

/// Names of the API for what SDKs send under another.
const NAMES: &[(&str, &str)] = &[
    ("eventID", "event_id"),
    ("dateCreated", "timestamp"),
    ("dateReceived", "received"),
    ("fingerprints", "hashes"),
    ("startTimestamp", "start_timestamp"),
    ("endTimestamp", "timestamp"),
];

/// Takes an event's `entries` apart: each is a part of the event, by its type.
pub(super) fn event(mut event: Value<'_>) -> Value<'_> {
    let entries = event.take("entries").map(Value::into_elements).unwrap_or_default();
    // The API's title is put together from the parts, and `message` repeats it where there is an exception.
    let has_exception = entries.iter().any(|entry| is_of(entry, "exception"));
    let is_transaction = event.get("type").and_then(Value::as_str) == Some("transaction");
    let mut fields = Fields::new();
    for (name, value) in event.into_fields() {
        let renamed = NAMES.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
        match (&*name, value) {
            ("message", _) if has_exception || is_transaction => {}
            ("dateCreated", _) if is_transaction => {}
            ("release", mut release) if release.get("version").is_some() => {
                fields.extend(release.take("version").map(|version| (name, version)));
            }
            (_, value) => fields.push((renamed.map_or(name, Into::into), value)),
        }
    }
    for mut entry in entries {
        let part =
            ["exception", "breadcrumbs", "request", "message", "threads", "spans", "stacktrace"]
                .into_iter()
                .find(|part| is_of(&entry, part));
        let Some(data) = entry.take("data") else { continue };
        if let Some(part) = part {
            fields.push((if part == "message" { "logentry" } else { part }.into(), data));
        } else if let Some(Value::Leaf(Scalar::Text(name))) = entry.take("type") {
            fields.push((name, data));
        }
    }
    Value::Object(fields)
}

fn is_of(entry: &Value<'_>, part: &str) -> bool {
    entry.get("type").and_then(Value::as_str) == Some(part)
}
