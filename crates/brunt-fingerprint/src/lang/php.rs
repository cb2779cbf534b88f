//! PHP: numbered frames, of which each names the place of a call and the function that was called there.

use std::borrow::Cow;

use crate::chain::{Body, CAUSES_MAX, Exception, RawFrame, Stack, push_capped};
use crate::header::{has_error_suffix, split};
use crate::lang::{Lang, Language, Naming, Symbol};
use crate::text::{
    Lines, after, basename, before, between, byte, find, last_part, line_at, path_parts, rfind,
    rsplit_at, split_at, split_byte,
};
use crate::words::Beginnings;

/// Beginnings of namespaces that are libraries.
static LIBRARIES: Beginnings<24> = Beginnings::new([
    "Amp\\",
    "Aws\\",
    "Cake\\",
    "Carbon\\",
    "Composer\\",
    "Doctrine\\",
    "Drupal\\Core\\",
    "Google\\",
    "GuzzleHttp\\",
    "Illuminate\\",
    "Laminas\\",
    "Laravel\\",
    "League\\",
    "Monolog\\",
    "Nette\\",
    "PHPUnit\\",
    "Psr\\",
    "React\\",
    "Sentry\\",
    "Slim\\",
    "Symfony\\",
    "Twig\\",
    "Yiisoft\\",
    "yii\\",
]);

/// What the interpreter calls what it reports by itself, and what that is called as a type.
const REPORTS: [(&str, &str); 9] = [
    ("Warning", "Warning"),
    ("Notice", "Notice"),
    ("Deprecated", "Deprecated"),
    ("Fatal error", "FatalError"),
    ("Parse error", "ParseError"),
    ("Recoverable fatal error", "RecoverableFatalError"),
    ("Catchable fatal error", "RecoverableFatalError"),
    ("Strict Standards", "StrictStandards"),
    ("Strict standards", "StrictStandards"),
];

/// What stands for a place in code of the interpreter.
const INTERNAL: &str = "[internal function]";

#[derive(Debug)]
pub(crate) struct Php;

impl Language for Php {
    fn lang(&self) -> Lang {
        Lang::Php
    }

    fn names(&self) -> &'static [&'static str] {
        &["php", "laravel", "symfony"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        // A number, or a report with and without time and `PHP`.
        b"#[PWNDFRCS"
    }

    fn is_frame(&self, line: &str) -> bool {
        call(line).is_some() || reported(line).is_some()
    }

    /// A line's place lies in the function that the line below names; the line above the first frame has the place
    /// where the exception was made.
    fn frame<'a>(&self, line: &'a str, below: &'a str) -> Option<RawFrame<'a>> {
        // A line of something else may stand between.
        let inner = Lines::of(below).map(|(_, line)| line).filter(|line| !is_heading(line));
        let next = inner.take(2).find_map(call);
        if let Some(Call { file, line, .. }) = call(line) {
            let function = next.map_or("", |call| call.function);
            return Some(RawFrame { function, file, line, ..RawFrame::default() });
        }
        let (_, file, number) = thrown(line)?;
        let Some(next) = next.filter(|call| call.number == 0) else {
            return reported(line).map(|_| RawFrame { file, line: number, ..RawFrame::default() });
        };
        // A function of the interpreter has no place of its own, and what it throws is put to its caller's.
        let is_internal = (next.file, next.line) == (file, number);
        let file = if is_internal { INTERNAL } else { file };
        Some(RawFrame { function: next.function, file, line: number, ..RawFrame::default() })
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let mut parser = Parser { text, ..Parser::default() };
        for (start, line) in Lines::of(text) {
            parser.line(start, line);
        }
        parser.close(text.len());
        if parser.is_root_first {
            parser.chain.reverse();
        }
        Stack { chain: parser.chain, children: Vec::new(), is_cut: parser.is_cut }
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        let is_library = |(_, part): (&str, &str)| {
            matches!(part, "vendor" | "wp-includes" | "wp-admin" | "phar:")
        };
        frame.file == INTERNAL
            || LIBRARIES.begin(frame.function)
            || path_parts(frame.file).any(is_library)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        fold(frame)
    }

    fn fold_type<'a>(&self, name: &'a str) -> &'a str {
        name.trim_start_matches('\\')
    }
}

