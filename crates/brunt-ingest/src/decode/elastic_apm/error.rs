//! Errors and logs.

use super::{Metadata, context, under};
use crate::decode::shape::{Fields, put};
use crate::decode::span_parts::micros;
use crate::decode::stack::{self, Frame, Language, Raised};
use crate::normalize::severity;
use crate::value::{Scalar, Value};

/// Causes of causes are followed to this depth.
const CAUSE_DEPTH_MAX: usize = 32;

/// Reads an error: its table and its fields.
pub(super) fn error<'a>(mut event: Value<'a>, metadata: &Metadata) -> (&'static str, Fields<'a>) {
    let mut fields = Fields::new();
    let mut exception = event.take_object("exception");
    let table = if exception.is_some() && metadata.is_client() { "events" } else { "logs" };
    put(&mut fields, "timestamp", event.take_some("timestamp").map(micros));
    put(&mut fields, "trace_id", event.take("trace_id"));
    let parent = event.take_some("parent_id").or_else(|| event.get("transaction_id").cloned());
    put(&mut fields, "span_id", parent);
    if let Some(exception) = &mut exception {
        let mut chain = Vec::new();
        raise(exception, metadata.language(), &mut chain, 0);
        let type_name = chain.first().and_then(|first| first.type_name.clone());
        let stacktrace = stack::print(metadata.language(), &chain);
        put(&mut fields, "exception_type", type_name.map(Value::text));
        put(&mut fields, "exception_message", exception.get("message").cloned());
        put(&mut fields, "exception_stacktrace", stacktrace.map(Value::text));
        let name = if table == "events" { "handled" } else { "attributes.handled" };
        put(&mut fields, name, exception.get("handled").cloned());
    }
    let mut log = event.take_object("log").unwrap_or(Value::Object(Vec::new()));
    if table == "events" {
        put(&mut fields, "event_id", event.take("id"));
        put(&mut fields, "event_kind", Some(Value::text("error")));
        // Among session events a transaction is a purchase.
        put(&mut fields, "attributes.apm.transaction_id", event.take("transaction_id"));
    } else {
        let level = log.take_some("level").unwrap_or_else(|| Value::text("error"));
        // A level of the agent's own says nothing; that it sent an error is certain.
        let is_known = level.as_str().and_then(severity::of_level).is_some();
        put(&mut fields, "severity_number", (!is_known).then(|| Value::text("17")));
        put(&mut fields, "severity_text", Some(level));
        put(&mut fields, "body", log.take("message"));
        put(&mut fields, "scope_name", log.take("logger_name"));
        put(&mut fields, "attributes.error.id", event.take("id"));
    }
    put(&mut fields, "attributes.exception", exception.map(Value::whole));
    let stacktrace = log.take("stacktrace").filter(|frames| !frames.elements().is_empty());
    put(&mut fields, "attributes.log.stacktrace", stacktrace.map(Value::whole));
    fields.extend(under("attributes.log", log));
    context::add(&mut event, metadata, &mut fields);
    fields.extend(under("attributes", event));
    (table, fields)
}

/// Reads a log, whose fields have ECS's names with dots or inside one another; the latter go before.
pub(super) fn log<'a>(event: Value<'a>, metadata: &Metadata) -> Fields<'a> {
    let (inner, flat): (Fields<'a>, Fields<'a>) =
        event.into_fields().into_iter().partition(|(_, value)| matches!(value, Value::Object(_)));
    let mut fields = Fields::new();
    for (name, mut value) in inner {
        if name == "service" {
            put(&mut fields, "deployment.environment.name", value.take("environment"));
        }
        match &*name {
            "labels" => fields.extend(under("attributes", value)),
            _ => fields.extend(under(&name, value)),
        }
    }
    for (name, value) in flat {
        match &*name {
            "@timestamp" => put(&mut fields, "@timestamp", Some(micros(value))),
            "service.environment" => put(&mut fields, "deployment.environment.name", Some(value)),
            _ if value == Value::Leaf(Scalar::Null) => {}
            _ => fields.push((name, value)),
        }
    }
    fields.extend(metadata.fields.iter().cloned());
    fields
}

/// The exception and its causes, outermost first.
fn raise<'v>(
    exception: &'v Value<'_>,
    language: Language,
    chain: &mut Vec<Raised<'v>>,
    depth: usize,
) {
    let text =
        |key: &str| exception.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let is_builtin = |module: &str| matches!(module, "builtins" | "__builtin__" | "__builtins__");
    let qualifies = matches!(language, Language::Java | Language::Python);
    let module = text("module").filter(|module| qualifies && !is_builtin(module));
    chain.push(Raised {
        type_name: text("type").map(|name| match module {
            Some(module) if !name.contains('.') => [module, ".", name].concat(),
            _ => name.to_owned(),
        }),
        message: text("message"),
        frames: frames(exception, language),
        ..Raised::default()
    });
    if depth < CAUSE_DEPTH_MAX {
        for cause in exception.get("cause").map(Value::elements).unwrap_or_default() {
            raise(cause, language, chain, depth + 1);
        }
    }
}

fn frames<'v>(exception: &'v Value<'_>, language: Language) -> Vec<Frame<'v>> {
    let frames = exception.get("stacktrace").map(Value::elements).unwrap_or_default();
    let objects = frames.iter().filter(|frame| matches!(frame, Value::Object(_)));
    objects.map(|value| frame(value, language)).collect()
}

fn frame<'v>(value: &'v Value<'_>, language: Language) -> Frame<'v> {
    let text = |keys: &[&str]| {
        let said = |key: &&str| value.get(key).and_then(Value::as_str);
        keys.iter().find_map(said).filter(|text| !text.is_empty())
    };
    let (module, file) = match language {
        Language::Python | Language::JavaScript => (None, text(&["abs_path", "filename"])),
        Language::Java => (text(&["classname", "module"]), text(&["filename", "abs_path"])),
        _ => (text(&["classname", "module"]), text(&["abs_path", "filename"])),
    };
    Frame {
        module,
        function: text(&["function"]),
        file,
        line: text(&["lineno"]),
        column: text(&["colno"]),
        source: text(&["context_line"]),
        address: None,
    }
}
