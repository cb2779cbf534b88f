//! Sentry's exceptions and frames, which it keeps oldest call first and root cause first.

use crate::decode::stack::{self, Frame, Language, Raised};
use crate::value::Value;

/// What an event's exceptions say.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) type_name: Option<String>,
    pub(super) message: Option<String>,
    pub(super) stacktrace: Option<String>,
    pub(super) handled: Option<bool>,
}

/// Groups in groups are followed to this depth.
const GROUP_DEPTH_MAX: usize = 16;

/// Reads `exception`: `{"values": [...]}`, a list, or one exception. `None` where it has none.
pub(super) fn read(event: &Value<'_>) -> Option<Told> {
    let exception = event.get("exception")?;
    let values = exception.get("values").unwrap_or(exception);
    let values: Vec<&Value<'_>> = match values {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    };
    let values: Vec<&Value<'_>> =
        values.into_iter().filter(|value| matches!(value, Value::Object(_))).collect();
    let thrown = *values.last()?;
    let platform = event.get("platform").and_then(Value::as_str).unwrap_or_default();
    let language = Language::of(platform);
    let mut chain = match group(&values) {
        Some(outermost) if language == Language::Python => {
            chain_of(outermost, &values, language, 0)
        }
        _ => values.iter().rev().map(|value| raised(value, language)).collect(),
    };
    if let Some(first) = chain.first_mut().filter(|first| first.frames.is_empty()) {
        first.frames = frames(crashed_thread(event), language);
    }
    let handled = thrown.at("mechanism.handled").and_then(boolean);
    Some(Told {
        type_name: chain.first().and_then(|first| first.type_name.clone()),
        message: text(thrown, &["value"]).map(ToOwned::to_owned),
        stacktrace: stack::print(language, &chain),
        handled,
    })
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Leaf(crate::value::Scalar::Bool(value)) => Some(*value),
        _ => None,
    }
}

/// The stack of the thread that crashed, for events whose exception has none.
fn crashed_thread<'v>(event: &'v Value<'_>) -> Option<&'v Value<'v>> {
    let threads = event.get("threads")?;
    let threads = threads.get("values").unwrap_or(threads).elements();
    let crashed = |thread: &&Value<'_>| thread.get("crashed").is_some_and(Value::is_true);
    threads.iter().find(crashed)?.get("stacktrace")
}

fn raised<'v>(value: &'v Value<'_>, language: Language) -> Raised<'v> {
    let type_name = text(value, &["type"]);
    let module = text(value, &["module"]).filter(|module| match language {
        Language::Java => true,
        Language::Python => {
            !matches!(*module, "builtins" | "__builtin__" | "exceptions" | "__main__")
        }
        _ => false,
    });
    let source = value.at("mechanism.source").and_then(Value::as_str);
    Raised {
        type_name: type_name.map(|name| match module {
            Some(module) if !name.contains('.') => [module, ".", name].concat(),
            _ => name.to_owned(),
        }),
        message: text(value, &["value"]),
        frames: frames(value.get("stacktrace"), language),
        is_context: source == Some("__context__"),
        members: Vec::new(),
    }
}

fn frames<'v>(stacktrace: Option<&'v Value<'_>>, language: Language) -> Vec<Frame<'v>> {
    let frames = stacktrace.and_then(|stacktrace| stacktrace.get("frames"));
    let frames = frames.map(Value::elements).unwrap_or_default();
    let objects = frames.iter().filter(|frame| matches!(frame, Value::Object(_)));
    objects.rev().map(|value| frame(value, language)).collect()
}

fn frame<'v>(value: &'v Value<'_>, language: Language) -> Frame<'v> {
    let module = text(value, &["module"]);
    let file = match language {
        // A module of Python's is its file.
        Language::Java => text(value, &["filename", "abs_path", "absPath"]),
        _ => text(value, &["abs_path", "absPath", "filename", "package"]),
    };
    Frame {
        module: module.filter(|_| language != Language::Python),
        function: text(value, &["function", "raw_function", "rawFunction"]),
        file,
        line: text(value, &["lineno", "lineNo"]),
        column: text(value, &["colno", "colNo"]),
        source: text(value, &["context_line"]),
        address: text(value, &["instruction_addr", "instructionAddr"]),
    }
}

/// The first of these fields that says anything.
fn text<'v>(value: &'v Value<'_>, keys: &[&str]) -> Option<&'v str> {
    keys.iter()
        .find_map(|key| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()))
}

fn id<'v>(value: &'v Value<'_>, key: &str) -> Option<&'v str> {
    value.get("mechanism").and_then(|mechanism| mechanism.get(key)).and_then(Value::as_str)
}

/// The outermost exception, where one of them is a group of others.
fn group<'r, 'v>(values: &[&'r Value<'v>]) -> Option<&'r Value<'v>> {
    let is_group =
        |value: &&&Value<'_>| value.at("mechanism.is_exception_group").is_some_and(Value::is_true);
    values.iter().find(is_group)?;
    values.iter().rev().find(|value| id(value, "parent_id").is_none()).copied()
}

/// The exception, its members and its causes.
fn chain_of<'r>(
    outermost: &'r Value<'_>,
    values: &[&'r Value<'_>],
    language: Language,
    depth: usize,
) -> Vec<Raised<'r>> {
    let mut chain = Vec::new();
    let mut next = Some(outermost);
    while let Some(value) = next.take().filter(|_| chain.len() < values.len()) {
        let mut one = raised(value, language);
        let children = values.iter().rev().copied().filter(|child| {
            id(value, "exception_id").is_some_and(|own| id(child, "parent_id") == Some(own))
        });
        for child in children {
            let is_member = id(child, "source").is_some_and(|source| source.contains('['));
            if !is_member {
                next = next.or(Some(child));
            } else if depth < GROUP_DEPTH_MAX {
                one.members.push(chain_of(child, values, language, depth + 1));
            }
        }
        chain.push(one);
    }
    chain
}
