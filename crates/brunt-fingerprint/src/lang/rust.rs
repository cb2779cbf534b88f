//! Rust: panics, and errors with causes and a backtrace.

mod symbol;

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::chain::{Body, CAUSES_MAX, Exception, RawFrame, Stack, push_capped};
use crate::lang::{Lang, Language, Symbol};
use crate::text::{
    Lines, after, before, between, ends_with_ignore_case, extension, find, numbered, rsplit_at,
    split_at,
};

#[derive(Debug)]
pub(crate) struct Rust;

impl Language for Rust {
    fn lang(&self) -> Lang {
        Lang::Rust
    }

    fn names(&self) -> &'static [&'static str] {
        &["rust"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        b"0123456789t"
    }

    fn is_frame(&self, line: &str) -> bool {
        panic_place(line).is_some()
            || numbered_name(line).is_some_and(|name| {
                find(name, "::").is_some() && (name.starts_with('<') || !name.contains(' '))
            })
    }

    fn frame<'a>(&self, line: &'a str, below: &'a str) -> Option<RawFrame<'a>> {
        if let Some(function) = numbered_name(line) {
            let next = Lines::of(below).next().map_or("", |(_, line)| line.trim_ascii());
            let place = next.strip_prefix("at ").and_then(numbered);
            let (file, line, col) = place.unwrap_or(("", None, None));
            return Some(RawFrame { function, file, line, col, ..RawFrame::default() });
        }
        let (file, line, col) = panic_place(line).or_else(|| lone_place(line))?;
        Some(RawFrame { file, line, col, ..RawFrame::default() })
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        parse(text)
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        symbol::is_library(frame)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        symbol::fold(frame)
    }
}

/// Causes are printed below the error and have no frames of their own: the backtrace is the root's.
fn parse(text: &str) -> Stack<'_> {
    static PANICKED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("panicked at "));
    let panicked = |from: usize| {
        let at = PANICKED.find(after(text, from).as_bytes())?;
        let line_end = memchr::memrchr(b'\n', before(text, from + at).as_bytes());
        let line = line_end.map_or(0, |line_end| line_end + 1);
        Some((line, from + at))
    };
    let panic = panicked(0);
    let start_of = |is_wanted: fn(&str) -> bool, from: usize| {
        let mut lines = Lines::of(after(text, from));
        lines.find(|(_, line)| is_wanted(line)).map(|(start, _)| from + start)
    };
    let mark = start_of(is_backtrace, 0);
    let is_frame: fn(&str) -> bool = |line| numbered_name(line).is_some() && Rust.is_frame(line);
    let backtrace = start_of(is_frame, mark.unwrap_or(0));
    let body_start = backtrace
        .or(panic.map(|(line, _)| line))
        .or_else(|| start_of(|line| lone_place(line).is_some(), 0));
    // A second panic, while the first is handled or in another thread, is another error.
    let first_end = panic.map_or(0, |(_, at)| at + 1).max(body_start.unwrap_or(0));
    let end = panicked(first_end).map_or(text.len(), |(line, _)| line);
    let body = Body::of(body_start.map_or("", |start| between(text, start, end)));
    let header_end = mark.or(backtrace).unwrap_or(end);
    let mut stack = Stack::default();
    if let Some((start, _)) = panic {
        let message = panic_message(between(text, start, header_end.max(start)));
        let exception = Exception {
            type_name: "panic",
            message: Cow::Borrowed(message),
            body,
            ..Exception::default()
        };
        stack.chain.push(exception);
        return stack;
    }
    for (type_name, message) in causes(before(text, header_end)) {
        let exception =
            Exception { type_name, message: Cow::Borrowed(message), ..Exception::default() };
        stack.is_cut |= !push_capped(&mut stack.chain, exception, CAUSES_MAX);
    }
    match stack.chain.last_mut() {
        Some(root) => root.body = body,
        None => stack.chain.push(Exception { body, ..Exception::default() }),
    }
    stack
}

fn is_backtrace(line: &str) -> bool {
    ends_with_ignore_case(line.trim_ascii_end(), "stack backtrace:")
}

/// The text behind the place, or in quotes before it as older compilers print it.
fn panic_message(header: &str) -> &str {
    let (line, rest) = header.split_once('\n').unwrap_or((header, ""));
    let said = split_at(line, "panicked at ").map_or(line, |(_, said)| said);
    if let Some((message, _)) = said.strip_prefix('\'').and_then(|said| rsplit_at(said, "', ")) {
        return message;
    }
    let ends = ["\nnote: ", "\nstack backtrace:", "\nStack backtrace:"];
    let end = ends.iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
    let is_only_note = rest.starts_with("note: ") || rest.starts_with("stack backtrace:");
    if is_only_note { "" } else { before(rest, end).trim_ascii() }
}

/// `Error: message` and what stands below `Caused by:`, numbered or not.
fn causes(header: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut is_below = false;
    let mut n_seen = 0;
    Lines::of(header).filter_map(move |(_, line)| {
        let words = line.trim_ascii();
        if words == "Caused by:" {
            is_below = true;
            return None;
        }
        let is_mark = words.is_empty()
            || words == "Location:"
            || ends_with_ignore_case(words, "backtrace:")
            || lone_place(line).is_some();
        if is_mark || (!is_below && n_seen > 0) {
            return None;
        }
        n_seen += 1;
        let digits = words.bytes().take_while(u8::is_ascii_digit).count();
        let cause = after(words, digits).strip_prefix(": ").filter(|_| digits > 0);
        match words.strip_prefix("Error: ").filter(|_| !is_below) {
            Some(message) => Some(("Error", message)),
            None => Some(("", cause.unwrap_or(words))),
        }
    })
}

/// `12: shop::cart::total`, with or without an address before the name.
fn numbered_name(line: &str) -> Option<&str> {
    let line = line.trim_ascii();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let name = after(line, digits).strip_prefix(": ").filter(|_| (1..=4).contains(&digits))?;
    let name = name.trim_ascii_start();
    let name = match name.strip_prefix("0x").and_then(|rest| split_at(rest, " - ")) {
        Some((_, name)) => name,
        None => name,
    };
    let is_path = name.starts_with('<') || find(name, "::").is_some() || !name.contains(' ');
    (is_path && !name.is_empty()).then_some(name)
}

/// `thread 'main' panicked at src/main.rs:2:5:`, and the older `panicked at 'message', src/main.rs:2:5`.
fn panic_place(line: &str) -> Option<(&str, Option<u32>, Option<u32>)> {
    let (_, said) = split_at(line.trim_ascii_start().strip_prefix("thread '")?, "panicked at ")?;
    let place = rsplit_at(said, "', ").map_or(said, |(_, place)| place);
    source(numbered(place.trim_ascii_end().trim_end_matches(':'))?)
}

/// `src/main.rs:12:5`, alone on its line.
fn lone_place(line: &str) -> Option<(&str, Option<u32>, Option<u32>)> {
    source(numbered(line.trim_ascii())?).filter(|(file, ..)| !file.contains(' '))
}

fn source(place: (&str, Option<u32>, Option<u32>)) -> Option<(&str, Option<u32>, Option<u32>)> {
    Some(place).filter(|(file, line, _)| extension(file) == "rs" && line.is_some())
}

#[cfg(test)]
mod tests;
