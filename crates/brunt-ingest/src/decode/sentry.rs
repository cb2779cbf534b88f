//! Sentry's events: one JSON document, a list, or one a line, as its API gives them and as its SDKs send them.
//!
//! | what | where |
//! |---|---|
//! | an exception of a browser or an app | `events`, kind `error`: it is met in a user's session |
//! | an exception of a server; a message | `logs` |
//! | a transaction and its spans | `spans` |
//!
//! Frames become a stack trace as the platform's language prints it. What Sentry recorded of them beside (variables,
//! source) stays in the attribute `exception`. A release `package@version` gives service and version.

pub(crate) mod envelope;
mod event;
mod exception;
mod from_api;
mod transaction;

use crate::decode::shape::{self, Given, refuse};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "sentry",
    about: "events of Sentry's API or SDKs, one document, a list, or one a line",
    is: |head| {
        let from_api = head.has_keys(&["eventID", "entries.type"]);
        let says = ["exception", "logentry", "message", "sdk.name", "contexts.trace.op"];
        let from_sdk = head.has_keys(&["event_id", "platform", "timestamp"])
            && says.iter().any(|key| head.has_key(key));
        head.is_json && (from_api || from_sdk || head.has_key("exception.values"))
    },
    is_generic: false,
    decode: |plan, source, load| shape::decode(&[""], record, plan, source, load),
};

/// What one event gives.
fn record<'a>(event: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    if !matches!(event, Value::Object(_)) {
        return refuse("not_an_object", "a record is not an object");
    }
    let event = if event.get("entries").is_some() { from_api::event(event) } else { event };
    match event.get("type").and_then(Value::as_str) {
        Some("transaction") => transaction::read(event, given),
        Some("feedback") => {
            given.unsupported("feedback");
            Ok(())
        }
        _ => event::read(event, given),
    }
}
