//! Java, Kotlin, Scala, Groovy, Clojure and Android: everything on a JVM prints alike.

mod libraries;
mod obfuscated;
mod symbol;

use std::borrow::Cow;

use crate::chain::{Body, CAUSES_MAX, Exception, RawFrame, Stack, push_capped};
use crate::header::{has_error_suffix, split};
use crate::lang::{Lang, Language, Symbol};
use crate::text::{
    Lines, after, before, between, byte, cap, digits_at_end, has_any, has_only, indent, last_lines,
    last_part, line_at, line_with_colon, rsplit_byte, split_at,
};

/// Lines at the end of an exception among which it says how many frames it has left out; others may be a logger's.
const LINES_AFTER_FRAMES: usize = 4;

/// What stands before the quoted name of another thread that threw.
const OTHER_THREAD: &str = "\nException in thread ";

#[derive(Debug)]
pub(crate) struct Java;

impl Language for Java {
    fn lang(&self) -> Lang {
        Lang::Java
    }

    fn names(&self) -> &'static [&'static str] {
        &["java", "jvm", "kotlin", "scala", "groovy", "clojure", "android"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        b"a"
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        frame(line)
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let mut parser = Parser { text, ..Parser::default() };
        let mut next = parser.next_line(0);
        while let Some((start, line)) = next {
            parser.line(start, line);
            next = parser.next_line(start + line.len() + 1);
        }
        parser.finish()
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        libraries::holds(frame.module)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        let symbol = symbol::fold(frame.module, frame.function);
        if obfuscated::is_hidden(frame) { obfuscated::without_short(symbol) } else { symbol }
    }
}

/// The exception whose lines are being read.
#[derive(Debug, Default)]
struct Open {
    /// Where its header starts, and where it ends once a frame or another exception was seen.
    header: (usize, Option<usize>),
    /// Where its frames end, if a suppressed exception follows them.
    body_end: Option<usize>,
    /// A cause names its type first; the outermost exception may come after other text.
    is_cause: bool,
}

#[derive(Debug, Default)]
struct Parser<'a> {
    text: &'a str,
    open: Open,
    done: Vec<Exception<'a>>,
    /// Printed with the root first.
    is_root_first: bool,
    /// Indent of the suppressed exception that is being passed over.
    suppressed: Option<usize>,
    is_cut: bool,
}

impl<'a> Parser<'a> {
    /// The next line that may be a header. Once frames have begun, every such line has a colon.
    fn next_line(&self, start: usize) -> Option<(usize, &'a str)> {
        if self.open.header.1.is_some() {
            line_with_colon(self.text, start)
        } else {
            line_at(self.text, start)
        }
    }

    fn line(&mut self, start: usize, line: &'a str) {
        let indent = indent(line);
        let content = after(line, indent);
        if let Some(rest) = content.strip_prefix("Caused by: ") {
            // A cause that is indented belongs to the suppressed exception above it.
            if self.suppressed.is_none_or(|deep| deep == 0 || indent < deep) {
                self.begin(start, line.len() - rest.len());
            }
        } else if let Some(rest) = content.strip_prefix("Wrapped by: ") {
            self.is_root_first = true;
            self.begin(start, line.len() - rest.len());
        } else if content.starts_with("Suppressed: ") {
            self.open.header.1.get_or_insert(start);
            self.open.body_end.get_or_insert(start);
            self.suppressed.get_or_insert(indent);
        } else if self.open.header.1.is_none() && (frame(content).is_some() || elided(content) > 0)
        {
            self.open.header.1 = Some(start);
            if self.done.is_empty() {
                self.end_with_thread(start);
            }
        }
    }

    /// The exception of another thread is another error.
    fn end_with_thread(&mut self, start: usize) {
        let rest = after(self.text, start);
        // Frames have no quotes, and one byte is found sooner than a text.
        let mut quotes = memchr::memchr_iter(b'"', rest.as_bytes());
        let other = quotes.find_map(|quote| before(rest, quote).strip_suffix(OTHER_THREAD));
        if let Some(own) = other {
            self.text = before(self.text, start + own.len() + 1);
        }
    }

    fn begin(&mut self, start: usize, header_offset: usize) {
        self.suppressed = None;
        self.close(start);
        self.open =
            Open { header: (start + header_offset, None), is_cause: true, ..Open::default() };
    }

    fn close(&mut self, end: usize) {
        let open = std::mem::take(&mut self.open);
        let header_end = open.header.1.unwrap_or(end);
        let header = between(self.text, open.header.0, header_end).trim_ascii_end();
        let body = between(self.text, header_end, open.body_end.unwrap_or(end));
        if header.is_empty() && body.is_empty() || header.starts_with("[CIRCULAR REFERENCE") {
            return;
        }
        let (type_name, message) =
            if open.is_cause { cause_header(header) } else { first_header(header) };
        // Printed with the root first, what was left out is the cause's, which is no caller of this one.
        let last_lines = last_lines(body).take(LINES_AFTER_FRAMES).filter(|_| !self.is_root_first);
        let n_elided = last_lines.map(|line| elided(line.trim_ascii_start())).max().unwrap_or(0);
        let exception = Exception {
            type_name,
            message: Cow::Borrowed(message),
            body: Body { n_elided, ..Body::of(body) },
            ..Exception::default()
        };
        self.is_cut |= !push_capped(&mut self.done, exception, CAUSES_MAX);
    }

