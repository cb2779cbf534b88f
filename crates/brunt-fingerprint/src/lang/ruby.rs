//! Ruby: `file:line:in 'method'`, with the first frame in the header, in either order.

use std::borrow::Cow;

use crate::chain::{Body, CAUSES_MAX, Exception, Order, RawFrame, Stack, push_capped};
use crate::header::has_error_suffix;
use crate::lang::{Lang, Language, Naming, Symbol};
use crate::text::{
    Lines, after, basename, before, between, byte, find, path_parts, rsplit_byte, split_at,
};

#[derive(Debug)]
pub(crate) struct Ruby;

impl Language for Ruby {
    fn lang(&self) -> Lang {
        Lang::Ruby
    }

    fn names(&self) -> &'static [&'static str] {
        &["ruby", "rails", "jruby"]
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        frame(line).map(|(frame, _)| frame)
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let mut parser = Parser { text, ..Parser::default() };
        for (start, line) in Lines::of(text) {
            parser.line(start, line);
        }
        parser.close(text.len());
        Stack { chain: parser.chain, children: Vec::new(), is_cut: parser.is_cut }
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        is_library_path(frame.file)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        let function = fold(frame.function);
        let naming = if function.is_empty() { Naming::Anonymous } else { Naming::Named };
        Symbol { module: Cow::Borrowed(module(frame.file)), function, naming }
    }
}

#[derive(Debug, Default)]
struct Parser<'a> {
    text: &'a str,
    /// Where the text of the current exception starts.
    start: usize,
    /// Where its first frame starts.
    body: Option<usize>,
    /// Where its message starts and the line with it ends.
    header: Option<(usize, usize)>,
    order: Order,
    chain: Vec<Exception<'a>>,
    is_cut: bool,
}

impl<'a> Parser<'a> {
    fn line(&mut self, start: usize, line: &'a str) {
        let is_inner = line.starts_with("\tfrom ") && self.body.is_some();
        if is_inner && self.order == Order::InnermostFirst {
            return;
        }
        if line.trim_ascii().starts_with("Traceback (most recent call last)") {
            // The header, and with it the innermost frame, comes last.
            self.order = Order::InnermostLast;
            self.start = start + line.len() + 1;
            return;
        }
        let Some((_, message)) = frame(line) else { return };
        if message.is_empty() {
            self.body.get_or_insert(start);
            return;
        }
        let header = (start + line.len() - message.len(), start + line.len());
        if self.order == Order::InnermostLast {
            self.body.get_or_insert(start);
            self.header = Some(header);
            self.close(start + line.len());
            self.start = start + line.len();
        } else {
            self.close(start);
            self.start = start;
            self.body = Some(start);
            self.header = Some(header);
        }
    }

    fn close(&mut self, end: usize) {
        let body = self.body.take();
        let text = body.map_or("", |start| between(self.text, start, end));
        let (type_name, message) = match self.header.take() {
            Some((start, line_end)) => type_behind(between(self.text, start, line_end)),
            None => type_before(between(self.text, self.start, body.unwrap_or(end)).trim_ascii()),
        };
        if type_name.is_empty() && message.is_empty() && text.is_empty() {
            return;
        }
        let body = Body { order: self.order, ..Body::of(text) };
        let exception =
            Exception { type_name, message: Cow::Borrowed(message), body, ..Exception::default() };
        self.is_cut |= !push_capped(&mut self.chain, exception, CAUSES_MAX);
    }
}

