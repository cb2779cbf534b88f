//! The form of glog and klog, which Kubernetes' own programs write: `E0102 15:04:05.123456   12 pod.go:10] it failed`.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;
use crate::decode::shape::Fields;
use crate::decode::{logfmt, logger, message, yearless};
use crate::value::Value;

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?<level>[IWEF])(?<year>\d{4})?(?<month>\d\d)(?<day>\d\d) (?<time>\d\d:\d\d:\d\d\.\d{6}) +(?<process>\d+) (?<file>[^\s:\]]+):(?<line>\d+)\] ?",
    )
});

/// Whether a line begins so.
pub(super) fn begins(line: &str) -> bool {
    LINE.is_match(line)
}

/// What a record says. Its time has a year only where glog was told to write it.
pub(super) fn fields(text: &str) -> Option<Fields<'_>> {
    let parts = LINE.captures(text)?;
    let part = |name: &str| parts.name(name).map(|part| part.as_str());
    let (month, day, time) = (part("month")?, part("day")?, part("time")?);
    let ts = match part("year") {
        Some(year) => format!("{year}-{month}-{day}T{time}"),
        None => [yearless::month_name(month.parse().ok()?)?, " ", day, " ", time].concat(),
    };
    let mut fields: Fields<'_> = vec![
        (Cow::Borrowed("ts"), Value::text(ts)),
        (Cow::Borrowed("severity_text"), Value::text(word_of(part("level")?))),
        (Cow::Borrowed("process.pid"), Value::text(part("process")?)),
        (Cow::Borrowed("code.file.path"), Value::text(part("file")?)),
        (Cow::Borrowed("code.line.number"), Value::text(part("line")?)),
    ];
    let rest = parts.get(0).and_then(|whole| text.get(whole.end()..)).unwrap_or_default();
    match logfmt::quoted_and_pairs(rest) {
        Some((said, pairs)) => {
            fields.push((Cow::Borrowed("body"), Value::text(said)));
            fields.extend(logger::fields(pairs));
        }
        None => message::push_message(&mut fields, rest),
    }
    Some(fields)
}

fn word_of(letter: &str) -> &'static str {
    match letter {
        "W" => "WARNING",
        "E" => "ERROR",
        "F" => "FATAL",
        _ => "INFO",
    }
}
