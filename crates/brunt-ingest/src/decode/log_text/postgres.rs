//! PostgreSQL's server log with the common prefixes: `2025-10-28 14:21:13.123 UTC [12] ann@shop ERROR:  it failed`. What
//! it adds to a message, such as the statement, stands in lines of their own, which belong to the one above.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;
use crate::decode::joined::start_of;
use crate::decode::shape::Fields;
use crate::value::Value;

/// Two blanks behind the level tell it from all others.
const BEHIND_LEVEL: &str = ":  ";
/// What stands before the message is no longer than this.
const HEAD_BYTES_MAX: usize = 500;

/// What stands before the message. The client's host, user and database come before or behind the process, as the prefix
/// has it.
static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^(?<time>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d(?:\.\d+)?\ (?:[A-Z]{1,5}|[+-]\d\d(?::?\d\d)?))
          (?<before>[^\[\n]*)\[(?<process>\d+)\](?<behind>.*?)
          \b(?<level>DEBUG[1-5]|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC
            |DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT)$",
    )
});
static CLIENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?<user>[^\s@:=\[\]]+)@(?<database>[^\s@:=\[\]]+)"));
/// `10.0.0.1(5432)`
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?<address>[\w.-]+)\(\d+\)"));
/// `user=ann,db=shop,app=psql,client=10.0.0.1`
static PAIRS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?<name>user|db|app|client)=(?<value>[^\s,]+)"));

/// A line, taken apart.
struct Line<'a> {
    time: &'a str,
    process: &'a str,
    prefixes: [&'a str; 2],
    level: &'a str,
    message: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let at = start_of(text, HEAD_BYTES_MAX).find(BEHIND_LEVEL)?;
        let parts = HEAD.captures(text.get(..at)?)?;
        let part = |name: &str| parts.name(name).map(|part| part.as_str());
        Some(Self {
            time: part("time")?,
            process: part("process")?,
            prefixes: [part("before")?, part("behind")?],
            level: part("level")?,
            message: text.get(at + BEHIND_LEVEL.len()..)?,
        })
    }

    /// What it adds to the message above it, under our names.
    fn adds(&self) -> Option<&'static str> {
        Some(match self.level {
            "DETAIL" => "postgresql.detail",
            "HINT" => "postgresql.hint",
            "CONTEXT" => "postgresql.context",
            "LOCATION" => "postgresql.location",
            "QUERY" => "postgresql.internal_query",
            "STATEMENT" => "db.query.text",
            _ => return None,
        })
    }
}

/// Whether a line adds to the record above it.
pub(super) fn goes_on(line: &str, above: &str) -> bool {
    let adding = Line::of(line).filter(|line| line.adds().is_some());
    adding.is_some_and(|line| Line::of(above).is_some_and(|above| above.process == line.process))
}

/// What a record says, with what the lines below it add.
pub(super) fn fields(text: &str) -> Option<Fields<'_>> {
    let line = Line::of(text)?;
    let mut fields: Fields<'_> = vec![
        (Cow::Borrowed("ts"), Value::text(line.time)),
        (Cow::Borrowed("process.pid"), Value::text(line.process)),
    ];
    if line.adds().is_none() {
        fields.push((Cow::Borrowed("severity_text"), Value::text(line.level)));
    }
    // The words that no other logger has.
    let number = match line.level {
        "LOG" => Some("9"),
        level if level.starts_with("DEBUG") => Some("5"),
        _ => None,
    };
    fields.extend(number.map(|number| (Cow::Borrowed("severity_number"), Value::text(number))));
    for prefix in line.prefixes {
        push_client(&mut fields, prefix);
    }
    push_sections(&mut fields, text, &line);
    Some(fields)
}

/// User and database are those of the server, not of the shop.
fn push_client<'a>(fields: &mut Fields<'a>, prefix: &'a str) {
    let mut push = |name: &'static str, text: Option<&'a str>| {
        if let Some(text) = text.filter(|text| !text.starts_with('[')) {
            fields.push((Cow::Borrowed(name), Value::text(text)));
        }
    };
    if let Some(client) = CLIENT.captures(prefix) {
        push("db.user", client.name("user").map(|part| part.as_str()));
        push("db.namespace", client.name("database").map(|part| part.as_str()));
    }
    if let Some(client) = ADDRESS.captures(prefix) {
        push("client.address", client.name("address").map(|part| part.as_str()));
    }
    for pair in PAIRS.captures_iter(prefix) {
        let name = match pair.name("name").map(|part| part.as_str()) {
            Some("user") => "db.user",
            Some("db") => "db.namespace",
            Some("app") => "db.application",
            _ => "client.address",
        };
        push(name, pair.name("value").map(|part| part.as_str()));
    }
}

/// The message, and what the lines below add, each up to the next.
fn push_sections<'a>(fields: &mut Fields<'a>, text: &'a str, first: &Line<'a>) {
    let mut push = |name: &'static str, said: Option<&'a str>| {
        fields.push((Cow::Borrowed(name), Value::text(said.unwrap_or_default().trim_end())));
    };
    let (mut name, mut start) = (first.adds().unwrap_or("body"), text.len() - first.message.len());
    let mut end = 0;
    for below in text.split_inclusive('\n') {
        let at = end;
        end += below.len();
        let Some(line) = Line::of(below).filter(|_| at > 0) else { continue };
        let Some(adds) = line.adds() else { continue };
        push(name, text.get(start..at));
        (name, start) = (adds, end - line.message.len());
    }
    push(name, text.get(start..));
}
