//! Go: panics with their goroutines, `debug.Stack`, what gin logs of a panic, and errors that carry a stack.

mod gin;
mod libraries;

use std::borrow::Cow;

use crate::chain::{Body, CAUSES_MAX, Exception, RawFrame, Stack, push_capped};
use crate::lang::{Lang, Language, Naming, Symbol};
use crate::text::{
    Lines, after, before, between, extension, find, has_any, rsplit_byte, split_byte, until,
    without_starts,
};

#[derive(Debug)]
pub(crate) struct Go;

impl Language for Go {
    fn lang(&self) -> Lang {
        Lang::Go
    }

    fn names(&self) -> &'static [&'static str] {
        &["go", "golang"]
    }

    fn is_frame(&self, line: &str) -> bool {
        place(line).is_some() || gin::place(line).is_some()
    }

    /// The function stands on one line and its place on the next.
    fn frame<'a>(&self, line: &'a str, below: &'a str) -> Option<RawFrame<'a>> {
        if let Some((file, line)) = gin::place(line) {
            let (module, function) = (gin::package(file), gin::function(below));
            return Some(RawFrame { module, function, file, line, ..RawFrame::default() });
        }
        let function = function(line)?;
        let mut next = Lines::of(below).map(|(_, line)| line);
        let first = next.next()?;
        // A line that another thread logged may stand between the two.
        let mut second = || next.next().filter(|_| self::function(first).is_none());
        let (file, number) = place(first).or_else(|| place(second()?))?;
        Some(RawFrame { function, file, line: number, ..RawFrame::default() })
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let mut parser = Parser { text, ..Parser::default() };
        for (start, line) in Lines::of(text) {
            if !parser.line(start, line) {
                return parser.finish(start);
            }
        }
        parser.finish(text.len())
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        match frame.module {
            "" => libraries::holds(package(frame.function), frame.file),
            package => gin::is_library(package, frame.file),
        }
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        match (frame.module, frame.function) {
            ("", function) => fold(function),
            (package, "") => {
                let module = gin::unnamed(package, frame.file);
                Symbol { module, function: "", naming: Naming::Anonymous }
            }
            (package, name) => fold_in(package, name, ""),
        }
    }

    /// A pointer to an error is that error.
    fn fold_type<'a>(&self, name: &'a str) -> &'a str {
        name.trim_start_matches(['*', '&'])
    }
}

/// The error whose lines are being read.
#[derive(Debug, Default)]
struct Open {
    header: usize,
    /// Where the first frame starts.
    body: Option<usize>,
    /// Where what a panic found on the stack starts: before it are deferred functions, or the runtime's own stack.
    panicked: Option<usize>,
    /// Whether the runtime's own stack is being read: that is where the runtime gave up, and not what it ran.
    is_runtime: bool,
}

#[derive(Debug, Default)]
struct Parser<'a> {
    text: &'a str,
    open: Open,
    /// Where the line above starts, and whether it was a place.
    above: (usize, bool),
    /// Whether a goroutine was named; then what is printed is one stack, and no chain of errors.
    is_goroutine: bool,
    /// Whether gin lists the frames; then what follows is no chain of errors either.
    is_listed: bool,
    /// Root first, as errors with a stack are printed.
    done: Vec<Exception<'a>>,
    is_cut: bool,
}