#[derive(Debug, Default)]
struct Parser<'a> {
    text: &'a str,
    /// Where the header of the current exception starts.
    start: usize,
    /// Where the line starts that says where it was made.
    place: Option<usize>,
    /// Where its first frame starts.
    body: Option<usize>,
    is_root_first: bool,
    chain: Vec<Exception<'a>>,
    is_cut: bool,
}

impl<'a> Parser<'a> {
    fn line(&mut self, start: usize, line: &'a str) {
        let content = line.trim_ascii_start();
        if content.starts_with('#') && (self.body.is_some() || call(content).is_some()) {
            self.body.get_or_insert(start);
        } else if self.body.is_some() {
            let is_next = content.starts_with("Next ");
            if is_next || content.starts_with("[previous exception]") {
                self.is_root_first |= is_next;
                self.close(start);
                self.start = start;
                self.note_place(start, line);
            }
        } else {
            self.note_place(start, line);
        }
    }

    fn note_place(&mut self, start: usize, line: &str) {
        if thrown(line).is_some() {
            self.place = Some(start);
        }
    }

    fn close(&mut self, end: usize) {
        let (place, body) = (self.place.take(), self.body.take());
        let header = between(self.text, self.start, body.or(place.map(|_| end)).unwrap_or(end));
        let line = place.filter(|_| body.is_none()).and_then(|place| line_at(self.text, place));
        let report = line.and_then(|(_, line)| reported(line));
        let (type_name, message) = report.unwrap_or_else(|| split_header(header));
        let text = place.or(body).map_or("", |start| between(self.text, start, end));
        if type_name.is_empty() && message.is_empty() && text.is_empty() {
            return;
        }
        let body = Body::of(text);
        let exception =
            Exception { type_name, message: Cow::Borrowed(message), body, ..Exception::default() };
        self.is_cut |= !push_capped(&mut self.chain, exception, CAUSES_MAX);
    }
}

/// The type and the message, without marks of loggers before them and the place behind them.
fn split_header(header: &str) -> (&str, &str) {
    let header = header.trim_ascii();
    let text = split_at(header, "Uncaught ")
        .map_or_else(|| header.strip_prefix("Next ").unwrap_or(header), |(_, text)| text);
    // Monolog: `[object] (Type(code: 0): message at /srv/cart.php:12)`.
    let logged = split_at(text, "[object] (").and_then(|(_, text)| {
        let (name, rest) = split_at(text, "(code: ")?;
        let (_, message) = split_at(rest, "): ")?;
        is_type(name).then(|| (name, without_place(message)))
    });
    // PHP 5: `exception 'Type' with message 'text' in /srv/cart.php:12`.
    let old = || {
        let (name, rest) = split_at(text, "exception '")?.1.split_once('\'')?;
        let message = rest.strip_prefix(" with message '").map_or("", without_place);
        is_type(name).then(|| (name, message.strip_suffix('\'').unwrap_or(message)))
    };
    let named = || {
        Lines::of(text).find_map(|(start, _)| {
            let is_error = |name: &str| is_type(name) && has_error_suffix(name);
            let line = after(text, start);
            split(line, is_error).map(|(name, message)| (name, without_place(message)))
        })
    };
    let bare = || split(text, is_type).map(|(name, message)| (name, without_place(message)));
    logged.or_else(old).or_else(named).or_else(bare).unwrap_or_else(|| ("", without_place(text)))
}

/// A message up to the place where its exception was made.
fn without_place(message: &str) -> &str {
    let mut end = message.len();
    for (start, line) in Lines::of(message) {
        if is_heading(line) {
            end = end.min(start);
        } else if let Some((words, ..)) = thrown(line) {
            end = end.min(start + words.len());
        }
    }
    before(message, end).trim_ascii_end()
}

fn is_type(name: &str) -> bool {
    byte(name, 0).is_some_and(|b| b.is_ascii_alphabetic() || b == b'\\')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'\\' | b'_') || b >= 0x80)
}

fn is_heading(line: &str) -> bool {
    matches!(line.trim_ascii(), "Stack trace:" | "[stacktrace]" | "PHP Stack trace:")
}

