//! Log4j 2: `JsonLayout` and `JsonTemplateLayout`, whose times and stack traces may come in parts.

use std::borrow::Cow;

use crate::decode::logger::rename;
use crate::decode::shape::Fields;
use crate::value::{Scalar, Value};

pub(super) fn settle(fields: &mut Fields<'_>) {
    rename(fields, "timeMillis", "ts");
    rename(fields, "loggerName", "scope_name");
    rename(fields, "thread", "thread.name");
    for (key, value) in fields.iter_mut() {
        match (&**key, &mut *value) {
            ("instant", Value::Object(_)) => {
                if let Some(seconds) = seconds(value) {
                    (*key, *value) = (Cow::Borrowed("ts"), Value::Leaf(Scalar::number(seconds)));
                }
            }
            // The mapped diagnostic context: what a program says of its request.
            ("contextMap", Value::Object(_)) => *key = Cow::Borrowed("context"),
            ("thrown", Value::Object(_)) => write_stack(value),
            _ => {}
        }
    }
}

/// `{"epochSecond": 1761661273, "nanoOfSecond": 5000000}` as a decimal.
fn seconds(instant: &Value<'_>) -> Option<String> {
    let whole = instant.get("epochSecond")?.as_str()?;
    let nanos = instant.get("nanoOfSecond").and_then(Value::as_str).unwrap_or("0");
    Some(format!("{whole}.{nanos:0>9}"))
}

/// A stack in frames becomes Java's text.
fn write_stack(thrown: &mut Value<'_>) {
    let of = |value: &Value<'_>, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let Some(Value::Array(frames)) = thrown.get("extendedStackTrace") else { return };
    let mut text = of(thrown, "name");
    let message = of(thrown, "message");
    if !message.is_empty() {
        text.push_str(": ");
        text.push_str(&message);
    }
    for frame in frames {
        let (class, method) = (of(frame, "class"), of(frame, "method"));
        text.push_str(&format!(
            "\n\tat {class}.{method}({}:{})",
            of(frame, "file"),
            of(frame, "line")
        ));
    }
    if let Value::Object(fields) = thrown
        && let Some((_, stack)) = fields.iter_mut().find(|(key, _)| key == "extendedStackTrace")
    {
        *stack = Value::text(text);
    }
}
