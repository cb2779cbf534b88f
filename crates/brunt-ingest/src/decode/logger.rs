//! JSON records of logging libraries: what their own fields mean where names alone do not tell it.

mod log4j;
mod loguru;
mod serilog;

use std::borrow::Cow;

use crate::decode::message;
use crate::decode::shape::Fields;
use crate::normalize::severity;
use crate::value::{Scalar, Value};

/// A library's record under our names or aliases; any other as it is.
pub(crate) fn fields(mut fields: Fields<'_>) -> Fields<'_> {
    let marks = Marks::of(&fields);
    if marks.serilog {
        return serilog::fields(fields);
    }
    if marks.loguru {
        return loguru::fields(fields);
    }
    if marks.log4j {
        log4j::settle(&mut fields);
    }
    if marks.numbered {
        name_levels(&mut fields, marks.bunyan);
    }
    if marks.python {
        rename(&mut fields, "name", "scope_name");
    }
    if marks.ecs {
        name_error(&mut fields);
    }
    if marks.log_object {
        open_log(&mut fields);
    }
    if marks.logstash {
        // The version of Logstash's format.
        fields.retain(|(key, _)| key != "@version");
    }
    if marks.event && !marks.says {
        // structlog's message.
        rename(&mut fields, "event", "message");
    }
    if let Some(at) = marks.shipped {
        return unpack(fields, at);
    }
    errors_and_stacks(&mut fields);
    fields
}

/// Keys by which records are told apart.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark that a record has or has not")]
struct Marks {
    serilog: bool,
    loguru: bool,
    log4j: bool,
    /// A level in numbers, and `msg`.
    numbered: bool,
    bunyan: bool,
    python: bool,
    ecs: bool,
    event: bool,
    /// Some key holds the message.
    says: bool,
    /// ECS keeps level and logger in `log`.
    log_object: bool,
    logstash: bool,
    /// Where the text stands that a shipper of logs read.
    shipped: Option<usize>,
}

impl Marks {
    fn of(fields: &Fields<'_>) -> Self {
        let mut marks = Self::default();
        let (mut log, mut is_shipped, mut level, mut msg) = (None, false, false, false);
        for (at, (key, value)) in fields.iter().enumerate() {
            match &**key {
                "@t" | "MessageTemplate" | "LogLevel" => marks.serilog = true,
                "record" if matches!(value, Value::Object(_)) => marks.loguru = true,
                "loggerFqcn" | "instant" | "timeMillis" | "contextMap" | "endOfBatch" => {
                    marks.log4j = true;
                }
                "level" => level = matches!(value, Value::Leaf(Scalar::Number(_))),
                "v" => marks.bunyan = true,
                "levelname" => marks.python = true,
                "ecs" | "ecs.version" => marks.ecs = true,
                "event" => marks.event = matches!(value, Value::Leaf(Scalar::Text(_))),
                "msg" => msg = true,
                "message" | "body" | "Message" => marks.says = true,
                "log" if matches!(value, Value::Leaf(Scalar::Text(_))) => log = Some(at),
                "log" => marks.log_object = matches!(value, Value::Object(_)),
                "@version" => marks.logstash = true,
                "stream" | "kubernetes" | "container_name" => is_shipped = true,
                _ => {}
            }
        }
        marks.numbered = level && msg;
        marks.says |= msg || log.is_some();
        marks.shipped = log.filter(|_| is_shipped);
        marks
    }
}

/// pino and bunyan: levels of 10 to 60, and the application's name.
fn name_levels(fields: &mut Fields<'_>, is_bunyan: bool) {
    for (key, value) in fields.iter_mut() {
        if key == "level"
            && let Some(word) = value.as_str().and_then(severity::word_of_tens)
        {
            *value = Value::text(word);
        }
    }
    rename(fields, "name", "service_name");
    if is_bunyan {
        // The version of bunyan's format.
        fields.retain(|(key, _)| key != "v");
    }
}

/// The parts of `log`, which would be a message otherwise.
fn open_log(fields: &mut Fields<'_>) {
    let Some(at) = fields.iter().position(|(key, _)| key == "log") else { return };
    if let (_, Value::Object(parts)) = fields.swap_remove(at) {
        fields.extend(
            parts.into_iter().map(|(key, value)| (Cow::Owned(["log.", &key].concat()), value)),
        );
    }
}

/// What ECS calls the type of an error is its exception's class.
fn name_error(fields: &mut Fields<'_>) {
    rename(fields, "error.type", "exception_type");
    for (_, error) in fields.iter_mut().filter(|(key, _)| key == "error") {
        if let Value::Object(error) = error {
            rename(error, "type", "kind");
        }
    }
}

/// `error` and `err` as a text are the error's message, and stacks come as lists too.
fn errors_and_stacks(fields: &mut Fields<'_>) {
    for (key, value) in fields.iter_mut() {
        match (&**key, &*value) {
            (
                "error" | "err" | "errorMessage" | "exception_message",
                Value::Leaf(Scalar::Text(text)),
            ) if !text.contains('\n') => {
                *key = Cow::Borrowed("exception_message");
            }
            (
                "error" | "err" | "exception" | "Exception" | "exc_info" | "errorVerbose",
                Value::Leaf(Scalar::Text(_)),
            ) => {
                *key = Cow::Borrowed("exception_stacktrace");
            }
            ("stack" | "stacktrace" | "stack_trace", Value::Array(lines)) => {
                if let Some(text) = stack_of(lines) {
                    *value = Value::text(text);
                }
            }
            ("exception", Value::Array(_)) => {
                let raised = std::mem::replace(value, Value::Leaf(Scalar::Null));
                *value = raised_of(raised);
            }
            _ => {}
        }
    }
}

/// A stack in a list of lines, or of zerolog's frames.
fn stack_of(lines: &[Value<'_>]) -> Option<String> {
    let mut text = String::new();
    for line in lines {
        match line {
            Value::Leaf(line) => text.push_str(line.as_str()?),
            Value::Object(_) => {
                let of = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
                text.push_str(&format!("{}()\n\t{}:{}", of("func"), of("source"), of("line")));
            }
            Value::Array(_) => return None,
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    Some(text)
}

/// structlog's list of exceptions, the one that was raised first: its type and message by their keys.
fn raised_of(list: Value<'_>) -> Value<'_> {
    match list {
        Value::Array(mut raised)
            if raised.first().is_some_and(|first| first.get("exc_type").is_some()) =>
        {
            let mut first = raised.swap_remove(0);
            let (name, text) = (first.take("exc_type"), first.take("exc_value"));
            let mut fields: Fields<'_> = Vec::new();
            fields.extend(name.map(|name| (Cow::Borrowed("type"), name)));
            fields.extend(text.map(|text| (Cow::Borrowed("message"), text)));
            fields.extend(first.take("frames").map(|frames| (Cow::Borrowed("frames"), frames)));
            Value::Object(fields)
        }
        other => other,
    }
}

/// The record of a shipper such as Fluent Bit, whose `log` is what a program wrote.
fn unpack(mut fields: Fields<'_>, log_at: usize) -> Fields<'_> {
    match fields.swap_remove(log_at).1 {
        Value::Leaf(Scalar::Text(text)) => message::wrap(message::fields(text), fields),
        _ => fields,
    }
}

/// Gives a field another name, unless there is one of that name.
pub(crate) fn rename(fields: &mut Fields<'_>, from: &str, to: &'static str) {
    if !fields.iter().any(|(key, _)| key == to)
        && let Some((key, _)) = fields.iter_mut().find(|(key, _)| key == from)
    {
        *key = Cow::Borrowed(to);
    }
}