/// Words, file and line of `words in /srv/cart.php:12`, `words in /srv/cart.php on line 12`, `words at … :12)`.
fn thrown(line: &str) -> Option<(&str, &str, Option<u32>)> {
    let line = line.trim_ascii_end().trim_end_matches([')', '"']);
    let digits = line.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, digits) = line.split_at_checked(line.len() - digits)?;
    let number = digits.parse().ok()?;
    let place = head.strip_suffix(':').or_else(|| head.strip_suffix(" on line "))?;
    let dot = rfind(place, ".ph")?;
    let (words, file) = match rfind(place, " in ").max(rfind(place, " at ")) {
        Some(at) if at < dot => (before(place, at), after(place, at + 4)),
        _ => return None,
    };
    Some((words, file, Some(number)))
}

/// Type and message of what the interpreter reports in one line: `PHP Warning:  no key in /srv/cart.php on line 12`,
/// with the time before it in a log, and without `PHP` on a page.
pub(crate) fn reported(line: &str) -> Option<(&'static str, &str)> {
    let line = line.trim_ascii();
    byte(line, line.len().checked_sub(1)?).filter(u8::is_ascii_digit)?;
    let (words, ..) =
        thrown(line).filter(|(words, ..)| after(line, words.len()).contains(" on line "))?;
    let logged = words.strip_prefix('[').and_then(|words| split_at(words, "] "));
    let words = logged.map_or(words, |(_, words)| words);
    let (kind, message) = split_byte(words.strip_prefix("PHP ").unwrap_or(words), b':')?;
    let (_, type_name) = REPORTS.iter().find(|(name, _)| *name == kind)?;
    Some((type_name, message.trim_ascii()))
}

/// A numbered line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Call<'a> {
    number: u32,
    file: &'a str,
    line: Option<u32>,
    function: &'a str,
}

/// `#0 /srv/cart.php(12): Cart->total('…')`, `#1 [internal function]: …`, `#2 {main}`.
fn call(line: &str) -> Option<Call<'_>> {
    let (number, rest) = line.trim_ascii().strip_prefix('#')?.split_once(' ')?;
    let number = number.parse().ok()?;
    let rest = rest.trim_ascii_start();
    if rest == "{main}" {
        return Some(Call { number, file: INTERNAL, line: None, function: rest });
    }
    let (file, line, call) = if let Some(call) = rest.strip_prefix(INTERNAL) {
        (INTERNAL, None, call.strip_prefix(": ")?)
    } else {
        let close = find(rest, "): ")?;
        let (file, digits) = before(rest, close).rsplit_once('(')?;
        (file, Some(digits.parse().ok()?), after(rest, close + 3))
    };
    // `{closure:Cart::total():12}` has brackets of its own.
    let open = match find(call, "{closure:") {
        Some(start) => call.find('}').filter(|end| *end > start).unwrap_or(call.len()),
        None => call.find('(').unwrap_or(call.len()),
    };
    Some(Call { number, file, line, function: before(call, open) })
}

/// Class and method; of a plain function the file is the module.
fn fold<'a>(frame: &RawFrame<'a>) -> Symbol<'a> {
    let name = frame.function;
    let file = basename(frame.file);
    let stem = file.split('.').next().unwrap_or(file);
    // Since 8.4 a closure says in which function it was written.
    let name = match split_at(name, "{closure:") {
        Some((_, owner)) => owner.split(['(', '}']).next().unwrap_or(owner),
        None => name,
    };
    let (class, method) = match rsplit_at(name, "->").or_else(|| rsplit_at(name, "::")) {
        Some((class, method)) => (class.split(['@', '\0']).next().unwrap_or(class), method),
        None => ("", name),
    };
    let method = last_part(method, |b| b == b'\\');
    let is_script =
        matches!(method, "" | "{main}" | "require" | "require_once" | "include" | "include_once");
    let is_anonymous = is_script || method.starts_with("{closure");
    let module = if class.is_empty() || class == "class" { stem } else { class };
    let naming = if is_anonymous { Naming::Anonymous } else { Naming::Named };
    Symbol {
        module: Cow::Borrowed(module),
        function: if is_anonymous { "" } else { method },
        naming,
    }
}

#[cfg(test)]
mod tests;
