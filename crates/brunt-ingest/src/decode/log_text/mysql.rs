//! The error log of `MySQL` and `MariaDB`: `2025-10-28T14:21:13.123456Z 12 [Warning] [MY-010055] [Server] it is slow`.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;
use crate::decode::shape::Fields;
use crate::value::Value;

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^(?<time>\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)\ +
          (?<thread>\d+)\ \[(?<level>System|Note|Warning|Error|ERROR)\]\ 
          (?:\[(?<code>MY-\d+)\]\ \[(?<part>\w+)\]\ )?",
    )
});

/// What a record says.
pub(super) fn fields(text: &str) -> Option<Fields<'_>> {
    let parts = LINE.captures(text)?;
    let part = |name: &str| parts.name(name).map(|part| part.as_str());
    let level = part("level")?;
    let mut fields: Fields<'_> = vec![
        (Cow::Borrowed("ts"), Value::text(part("time")?)),
        (Cow::Borrowed("severity_text"), Value::text(level)),
        (Cow::Borrowed("thread.id"), Value::text(part("thread")?)),
    ];
    if matches!(level, "System" | "Note") {
        fields.push((Cow::Borrowed("severity_number"), Value::text("9")));
    }
    for (name, part) in [("mysql.code", part("code")), ("scope_name", part("part"))] {
        fields.extend(part.map(|part| (Cow::Borrowed(name), Value::text(part))));
    }
    let body = parts.get(0).and_then(|whole| text.get(whole.end()..)).unwrap_or_default();
    fields.push((Cow::Borrowed("body"), Value::text(body)));
    Some(fields)
}
