//! The exceptions among a span's events.

use serde_json::Value;

/// An exception event of a span; what it does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpanException {
    /// Microseconds UTC.
    pub(super) ts: Option<i64>,
    pub(super) exception_type: Option<String>,
    pub(super) message: Option<String>,
    pub(super) stacktrace: Option<String>,
    /// What the client groups it by.
    pub(super) fingerprint: Option<String>,
}

/// Where clients say what an exception is grouped by, in this order.
const FINGERPRINTS: [&str; 5] = [
    "exception.group_id",
    "error.fingerprint",
    "sentry.fingerprint",
    "fingerprint",
    "dd_fingerprint",
];

/// The exception events in the text of `span_events`, in their order: objects with the name `exception`, or with
/// attributes `exception.type`, `exception.message` or `exception.stacktrace`.
///
/// Text that is no JSON list has none.
pub(super) fn span_exceptions(span_events: &str) -> Vec<SpanException> {
    // Most spans have no such event, and reading JSON costs far more than looking for a word.
    if !span_events.contains("exception") {
        return Vec::new();
    }
    let Ok(Value::Array(events)) = serde_json::from_str::<Value>(span_events) else {
        return Vec::new();
    };
    events.iter().filter_map(exception).collect()
}

fn exception(event: &Value) -> Option<SpanException> {
    let attribute = |key: &str| {
        let value = event.get("attributes")?.get(key)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        (!text.trim().is_empty()).then_some(text)
    };
    let found = SpanException {
        ts: event.get("ts").and_then(micros),
        exception_type: attribute("exception.type"),
        message: attribute("exception.message"),
        stacktrace: attribute("exception.stacktrace"),
        fingerprint: FINGERPRINTS.iter().find_map(|key| attribute(key)),
    };
    let named = event.get("name").and_then(Value::as_str) == Some("exception");
    let says =
        found.exception_type.is_some() || found.message.is_some() || found.stacktrace.is_some();
    (named || says).then_some(found)
}

/// A time as RFC 3339, or as a number of microseconds.
fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let time = chrono::DateTime::parse_from_rfc3339(text.trim()).ok()?;
            Some(time.timestamp_micros())
        }
        other => other.as_i64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_found_among_other_events() {
        let text = r#"[
            {"name": "retry", "attributes": {"n": 1}},
            {"name": "exception", "ts": "2025-10-28T14:21:13.000001Z",
             "attributes": {"exception.type": "Timeout", "exception.message": "after 3 s", "exception.escaped": true}},
            {"name": "exception", "ts": 5}
        ]"#;
        let found = span_exceptions(text);
        assert_eq!(found.len(), 2);
        // `date -u -d 2025-10-28T14:21:13Z +%s`
        assert_eq!(found[0].ts, Some(1_761_661_273_000_001));
        assert_eq!(found[0].exception_type.as_deref(), Some("Timeout"));
        assert_eq!(found[0].stacktrace, None);
        assert_eq!(found[1].ts, Some(5));
    }

    #[test]
    fn what_a_client_groups_by_is_read_from_the_event() {
        let text = r#"[{"name": "exception", "attributes": {"dd_fingerprint": "b", "exception.group_id": "a"}},
            {"name": "exception", "attributes": {"fingerprint": "c", "error.fingerprint": " "}}]"#;
        let found: Vec<_> = span_exceptions(text).into_iter().map(|it| it.fingerprint).collect();
        assert_eq!(found, [Some("a".to_owned()), Some("c".to_owned())]);
    }

    #[test]
    fn text_that_is_no_list_of_events_has_none() {
        for text in ["", "exception", "{\"name\":\"exception\"}", "[1, \"exception\", null]"] {
            assert!(span_exceptions(text).is_empty(), "{text}");
        }
    }
}