    fn finish(mut self) -> Stack<'a> {
        self.close(self.text.len());
        if self.is_root_first {
            self.done.reverse();
        }
        Stack { chain: self.done, children: Vec::new(), is_cut: self.is_cut }
    }
}

/// `at [loader//][module@version/]class.function(place)` and whatever a logger puts behind it.
fn frame(line: &str) -> Option<RawFrame<'_>> {
    let call = line.trim_ascii_start().strip_prefix("at ")?;
    let open = memchr::memchr(b'(', call.as_bytes())?;
    let close = open + memchr::memchr(b')', after(call, open).as_bytes())?;
    let (file, line) = place(between(call, open + 1, close))?;
    let qualified = before(call, open);
    let (class, function) = rsplit_byte(qualified, b'.')?;
    if function.is_empty() || function.ends_with(' ') {
        return None;
    }
    let module = symbol::without_loader(class);
    let is_class = !module.is_empty()
        && !has_any(module, |b| matches!(b, b' ' | 9 | 10 | 12 | 13 | b'(' | b':' | b'"'));
    is_class.then_some(RawFrame { module, function, file, line, ..RawFrame::default() })
}

/// `File.java:12`, `File.kt`, `Native Method`, `Unknown Source:7`, `<generated>`. Arguments of another language's
/// frame are none of these, and neither is a place with a column.
fn place(text: &str) -> Option<(&str, Option<u32>)> {
    let (head, digits) = digits_at_end(text);
    let (name, line) = match head.strip_suffix(':').filter(|_| !digits.is_empty()) {
        Some(name) => (name, digits.parse().ok()),
        None => (text, None),
    };
    let is_file = !name.is_empty()
        && !has_any(name, |b| matches!(b, b' ' | b',' | b':' | b'/' | b'\\' | b'<'))
        && (line.is_some() || name.contains('.'));
    let is_known = || {
        matches!(
            name,
            "Native Method" | "Unknown Source" | "SourceFile" | "<generated>" | "Unknown"
        )
    };
    (is_file || is_known()).then_some((name, line))
}

/// 12 of `... 12 more`, and of Logback's `... 12 common frames omitted`; 0 of other lines.
fn elided(content: &str) -> usize {
    let count = || {
        let (count, rest) = content.strip_prefix("... ")?.split_once(' ')?;
        let is_known = rest.starts_with("more") || rest.starts_with("common frames");
        count.parse().ok().filter(|_| is_known)
    };
    count().unwrap_or(0)
}

fn cause_header(header: &str) -> (&str, &str) {
    split(header, |name| !name.is_empty()).unwrap_or(("", header))
}

/// The type may stand below other lines, and if no line begins with one, behind a thread's name or a log line.
fn first_header(header: &str) -> (&str, &str) {
    let lines = || Lines::of(header).map(|(start, line)| (start + indent(line), line));
    let at_start = || lines().find_map(|(start, _)| split(after(header, start), is_type));
    let inside = || lines().find_map(|(start, line)| type_inside(header, start, line));
    thrown_in_thread(header).or_else(at_start).or_else(inside).unwrap_or(("", header.trim_ascii()))
}

/// What stands behind `Exception in thread "main" ` begins with a type, whatever its name.
fn thrown_in_thread(header: &str) -> Option<(&str, &str)> {
    let mark = "Exception in thread \"";
    let is_marked = |line: &str| line.trim_ascii_start().starts_with(mark);
    let (start, line) = Lines::of(header).find(|(_, line)| is_marked(line))?;
    let name = start + indent(line) + mark.len();
    let (_, thrown) = split_at(after(header, name), "\" ")?;
    split(thrown, |name| !name.is_empty())
}

/// The first word of a line that can only be an exception's type, with everything behind it.
fn type_inside<'a>(header: &'a str, start: usize, line: &str) -> Option<(&'a str, &'a str)> {
    let mut at = start;
    cap(line.trim_ascii_start(), 1024).split(' ').find_map(|word| {
        let found = split(after(header, at), is_error_type);
        at += word.len() + 1;
        found
    })
}

fn is_type(name: &str) -> bool {
    let is_name = has_only(name, |b| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'.' | b'_' | b'$' | b'/' | b'@' | b'-')
            || b >= 0x80
    });
    let last = last_part(name, |b| b == b'.');
    let is_class = byte(last, 0).is_some_and(|b| b.is_ascii_uppercase());
    let is_qualified = last.len() < name.len();
    let has_humps = last
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    is_name
        && byte(name, 0).is_some_and(|b| b.is_ascii_alphabetic() || b >= 0x80)
        && (is_class && (is_qualified || has_humps) || has_error_suffix(name))
}

fn is_error_type(name: &str) -> bool {
    is_type(name) && has_error_suffix(name) && name.contains('.')
}

#[cfg(test)]
mod tests;
