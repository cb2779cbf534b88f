//! logfmt: `time=2025-10-28T14:21:13Z level=info msg="it is gone"`.

use std::borrow::Cow;

use crate::decode::joined::{self, Joined, most_lines, start_of};
use crate::decode::shape::{Fields, refuse};
use crate::decode::{Plan, logger, request};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::normalize::thrown;
use crate::read::Source;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "logfmt",
    about: "lines of key=value pairs",
    is: |head| most_lines(head, &|line| pairs(line).is_some_and(|fields| fields.len() >= 2)),
    is_generic: false,
    decode,
};

/// Names that a message or an error has.
const MESSAGES: &[&str] = &["msg", "message", "error", "err"];
/// A value in single quotes is no longer, so that an open quote costs little.
const SINGLE_QUOTED_BYTES_MAX: usize = 4_096;
/// Names without which pairs in a message are but a part of it.
const MARKS: &[&str] = &["level", "lvl", "severity", "ts", "time", "timestamp"];

fn decode(_: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    joined::decode(source, load, &goes_on, &mut |joined| read(joined))
}

fn goes_on<'t>(line: &'t str, _: &Joined) -> Option<&'t str> {
    let is_of_trace = thrown::is_continuation(line) || thrown::is_header(line);
    (is_of_trace && pairs(line).is_none()).then_some(line)
}

/// The pairs of the first line, and the stack trace below it.
fn read(joined: &Joined) -> Result<Fields<'_>, Refusal> {
    let (line, below) = joined.text.split_once('\n').unwrap_or((&joined.text, ""));
    let Some(mut fields) = pairs(line) else {
        return refuse("no_match", "a line does not begin with key=value");
    };
    request::name_pairs(&mut fields, line);
    let mut fields = logger::fields(fields);
    if !below.is_empty() {
        fields.push((Cow::Borrowed("exception_stacktrace"), Value::text(below)));
    }
    Ok(fields)
}

/// The pairs of a message that is nothing but them, and says at least what happened and when or how bad, or tells a
/// request.
pub(super) fn message_fields(text: &str) -> Option<Fields<'_>> {
    let mut fields = pairs(text).filter(|_| !text.contains('\n'))?;
    let has = |names: &[&str]| fields.iter().any(|(key, _)| names.contains(&&**key));
    if !(has(MESSAGES) && has(MARKS) || request::is_told_in(&fields)) {
        return None;
    }
    request::name_pairs(&mut fields, text);
    Some(fields)
}

/// `"it is gone" user="u1" n=3`: a text in quotes, and the pairs behind it; `None` where there is anything else.
pub(super) fn quoted_and_pairs(text: &str) -> Option<(Cow<'_, str>, Fields<'_>)> {
    let (said, rest) = value_of(Some(text).filter(|text| text.starts_with('"'))?);
    let pairs = pairs(rest).filter(|_| !rest.contains('\n'))?;
    Some((said, pairs))
}

/// The pairs of a line; `None` where it does not begin with one. Words without a value are `true`.
fn pairs(line: &str) -> Option<Fields<'_>> {
    let mut fields = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', '=', '"']).unwrap_or(rest.len());
        let (key, after) = rest.split_at_checked(end)?;
        let is_key =
            !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_.-@$/[]".contains(c));
        let value = after.strip_prefix('=').filter(|_| is_key);
        if fields.is_empty() && value.is_none() {
            return None;
        }
        let (value, after) = match value {
            None => (Value::text("true"), after.strip_prefix(['=', '"']).unwrap_or(after)),
            Some(value) => {
                let (value, after) = value_of(value);
                (Value::text(value), after)
            }
        };
        if !key.is_empty() {
            fields.push((Cow::Borrowed(key), value));
        }
        rest = after.trim_start();
    }
    Some(fields)
}

/// A value and what follows it: in quotes with escapes as Go writes them, in single quotes, or up to the next blank.
fn value_of(text: &str) -> (Cow<'_, str>, &str) {
    if let Some((value, rest)) = single_quoted(text) {
        return (Cow::Borrowed(value), rest);
    }
    let Some(inner) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([' ', '\t']).unwrap_or(text.len()));
        return (Cow::Borrowed(value), rest);
    };
    let mut out = String::new();
    let mut start = 0;
    let mut bytes = inner.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let plain = inner.get(start..at).unwrap_or_default();
        match byte {
            b'"' => {
                let rest = inner.get(at + 1..).unwrap_or_default();
                let whole = if out.is_empty() {
                    Cow::Borrowed(plain)
                } else {
                    Cow::Owned([&out, plain].concat())
                };
                return (whole, rest);
            }
            b'\\' => {
                out.push_str(plain);
                let escaped = match bytes.next() {
                    Some((_, b'n')) => "\n",
                    Some((_, b't')) => "\t",
                    Some((_, b'r')) => "\r",
                    Some((_, b'"')) => "\"",
                    Some((_, b'\\')) => "\\",
                    // Another escape stays as it is written.
                    _ => {
                        start = at;
                        continue;
                    }
                };
                out.push_str(escaped);
                start = at + 2;
            }
            _ => {}
        }
    }
    // A quote that nothing closes.
    (Cow::Owned([&out, inner.get(start..).unwrap_or_default()].concat()), "")
}

/// A value in single quotes, as lograge writes errors: the quote that closes it ends a word.
fn single_quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('\'')?;
    let near = start_of(inner, SINGLE_QUOTED_BYTES_MAX);
    let ends_word = |at: &usize| {
        inner.get(at + 1..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    let at = near.match_indices('\'').map(|(at, _)| at).find(ends_word)?;
    Some((inner.get(..at)?, inner.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_quotes_escapes_and_equal_signs() {
        let line = r#"a=1 b="x \"y\"\n" c="" d=e=f g h.i-j="\u00e9" l='it's x' m='y k="open"#;
        let read: Vec<_> = pairs(line)
            .unwrap()
            .into_iter()
            .map(|(key, value)| (key.into_owned(), value.as_str().unwrap().to_owned()))
            .collect();
        let expected = [
            ("a", "1"),
            ("b", "x \"y\"\n"),
            ("c", ""),
            ("d", "e=f"),
            ("g", "true"),
            ("h.i-j", "\\u00e9"),
            ("l", "it's x"),
            ("m", "'y"),
            ("k", "open"),
        ];
        assert_eq!(read, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        for line in ["", "words only", "\"a\"=1", "= x", "GET /a?b=c"] {
            assert!(pairs(line).is_none_or(|fields| fields.is_empty()), "{line}");
        }
        assert!(message_fields("level=info msg=x").is_some());
        assert!(message_fields("user=5 order=7 gone").is_none());
    }
}
