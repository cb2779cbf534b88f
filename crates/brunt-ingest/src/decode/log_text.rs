//! Text logs: a time and a level, a thread, a logger and a message, in the orders that loggers write by default, and the
//! forms that well-known servers have of their own. Lines that do not begin so belong to the record above them.

pub(super) mod head;
mod java_util;
mod klog;
mod monolog;
mod mysql;
mod nginx;
mod postgres;
mod redis;

use std::borrow::Cow;

use regex::Regex;

use crate::decode::joined::{self, Joined, most_lines};
use crate::decode::log_text::head::{Begin, Head};
use crate::decode::shape::{Fields, refuse};
use crate::decode::yearless::{self, Years};
use crate::decode::{Plan, message};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "log_text",
    about: "text logs whose lines begin with a time or a level (log4j, logback, Python, Rails, Laravel, klog, databases, nginx errors)",
    is: |head| most_lines(head, &|line| begin(line).is_some()),
    is_generic: false,
    decode,
};

fn decode(_: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut years = Years::new(load.now());
    joined::decode(source, load, &goes_on, &mut |joined| read(joined, &mut years))
}

/// Whether and how a line begins a record.
pub(crate) fn begin(line: &str) -> Option<Begin> {
    if klog::begins(line) || redis::begins(line) {
        return Some(Begin::Time);
    }
    head::begin(line)
}

/// A record that begins with its time ends at the next time, any other at the next beginning.
fn goes_on<'t>(line: &'t str, above: &Joined) -> Option<&'t str> {
    match (begin(&above.text), begin(line)) {
        (_, None) | (Some(Begin::Time), Some(Begin::Level)) => Some(line),
        (None, Some(_)) => None,
        (Some(_), Some(_)) if postgres::goes_on(line, &above.text) => Some(line),
        (Some(_), Some(_)) => joined::of_trace_above(line, above, message),
    }
}

/// What was logged in a line.
fn message(line: &str) -> Option<&str> {
    Head::of(line).map(|head| head.message)
}

fn read<'a>(joined: &'a Joined, years: &mut Years) -> Result<Fields<'a>, Refusal> {
    let Some(mut fields) = fields(&joined.text) else {
        return refuse(
            "no_match",
            "text that begins with neither a time nor a level, and nothing is above it",
        );
    };
    for (_, value) in fields.iter_mut().filter(|(key, _)| key == "ts") {
        if let Some(dated) =
            value.as_str().filter(|text| yearless::is(text)).map(|text| years.date(text))
        {
            *value = Value::text(dated);
        }
    }
    Ok(fields)
}

/// What a text says that begins like a log's record; `None` for any other. A time may lack its year.
pub(super) fn fields(text: &str) -> Option<Fields<'_>> {
    let of_its_own =
        [klog::fields, redis::fields, mysql::fields, postgres::fields, monolog::fields];
    if let Some(fields) = of_its_own.iter().find_map(|fields| fields(text)) {
        return Some(fields);
    }
    let mut head = Head::of(text)?;
    let mut fields = Vec::new();
    if let Some((category, text)) = console(&head) {
        (head.logger, head.message) = (Some(category), text);
    }
    if let Some(parts) = java_util::Parts::of(&head) {
        (head.logger, head.level) = (Some(parts.class), Some(parts.level));
        head.message = parts.message;
        if !parts.method.is_empty() {
            fields.push((Cow::Borrowed("code.function.name"), Value::text(parts.method)));
        }
    }
    if let Some(error) = nginx::Error::of(head.message) {
        head.message = error.message;
        error.push(&mut fields);
    }
    message::push_head(&mut fields, &head);
    Some(fields)
}

/// .NET's console: `info: Shop.Cart[14]`, and what was logged in the next line.
fn console<'a>(head: &Head<'a>) -> Option<(&'a str, &'a str)> {
    let (category, text) = head.message.trim_start().split_once('\n')?;
    let (name, id) = category.trim_end().strip_suffix(']')?.split_once('[')?;
    let is_category = !name.contains(' ') && id.bytes().all(|byte| byte.is_ascii_digit());
    (head.time.is_none() && is_category).then(|| (name, text.trim_start()))
}

#[expect(clippy::expect_used, reason = "the patterns are part of the program, and tested")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is well formed")
}
