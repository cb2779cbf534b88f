//! JavaScript as V8 prints it: browsers, Node, Deno, Bun, Hermes, and bundles of all of them.

mod gecko;
mod minified;
mod names;

use std::borrow::Cow;

use crate::chain::{Body, CAUSES_MAX, Exception, RawFrame, Stack, push_capped};
use crate::header::{has_error_suffix, split};
use crate::lang::{Lang, Language, Symbol};
use crate::text::{
    Lines, after, before, between, byte, extension, find, indent, line_at, line_with_colon,
    numbered, rsplit_at, split_at,
};

pub(crate) use gecko::{Gecko, begins_in_bundle};

#[derive(Debug)]
pub(crate) struct JavaScript;

impl Language for JavaScript {
    fn lang(&self) -> Lang {
        Lang::JavaScript
    }

    fn names(&self) -> &'static [&'static str] {
        &["javascript", "js", "nodejs", "node", "node.js", "webjs", "typescript", "deno", "browser"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        b"a"
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        frame(line)
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        parse(text, frame)
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        names::is_library(frame)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        names::fold(frame)
    }

    fn fold_type<'a>(&self, name: &'a str) -> &'a str {
        uncaught(name)
    }

    fn without_minified<'a>(&self, message: &'a str) -> Cow<'a, str> {
        minified::without_variables(message)
    }
}

/// What has been read of the current exception.
#[derive(Debug, Default)]
struct Open {
    /// Where its header starts, and where it ends once a frame or another exception was seen.
    header: (usize, Option<usize>),
    /// Where its first frame starts.
    body_start: Option<usize>,
}

/// Finds the exceptions of a text.
fn parse(text: &str, frame: ReadFrame) -> Stack<'_> {
    let mut parser = Parser {
        text,
        frame,
        open: Open::default(),
        chain: Vec::new(),
        outer: None,
        aggregate: None,
        children: Vec::new(),
        is_cut: false,
    };
    let mut next = parser.next_line(0);
    while let Some((start, line)) = next {
        parser.line(start, line);
        next = parser.next_line(start + line.len() + 1);
    }
    parser.finish()
}

type ReadFrame = for<'f> fn(&'f str) -> Option<RawFrame<'f>>;

#[derive(Debug)]
struct Parser<'a> {
    text: &'a str,
    frame: ReadFrame,
    open: Open,
    /// Exceptions of the current chain, outermost first as printed.
    chain: Vec<Exception<'a>>,
    /// The aggregate's own chain and the indent of its list, while members of the list are read.
    outer: Option<(Vec<Exception<'a>>, usize)>,
    /// The aggregate's own chain, once its list is over.
    aggregate: Option<Vec<Exception<'a>>>,
    children: Vec<Vec<Exception<'a>>>,
    is_cut: bool,
}

impl<'a> Parser<'a> {
    /// The next line that may be a header. Once frames have begun, and outside of lists, every such line has a colon.
    fn next_line(&self, start: usize) -> Option<(usize, &'a str)> {
        if self.open.body_start.is_some() && self.outer.is_none() {
            line_with_colon(self.text, start)
        } else {
            line_at(self.text, start)
        }
    }

    fn line(&mut self, start: usize, line: &'a str) {
        let blanks = indent(line);
        let content = after(line, blanks);
        if (self.frame)(content).is_some() {
            self.open.header.1.get_or_insert(start);
            self.open.body_start.get_or_insert(start);
        } else if let Some(rest) = cause(content) {
            self.begin(start, line.len() - rest.len());
        } else if content.starts_with("[errors]: [")
            && self.outer.is_none()
            && self.aggregate.is_none()
        {
            self.close(start);
            self.outer = Some((std::mem::take(&mut self.chain), blanks));
            // Members' headers follow; what follows a member that is not one is passed over.
            self.open.header = (start, Some(start));
        } else if let Some((_, list_indent)) = self.outer {
            self.list_line(start, line, list_indent);
        } else if is_property(content) {
            self.open.header.1.get_or_insert(start);
        }
    }

