//! Python's Loguru: `{"text": "...", "record": {...}}`.

use std::borrow::Cow;

use crate::decode::shape::Fields;
use crate::value::Value;

/// The inner record, its level, time and exception under our names.
pub(super) fn fields(record: Fields<'_>) -> Fields<'_> {
    let mut fields = Vec::new();
    for (key, value) in record {
        match (&*key, value) {
            ("record", Value::Object(inner)) => {
                for (key, mut value) in inner {
                    let (name, part) = match &*key {
                        "level" => ("severity_text", value.take("name")),
                        "time" => ("ts", value.take("timestamp")),
                        "exception" => {
                            for (name, part) in
                                [("exception_type", "type"), ("exception_message", "value")]
                            {
                                fields.extend(
                                    value.take(part).map(|part| (Cow::Borrowed(name), part)),
                                );
                            }
                            continue;
                        }
                        "name" => ("scope_name", Some(value)),
                        _ => {
                            fields.push((key, value));
                            continue;
                        }
                    };
                    fields.extend(part.map(|part| (Cow::Borrowed(name), part)));
                }
            }
            // The record once more, as the console shows it; its end is the stack trace.
            ("text", value) => fields.extend(
                value
                    .as_str()
                    .and_then(traceback)
                    .map(|text| (Cow::Borrowed("exception_stacktrace"), Value::text(text))),
            ),
            (_, value) => fields.push((key, value)),
        }
    }
    fields
}

fn traceback(text: &str) -> Option<String> {
    text.find("Traceback (most recent call last)")
        .and_then(|at| text.get(at..))
        .map(|text| text.trim_end().to_owned())
}