impl<'a> Parser<'a> {
    /// False where another goroutine begins.
    fn line(&mut self, start: usize, line: &'a str) -> bool {
        if self.is_goroutine && !line.starts_with(['g', 'p']) {
            return true;
        }
        if self.is_listed {
            return !gin::is_next(line);
        }
        if line.starts_with("goroutine ") && line.trim_ascii_end().ends_with(':') {
            let is_other = self.open.body.is_some() && self.is_goroutine;
            if std::mem::take(&mut self.open.is_runtime) {
                self.open.panicked = Some(start);
            }
            self.is_goroutine = true;
            self.open.body.get_or_insert(start);
            return !is_other;
        }
        if self.is_goroutine {
            if line.starts_with("panic(") {
                self.open.panicked = Some(start + line.len());
            }
            return true;
        }
        if line.starts_with("runtime stack:") {
            self.open.body.get_or_insert(start);
            self.open.is_runtime = true;
        }
        if self.open.is_runtime {
            return true;
        }
        if gin::place(line).is_some() {
            self.open.body.get_or_insert(start);
            self.is_listed = true;
            return true;
        }
        let is_place = place(line).is_some();
        let above = std::mem::replace(&mut self.above, (start, is_place));
        if is_place {
            self.open.body.get_or_insert(above.0);
        } else if self.open.body.is_some() && above.1 {
            // A line behind a place that no place follows begins the text of the error around this one.
            let next = Lines::of(after(self.text, start + line.len() + 1)).next();
            if !line.trim_ascii().is_empty() && next.is_none_or(|(_, next)| place(next).is_none()) {
                self.close(start);
                self.open.header = start;
            }
        }
        true
    }

    fn close(&mut self, end: usize) {
        let open = std::mem::take(&mut self.open);
        let header = between(self.text, open.header, open.body.unwrap_or(end));
        let start = open.panicked.or(open.body).unwrap_or(end);
        let (type_name, message) = split_header(header);
        let body = Body::of(between(self.text, start, end));
        if !header.trim_ascii().is_empty() || !body.text.is_empty() {
            let exception = Exception {
                type_name,
                message: Cow::Borrowed(message),
                body,
                ..Exception::default()
            };
            self.is_cut |= !push_capped(&mut self.done, exception, CAUSES_MAX);
        }
    }

    fn finish(mut self, end: usize) -> Stack<'a> {
        self.close(end);
        self.done.reverse();
        Stack { chain: self.done, children: Vec::new(), is_cut: self.is_cut }
    }
}

/// What the server of the standard library writes before whose request it was: `http: panic serving 10.0.0.7:51234: `.
const SERVING: &str = "http: panic serving ";

/// `panic: message [recovered]`, where panics of deferred functions come after the first; else the whole text.
fn split_header(header: &str) -> (&str, &str) {
    if let Some(message) = gin::message(header) {
        return ("panic", message);
    }
    let starts = ["panic: ", "fatal error: "];
    let found = Lines::of(header).find_map(|(start, line)| {
        if let Some(serving) = find(line, SERVING) {
            let address = serving + SERVING.len();
            return find(after(line, address), ": ").map(|len| start + address + len + 2);
        }
        let line_start = start + line.len() - line.trim_ascii_start().len();
        let mark = starts.iter().find(|mark| after(header, line_start).starts_with(**mark))?;
        Some(line_start + mark.len())
    });
    let Some(start) = found else { return ("", header.trim_ascii()) };
    let message = after(header, start);
    let ends = ["\n\tpanic: ", "\n\n", "\n[signal ", "\ngoroutine ", "\nruntime: "];
    let end = ends.iter().filter_map(|mark| find(message, mark)).min().unwrap_or(message.len());
    let message = before(message, end).trim_ascii_end();
    let marks = ["[recovered]", "[recovered, repanicked]"];
    let message = marks.iter().find_map(|mark| message.strip_suffix(mark)).unwrap_or(message);
    ("panic", message.trim_ascii_end())
}

/// `/srv/shop/cart.go:12 +0x1d`, `/srv/shop/cart.go:12 +0x1d fp=0xc02 sp=0xc01 pc=0x45`, alone on its line.
fn place(line: &str) -> Option<(&str, Option<u32>)> {
    let line = line.trim_ascii();
    if !line.as_bytes().last()?.is_ascii_hexdigit() {
        return None;
    }
    let last_is = |line: &str, mark: &str| {
        memchr::memrchr(b' ', line.as_bytes()).filter(|blank| after(line, *blank).starts_with(mark))
    };
    // A runtime that gives up adds where each frame lies.
    let line = if last_is(line, " pc=0x").is_some() { until(line, " fp=0x") } else { line };
    let offset = last_is(line, " +0x");
    let (file, number) = rsplit_byte(before(line, offset.unwrap_or(line.len())), b':')?;
    let is_place = !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
        && extension(file) == "go"
        && has_any(file, |b| matches!(b, b'/' | b'\\'))
        && !has_any(file, |b| matches!(b, b' ' | b'(' | b'"' | b'\''));
    is_place.then(|| (file, number.parse().ok()))
}