/// `[12: ][from ]path:12:in 'name'` and what follows `: ` behind it.
fn frame(line: &str) -> Option<(RawFrame<'_>, &str)> {
    memchr::memchr(b'\'', line.as_bytes())?;
    let line = line.trim_ascii();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let line = after(line, digits).strip_prefix(": ").filter(|_| digits > 0).unwrap_or(line);
    let line = line.strip_prefix("from ").unwrap_or(line);
    let quoted = |at: &usize| {
        let behind = byte(line, at + 4);
        behind == Some(b'`') || behind == Some(b'\'')
    };
    let is_mark = |at: &usize| after(line, *at).starts_with(":in ") && quoted(at);
    let at = memchr::memchr_iter(b':', line.as_bytes()).find(is_mark)?;
    let (file, number) = rsplit_byte(before(line, at), b':')?;
    let name = after(line, at + 5);
    let close = find(name, "': ").or_else(|| memchr::memrchr(b'\'', name.as_bytes()))?;
    let is_file = !file.is_empty()
        && !file.starts_with(['"', '\'', '{'])
        && (!file.contains(' ') || file.starts_with(['/', '<', '(']))
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit());
    let frame = RawFrame {
        function: before(name, close),
        file,
        line: number.parse().ok(),
        ..RawFrame::default()
    };
    is_file.then(|| (frame, after(name, close + 1).strip_prefix(": ").unwrap_or("")))
}

/// `message (Type)`.
fn type_behind(header: &str) -> (&str, &str) {
    let header = header.trim_ascii();
    let found = header.strip_suffix(')').and_then(|header| rsplit_byte(header, b'('));
    match found.filter(|(_, name)| is_type(name)) {
        Some((message, name)) => (name, message.trim_ascii_end()),
        // `unhandled exception` stands for an error without a message.
        None => ("", header),
    }
}

/// `Type: message`, `Type (message):` and `message (Type)`, on whatever line.
fn type_before(header: &str) -> (&str, &str) {
    let in_brackets = |line: &'_ str| {
        let line = line.trim_ascii().trim_end_matches(':');
        line.strip_suffix(')')
            .and_then(|line| split_at(line, " ("))
            .is_some_and(|(name, _)| is_type(name))
    };
    for (start, line) in Lines::of(header) {
        if let Some(found) = typed(after(header, start).trim_ascii_start()) {
            return found;
        }
        if in_brackets(line) {
            let line = line.trim_ascii().trim_end_matches(':').trim_end_matches(')');
            return split_at(line, " (").unwrap_or(("", line));
        }
    }
    type_behind(header)
}

/// `Shop::Missing: message`, where colons of the name have no blank behind them.
fn typed(line: &str) -> Option<(&str, &str)> {
    let (name, message) = split_at(line, ": ")?;
    let is_error = is_type(name) && (has_error_suffix(name) || find(name, "::").is_some());
    is_error.then(|| (name, message.trim_ascii()))
}

fn is_type(name: &str) -> bool {
    byte(name, 0).is_some_and(|b| b.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_') || b >= 0x80)
        && !name.ends_with(':')
}

/// The method without blocks around it and, as rubies before 3.4 print it, without its class.
fn fold(name: &str) -> &str {
    let mut name = name;
    while let Some((head, inner)) = split_at(name, " in ") {
        let is_part =
            ["block", "rescue", "ensure", "synchronized"].iter().any(|part| head.starts_with(part));
        if !is_part {
            break;
        }
        name = inner;
    }
    let name = name.rsplit_once(['#', '.']).map_or(name, |(_, name)| name);
    // Templates are methods with a hash in their names; the file says which.
    let is_generated =
        name.starts_with('<') || name.starts_with("block") || name.starts_with("_app_views");
    if is_generated { "" } else { name }
}

/// The file without folders and extensions.
fn module(path: &str) -> &str {
    let name = basename(path);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// Gems, the standard library, code of the interpreter, and scripts that start a program.
fn is_library_path(path: &str) -> bool {
    path.starts_with("<internal:")
        || path.starts_with("(eval")
        || path_parts(path).any(|(folder, part)| {
            matches!(part, "gems" | "rubygems" | "bundler" | ".rbenv" | ".rvm")
                || matches!((folder, part), ("lib", "ruby") | ("vendor", "bundle"))
                || (folder == "bin" && !part.contains('.'))
        })
}

#[cfg(test)]
mod tests;
