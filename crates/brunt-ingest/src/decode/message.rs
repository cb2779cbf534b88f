//! What a program logged, read out of the text that somebody else wrapped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use brunt_model::table;

use crate::aliases::aliases;
use crate::decode::log_text::head::Head;
use crate::decode::shape::Fields;
use crate::decode::{access_log, log_text, logfmt, logger, request};
use crate::json::Json;
use crate::normalize::colours::uncoloured;
use crate::normalize::thrown;
use crate::normalize::time::{self, TimeForm};
use crate::normalize::words::fold;
use crate::value::Value;

/// Columns of logs by their folded names and aliases.
static COLUMNS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut columns = HashMap::new();
    for column in table("logs").iter().flat_map(|logs| &logs.columns) {
        columns.insert(fold(column.name), column.name);
    }
    for alias in
        aliases().iter().filter(|alias| alias.tables.is_empty() || alias.tables.contains(&"logs"))
    {
        for key in alias.keys {
            columns.entry(fold(key)).or_insert(alias.column);
        }
    }
    columns
});

/// The column of logs that a key feeds.
pub(crate) fn column_of(key: &str) -> Option<&'static str> {
    COLUMNS.get(&fold(key)).copied()
}

/// The fields of a text: those of the JSON, logfmt, access log or text log that it is, else it is the body.
pub(crate) fn fields(text: Cow<'_, str>) -> Fields<'_> {
    let coloured = match uncoloured(&text) {
        Cow::Owned(plain) => Some(plain),
        Cow::Borrowed(_) => None,
    };
    match coloured.map_or(text, Cow::Owned) {
        Cow::Borrowed(text) => of(text),
        Cow::Owned(text) => of(&text)
            .into_iter()
            .map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned()))
            .collect(),
    }
}

fn of(text: &str) -> Fields<'_> {
    let trimmed = text.trim();
    let trimmed = trimmed.strip_prefix("@cee:").map_or(trimmed, str::trim_start);
    if let Some(object) = object(trimmed) {
        return logger::fields(object);
    }
    if let Some(fields) = access_log::fields(trimmed) {
        return fields;
    }
    if let Some(fields) = logfmt::message_fields(trimmed) {
        return logger::fields(fields);
    }
    let text = text.trim_end();
    log_text::fields(text).unwrap_or_else(|| {
        let mut fields = Vec::new();
        push_message(&mut fields, text);
        fields
    })
}

/// The JSON object that a text is, whole.
fn object(text: &str) -> Option<Fields<'_>> {
    if !text.starts_with('{') {
        return None;
    }
    let mut json = Json::new(text);
    match Value::read(&mut json) {
        Ok(Value::Object(fields)) if json.at_end() => Some(fields),
        _ => None,
    }
}

/// What the beginning of a text log's line says, and what follows it.
pub(crate) fn push_head<'a>(fields: &mut Fields<'a>, head: &Head<'a>) {
    for (name, part) in [
        ("ts", head.time),
        ("severity_text", head.level),
        ("scope_name", head.logger),
        ("thread.name", head.thread),
        ("process.pid", head.process),
        ("request_id", head.request),
        ("context", head.context),
    ] {
        fields.extend(part.map(|part| (Cow::Borrowed(name), Value::text(part))));
    }
    push_message(fields, head.message.trim_start());
}

/// What a message says: pairs, a line of an access log, a request, or a text and its stack trace.
pub(crate) fn push_message<'a>(fields: &mut Fields<'a>, message: &'a str) {
    let inner = logfmt::message_fields(message).map(logger::fields);
    if let Some(inner) = inner.or_else(|| access_log::fields(message)) {
        *fields = wrap(inner, std::mem::take(fields));
        return;
    }
    fields.extend(request::fields(message).unwrap_or_default());
    push_body(fields, message);
}

/// A body, and the stack trace at its end.
fn push_body<'a>(fields: &mut Fields<'a>, text: &'a str) {
    let body = match thrown::split(text) {
        Some(parts) => {
            fields.push((Cow::Borrowed("exception_stacktrace"), Value::text(parts.stacktrace)));
            parts.body
        }
        None => text,
    };
    fields.push((Cow::Borrowed("body"), Value::text(body)));
}

/// Puts what a wrapper says behind what the record inside it says. Its time is that of observation where the record has
/// its own.
pub(crate) fn wrap<'a>(mut inner: Fields<'a>, outer: Fields<'a>) -> Fields<'a> {
    let mut said = Vec::new();
    said_columns(&inner, "", &mut said);
    if !said.contains(&"ts") {
        // What calls itself a time and is none must not stand in the way of one.
        for (key, _) in &mut inner {
            if column_of(key) == Some("ts") {
                *key = Cow::Owned(["logged_", key].concat());
            }
        }
    }
    for (key, value) in outer {
        match column_of(&key) {
            Some(column) if !said.contains(&column) => inner.push((key, value)),
            Some("ts") if !said.contains(&"observed_at") => {
                inner.push((Cow::Borrowed("observed_at"), value));
            }
            Some(_) => inner.push((Cow::Owned(["wrapper.", &key].concat()), value)),
            None => inner.push((key, value)),
        }
    }
    inner
}

/// The columns that a record's own keys feed; a time counts when it is one.
fn said_columns(fields: &Fields<'_>, prefix: &str, said: &mut Vec<&'static str>) {
    for (key, value) in fields {
        let path = if prefix.is_empty() {
            Cow::Borrowed(&**key)
        } else {
            Cow::Owned([prefix, ".", key].concat())
        };
        if let Value::Object(inner) = value {
            if prefix.is_empty() {
                said_columns(inner, key, said);
            }
        } else if let Some(column) = column_of(&path) {
            let is_said = match value.as_str() {
                Some(text) if column == "ts" => {
                    time::parse(text, TimeForm::Any).is_some_and(|micros| micros > 0)
                }
                text => text.is_none_or(|text| !text.is_empty()),
            };
            if is_said {
                said.push(column);
            }
        }
    }
}