/// `main.(*Cart).Total(0xc000010000, 0x2)` without the arguments, `created by main.start in goroutine 1` without
/// what is around the name.
fn function(line: &str) -> Option<&str> {
    let line = line.trim_ascii();
    let line =
        line.strip_prefix("created by ").map_or(line, |created| until(created, " in goroutine "));
    let name = match line.ends_with(')').then(|| memchr::memrchr(b'(', line.as_bytes())).flatten() {
        Some(open) => before(line, open),
        None => line,
    };
    let is_name =
        !name.is_empty() && !has_any(until(name, "["), |b| matches!(b, b' ' | b':' | b'='));
    is_name.then_some(name)
}

/// `github.com/acme/shop` of `github.com/acme/shop.(*Cart).Total`.
fn package(function: &str) -> &str {
    let path = split_byte(function, b'[').map_or(function, |(path, _)| path);
    let slash = rsplit_byte(path, b'/').map_or(0, |(path, _)| path.len() + 1);
    let dot = split_byte(after(function, slash), b'.').map(|(name, _)| slash + name.len());
    before(function, dot.unwrap_or(function.len()))
}

/// Package and receiver are the module. A closure is folded into the function around it.
fn fold(function: &str) -> Symbol<'_> {
    let package = package(function);
    fold_in(package, after(function, package.len() + 1), function)
}

/// The same of a name and its package; `whole` is both where they stand side by side, else empty.
fn fold_in<'a>(package: &'a str, name: &'a str, whole: &'a str) -> Symbol<'a> {
    let name = name.strip_suffix("-fm").unwrap_or(name);
    let mut parts = Parts(name).take_while(|part| !is_closure(part) && *part != "glob");
    let (first, second) = (parts.next().unwrap_or(""), parts.next());
    let (module, function) = match second {
        // Package and receiver of a method of a value stand side by side already.
        Some(method) if !first.starts_with("(*") && !whole.is_empty() => {
            let len = package.len() + 1 + without_parameters(first).len();
            (Cow::Borrowed(before(whole, len)), method)
        }
        Some(method) => {
            let receiver = without_starts(first, "(*").trim_end_matches(')');
            (Cow::Owned([package, ".", without_parameters(receiver)].concat()), method)
        }
        None => (Cow::Borrowed(package), first),
    };
    let function = without_parameters(function);
    let naming = if function.is_empty() { Naming::Anonymous } else { Naming::Named };
    Symbol { module, function, naming }
}

/// `func1`, `gowrap2`, `deferwrap1`, `2`.
fn is_closure(part: &str) -> bool {
    let rest = ["func", "gowrap", "deferwrap"].iter().find_map(|mark| part.strip_prefix(mark));
    rest.unwrap_or(part).bytes().all(|b| b.is_ascii_digit()) && part != "func"
}

/// `Map[...]` without its types.
fn without_parameters(name: &str) -> &str {
    before(name, name.find('[').unwrap_or(name.len()))
}

/// The parts of a name between full stops that are in no brackets.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let mut depth = 0_u32;
        let is_end = |b: u8| {
            match b {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            b == b'.' && depth == 0
        };
        let end = self.0.bytes().position(is_end).unwrap_or(self.0.len());
        let part = before(self.0, end);
        self.0 = after(self.0, (end + 1).min(self.0.len()));
        Some(part)
    }
}

#[cfg(test)]
mod tests;