    /// A line between the members of an aggregate.
    fn list_line(&mut self, start: usize, line: &'a str, list_indent: usize) {
        let blanks = indent(line);
        let content = after(line, blanks);
        if blanks <= list_indent && content.starts_with(']') {
            self.end_member(start);
            self.aggregate = self.outer.take().map(|(chain, _)| chain);
        } else if blanks > list_indent
            && split(unbracketed(content), is_type).is_some()
            && self.open.header.1.is_some()
        {
            self.end_member(start);
            self.open.header = (start + blanks, None);
        } else if is_property(content) {
            self.open.header.1.get_or_insert(start);
        }
    }

    fn begin(&mut self, start: usize, header_offset: usize) {
        self.close(start);
        self.open.header = (start + header_offset, None);
    }

    fn close(&mut self, end: usize) {
        let open = std::mem::take(&mut self.open);
        let header_end = open.header.1.unwrap_or(end);
        let header = header_text(between(self.text, open.header.0, header_end));
        let body = Body::of(open.body_start.map_or("", |start| between(self.text, start, end)));
        if header.is_empty() && body.text.is_empty() {
            return;
        }
        let (type_name, message) = split_header(header);
        let exception =
            Exception { type_name, message: Cow::Borrowed(message), body, ..Exception::default() };
        self.is_cut |= !push_capped(&mut self.chain, exception, CAUSES_MAX);
    }

    fn end_member(&mut self, end: usize) {
        self.close(end);
        let chain = std::mem::take(&mut self.chain);
        if !chain.is_empty() {
            self.is_cut |= !push_capped(&mut self.children, chain, CAUSES_MAX);
        }
    }

    fn finish(mut self) -> Stack<'a> {
        let end = self.text.len();
        let chain = match (self.outer.take(), self.aggregate.take()) {
            (Some((chain, _)), _) => {
                self.end_member(end);
                chain
            }
            // What follows the list are the aggregate's other properties, a cause perhaps.
            (None, Some(chain)) => chain,
            (None, None) => {
                self.close(end);
                self.chain
            }
        };
        Stack { chain, children: self.children, is_cut: self.is_cut }
    }
}

/// `at [async ][new ]function [as alias] (place)`, `at place`.
fn frame(line: &str) -> Option<RawFrame<'_>> {
    let call = line.trim_ascii_start().strip_prefix("at ")?;
    // Node's inspector closes a list or opens an object on the line of the last frame.
    let call = call.trim_ascii_end();
    let call = call.strip_suffix('{').map_or(call, str::trim_ascii_end);
    let call = call.strip_suffix(',').unwrap_or(call);
    let call = call.strip_prefix("async ").unwrap_or(call);
    let is_open = |at: &usize| at.checked_sub(1).and_then(|blank| byte(call, blank)) == Some(b' ');
    let open = call
        .ends_with(')')
        .then(|| memchr::memchr_iter(b'(', call.as_bytes()).find(is_open))
        .flatten()
        .map(|at| at - 1);
    let (function, place) = match open {
        Some(open) => (before(call, open), between(call, open + 2, call.len() - 1)),
        None => ("", call),
    };
    let (file, line, col) = position(place)?;
    Some(RawFrame { function: function.trim_ascii(), file, line, col, ..RawFrame::default() })
}

/// File, line and column. Code from `eval` has the place of that call; built-ins have a name instead of a place.
fn position(place: &str) -> Option<(&str, Option<u32>, Option<u32>)> {
    if let Some(evaluated) = place.strip_prefix("eval at ") {
        let inner = rsplit_at(evaluated, " (").map_or(evaluated, |(_, inner)| inner);
        let inner = inner.split_once(')').map_or(inner, |(inner, _)| inner);
        return Some(numbered(inner).unwrap_or((inner, None, None)));
    }
    if place == "native" || place == "<anonymous>" || place.starts_with("index ") {
        return Some((place, None, None));
    }
    let (file, line, col) = numbered(place.strip_prefix("address at ").unwrap_or(place))?;
    // A line alone is what other languages print, and a file without letters is a time of day.
    let is_file = file.contains(|c: char| c.is_alphabetic()) && extension(file) != "rs";
    (col.is_some() && is_file).then_some((file, line, col))
}

