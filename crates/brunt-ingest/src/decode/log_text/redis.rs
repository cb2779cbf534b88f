//! Redis' and Valkey's log: `12:M 28 Oct 2025 14:21:13.123 # it failed`.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;
use crate::decode::shape::Fields;
use crate::value::Value;

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?<process>\d+):(?<role>[MSCX]) (?<time>\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}) (?<level>[.*#-]) ",
    )
});

/// Whether a line begins so.
pub(super) fn begins(line: &str) -> bool {
    LINE.is_match(line)
}

/// What a record says.
pub(super) fn fields(text: &str) -> Option<Fields<'_>> {
    let parts = LINE.captures(text)?;
    let part = |name: &str| parts.name(name).map(|part| part.as_str());
    let level = match part("level")? {
        "." => "debug",
        "-" => "verbose",
        "#" => "warning",
        _ => "notice",
    };
    let role = match part("role")? {
        "M" => "primary",
        "S" => "replica",
        "X" => "sentinel",
        _ => "child",
    };
    let body = parts.get(0).and_then(|whole| text.get(whole.end()..)).unwrap_or_default();
    Some(vec![
        (Cow::Borrowed("ts"), Value::text(part("time")?)),
        (Cow::Borrowed("severity_text"), Value::text(level)),
        (Cow::Borrowed("process.pid"), Value::text(part("process")?)),
        (Cow::Borrowed("redis.role"), Value::text(role)),
        (Cow::Borrowed("body"), Value::text(body)),
    ])
}
