//! Real events of Sentry's clients, printed as their languages print them.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// An event with frames.
pub(crate) struct Event {
    pub(crate) platform: String,
    pub(crate) value: Value,
    /// Of the outermost exception.
    pub(crate) type_name: String,
    /// Its stack in text.
    pub(crate) stack: String,
}

/// The event of a file; `None` where it has no frame.
///
/// # Errors
/// Where the file cannot be read or is no JSON; the text names it.
pub(crate) fn read(path: &Path) -> Result<Option<Event>, String> {
    let read = || -> Result<Value, Box<dyn std::error::Error>> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    };
    Ok(Event::of(read().map_err(|error| format!("{}: {error}", path.display()))?))
}

impl Event {
    pub(crate) fn of(value: Value) -> Option<Self> {
        let platform = text(&value, "platform").to_owned();
        let stack = print(&platform, &value)?;
        let thrown =
            exceptions(&value).last().map(|(exception, _)| type_name(&platform, exception));
        Some(Self { platform, type_name: thrown.unwrap_or_default(), value, stack })
    }
}

/// An event's exceptions with their frames, the outermost exception and call last, as Sentry keeps them.
pub(crate) fn exceptions(event: &Value) -> Vec<(&Value, &[Value])> {
    let list = event["exception"].as_array().or_else(|| event["exception"]["values"].as_array());
    list.map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|e| (e, e["stacktrace"]["frames"].as_array().map_or(&[][..], Vec::as_slice)))
        .collect()
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or("")
}

/// Of some platforms the module is a part of the type's name; of others it is a file of code.
fn type_name(platform: &str, exception: &Value) -> String {
    let module = exception["module"].as_str().filter(|module| {
        matches!(platform, "java" | "python") && !matches!(*module, "builtins" | "__builtin__")
    });
    let module = module.map_or(String::new(), |module| format!("{module}."));
    module + text(exception, "type")
}

/// A frame as the event's language prints it, with its number and the function that it calls.
fn frame_line(platform: &str, idx: usize, frame: &Value, called: &str) -> String {
    let line = frame["lineno"].as_u64();
    let places = ["abs_path", "filename", "package"].map(|name| text(frame, name));
    let file = places.into_iter().find(|place| !place.is_empty()).unwrap_or("");
    let function = qualified(platform, frame);
    let number = line.unwrap_or(1);
    match platform {
        "java" => format!("\tat {function}({}:{number})", text(frame, "filename")),
        "python" => format!("  File \"{file}\", line {number}, in {function}"),
        "javascript" | "node" => {
            format!("    at {function} ({file}:{number}:{})", frame["colno"].as_u64().unwrap_or(1))
        }
        "csharp" => format!("   at {function}() in {file}:line {number}"),
        "go" => format!("{function}(...)\n\t{file}:{number}"),
        "php" if idx == 0 => format!("Error in {file}:{number}\nStack trace:"),
        "php" => format!("#{} {file}({number}): {called}()", idx - 1),
        _ => {
            let address = frame["instruction_addr"].as_str();
            let address = address.map_or(String::new(), |address| format!("{address} in "));
            let place = match (file, line) {
                ("", _) => String::new(),
                (file, Some(line)) => format!(" ({file}:{line})"),
                (file, None) => format!(" ({file})"),
            };
            format!("#{idx} {address}{function}{place}")
        }
    }
}

/// The function with what the language writes before it.
fn qualified(platform: &str, frame: &Value) -> String {
    let function = Some(text(frame, "function")).filter(|name| !name.is_empty());
    let function = function.unwrap_or("<unknown>");
    let separator = if platform == "php" { "::" } else { "." };
    match (platform, text(frame, "module")) {
        ("python" | "javascript" | "node", _) | (_, "") => function.to_owned(),
        (_, module) => [module, separator, function].concat(),
    }
}

/// An event as its language prints it, with what frames have; `None` without a frame.
pub(crate) fn print(platform: &str, event: &Value) -> Option<String> {
    let mut out = String::new();
    let mut list = exceptions(event);
    list.retain(|(_, frames)| !frames.is_empty());
    if !matches!(platform, "python" | "php") {
        list.reverse();
    }
    if matches!(platform, "csharp" | "go" | "php") {
        // Their causes are printed in ways of their own; the outermost exception shows whether frames are read.
        list.truncate(1);
    }
    for (exception, frames) in &list {
        let start = match (platform, out.is_empty()) {
            ("python", false) => {
                "\nThe above exception was the direct cause of the following exception:\n\n"
            }
            (_, false) => "Caused by: ",
            (_, true) => "",
        };
        out += start;
        let mut lines = Vec::new();
        let mut called = String::new();
        for (idx, frame) in frames.iter().rev().enumerate() {
            lines.push(frame_line(platform, idx, frame, &called) + "\n");
            called = qualified(platform, frame);
        }
        let header = format!("{}: {}", type_name(platform, exception), text(exception, "value"));
        if platform == "python" {
            lines.reverse();
            let _ =
                write!(out, "Traceback (most recent call last):\n{}{}\n", lines.concat(), header);
        } else {
            let gap = if platform == "go" { "\n\ngoroutine 1 [running]:\n" } else { "\n" };
            let _ = write!(out, "{}{gap}{}", header, lines.concat());
        }
    }
    (!list.is_empty()).then_some(out)
}