/// What follows `[cause]: ` or `Caused by: `.
fn cause(content: &str) -> Option<&str> {
    let rest = content.strip_prefix("[cause]: ").or_else(|| content.strip_prefix("Caused by: "));
    rest.or_else(|| content.strip_prefix("caused by: "))
}

/// `  code: 'ECONNREFUSED',`, `}`: what the inspector prints of an error's other properties.
fn is_property(content: &str) -> bool {
    content.starts_with('}') || content.starts_with(']') || content.starts_with("... ")
}

/// The header without the source line that Node prints above it, and without blank lines. A line of marks below the
/// header is the message's own.
fn header_text(text: &str) -> &str {
    let is_mark = |line: &str| {
        !line.trim_ascii().is_empty()
            && line.bytes().all(|b| matches!(b, b' ' | b'\t' | b'^' | b'~'))
    };
    let mark = Lines::of(text).find(|(_, line)| is_mark(line));
    let mark = mark.filter(|_| split_header(text).0.is_empty());
    let text = mark.map_or(text, |(start, line)| after(text, start + line.len()));
    text.trim_ascii().trim_end_matches(['{', ',']).trim_ascii_end()
}

fn split_header(header: &str) -> (&str, &str) {
    let header = unbracketed(unmarked(uncaught(without_bridge(header))));
    // `TypeError [ERR_INVALID_ARG_TYPE]: …` names a code between the type and the message.
    let end_of_code = || {
        let (name, rest) = split_at(header, " [")?;
        let (_, message) = rest.split_once(']')?;
        let message = message.strip_prefix(':').or_else(|| message.is_empty().then_some(""))?;
        is_type(name).then_some((name, message.trim_ascii()))
    };
    split(header, is_type).or_else(end_of_code).unwrap_or(("", header))
}

/// The error that React Native gave to native code as a text:
/// `com.facebook.react.common.JavascriptException: TypeError: no, stack:`.
fn without_bridge(header: &str) -> &str {
    let marks = ["com.facebook.react.common.JavascriptException: ", "Unhandled JS Exception: "];
    let inner = marks.iter().find_map(|mark| split_at(header, mark));
    let inner = inner.map(|(_, error)| error.strip_suffix(", stack:").unwrap_or(error));
    inner.unwrap_or(header)
}

fn uncaught(header: &str) -> &str {
    let header = header.trim_ascii_start();
    // Deno writes `error: Uncaught (in promise) TypeError: …`.
    let header = header
        .strip_prefix("error: ")
        .filter(|rest| rest.starts_with("Uncaught "))
        .unwrap_or(header);
    let rest = header.strip_prefix("Uncaught ").unwrap_or(header);
    rest.strip_prefix("(in promise) ").unwrap_or(rest).trim_ascii_start()
}

/// The error that Angular's console marks, `ERROR TypeError: …`, or that its zones make one of their own of, which says
/// it twice: `Error: Uncaught (in promise): TypeError: …`.
fn unmarked(header: &str) -> &str {
    let mut rest = header;
    for mark in ["ERROR ", "Error: ERROR ", "Error: Uncaught (in promise): "] {
        let marked = rest.strip_prefix(mark);
        rest = marked.filter(|marked| split(marked, is_type).is_some()).unwrap_or(rest);
    }
    let half = rest.len() / 2;
    let is_twice = rest.len() < header.len()
        && byte(rest, half) == Some(b'\n')
        && before(rest, half) == after(rest, half + 1);
    if is_twice { before(rest, half) } else { rest }
}

/// An error without a stack stands in brackets: `[Error: no]`.
fn unbracketed(header: &str) -> &str {
    let inner = header
        .strip_prefix('[')
        .and_then(|inner| inner.trim_end_matches([',', ' ', '{']).strip_suffix(']'));
    inner.filter(|inner| find(inner, "Error").is_some()).unwrap_or(header)
}

fn is_type(name: &str) -> bool {
    let is_name = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$') || b >= 0x80);
    is_name && (has_error_suffix(name) || byte(name, 0).is_some_and(|b| b.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests;
