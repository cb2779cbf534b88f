//! Native code: Swift and Objective-C crash reports, Android tombstones, gdb, lldb, sanitizers, glibc.

mod crash;
mod symbol;

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::chain::{Body, Exception, RawFrame, Stack};
use crate::lang::{Lang, Language, Symbol};
use crate::text::{
    Lines, after, before, between, byte, find, has_any, has_only, numbered, rsplit_at, rsplit_byte,
    split_at, split_byte, without_starts,
};

#[derive(Debug)]
pub(crate) struct Native;

impl Language for Native {
    fn lang(&self) -> Lang {
        Lang::Native
    }

    fn names(&self) -> &'static [&'static str] {
        &["native", "swift", "objc", "objective-c", "cocoa", "ios", "macos", "c", "cpp", "c++"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        b"#*fl0123456789/."
    }

    /// A list in prose may have numbers too, so what has no more of a frame than its number must be the first.
    fn is_frame(&self, line: &str) -> bool {
        printed(line).is_some()
            || (line.trim_ascii_start().starts_with("#0 ") && recorded(line).is_some())
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        frame(line)
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let (start, end) = frames_of_the_fault(text);
        let first = Lines::of(before(text, start)).find(|(_, line)| frame(line).is_some());
        let header = before(text, first.map_or(start, |(start, _)| start));
        let (type_name, message) = crash::read(header);
        let body = Body::of(between(text, start, end));
        let exception =
            Exception { type_name, message: Cow::Borrowed(message), body, ..Exception::default() };
        Stack { chain: vec![exception], ..Stack::default() }
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        symbol::is_library(frame)
    }

    fn has_closures(&self) -> bool {
        false
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        symbol::fold(frame)
    }
}

/// Where the frames of the fault start and end: those of the last exception or of the thread that crashed if the
/// report says so, else the first ones; a thread's frames end where another's begin.
fn frames_of_the_fault(text: &str) -> (usize, usize) {
    static LAST: LazyLock<Finder<'static>> =
        LazyLock::new(|| Finder::new("Last Exception Backtrace"));
    static CRASHED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" Crashed:"));
    let marked = LAST.find(text.as_bytes()).or_else(|| CRASHED.find(text.as_bytes()));
    let line_len = |at| memchr::memchr(b'\n', after(text, at).as_bytes()).unwrap_or(0);
    let from = marked.map_or(0, |at| at + line_len(at));
    let mut start = None;
    for (line_start, line) in Lines::of(after(text, from)) {
        let at = from + line_start;
        let Some(begun) = start else {
            start = frame(line).map(|_| at);
            continue;
        };
        let content = line.trim_ascii_start();
        let may_be_first = match byte(content, 0) {
            Some(b'0' | b'*' | b'f') => true,
            Some(b'#') => byte(content, 1) == Some(b'0'),
            _ => false,
        };
        let is_first = may_be_first && frame_number(content) == Some(0) && frame(line).is_some();
        if is_first || content.is_empty() || line.starts_with("Thread ") {
            return (begun, at);
        }
    }
    (start.unwrap_or(text.len()), text.len())
}

fn frame_number(line: &str) -> Option<u32> {
    let line = without_starts(without_starts(line.trim_ascii_start(), "* "), "frame ");
    let line = line.trim_start_matches('#');
    before(line, line.bytes().take_while(u8::is_ascii_digit).count()).parse().ok()
}

fn frame(line: &str) -> Option<RawFrame<'_>> {
    printed(line).or_else(|| recorded(line))
}

/// What follows `#12 `.
fn numbered_call(line: &str) -> Option<&str> {
    let numbered = line.trim_ascii().strip_prefix('#')?;
    let digits = numbered.bytes().take_while(u8::is_ascii_digit).count();
    let rest = after(numbered, digits);
    let is_numbered = (1..=4).contains(&digits) && rest.starts_with([' ', '\t']);
    is_numbered.then(|| rest.trim_ascii_start())
}

/// A frame as a system, a debugger or a sanitizer prints it.
fn printed(line: &str) -> Option<RawFrame<'_>> {
    if let Some(call) = numbered_call(line) {
        return tombstone(call).or_else(|| debugger(call));
    }
    let line = line.trim_ascii();
    if let Some(rest) = without_starts(line, "* ").strip_prefix("frame #") {
        return lldb(split_at(rest, ": ")?.1);
    }
    if byte(line, 0).is_some_and(|b| b.is_ascii_digit()) {
        return apple(line);
    }
    glibc(line)
}

/// `pc 000000000004f8a0  /data/app/lib/arm64/libshop.so (total(Cart*)+120) (BuildId: …)`.
fn tombstone(rest: &str) -> Option<RawFrame<'_>> {
    let rest = rest.strip_prefix("pc ")?;
    let (address, rest) = split_byte(rest, b' ')?;
    let rest = rest.trim_ascii_start();
    let (module, rest) = split_byte(rest, b' ').unwrap_or((rest, ""));
    let rest = rest.trim_ascii_start();
    let rest = rest
        .strip_prefix("(offset ")
        .and_then(|rest| split_at(rest, ") "))
        .map_or(rest, |(_, rest)| rest);
    let is_symbol = rest.starts_with('(') && !rest.starts_with("(BuildId");
    let symbol = rest.strip_prefix('(').filter(|_| is_symbol).unwrap_or("");
    let symbol = split_at(symbol, ") (")
        .map_or_else(|| symbol.strip_suffix(')').unwrap_or(symbol), |(symbol, _)| symbol);
    let is_hex = address.bytes().all(|b| b.is_ascii_hexdigit()) && !address.is_empty();
    is_hex.then_some(RawFrame { module, function: symbol, ..RawFrame::default() })
}

/// A frame of which a recorder kept less: `#1 total (/srv/libshop.so)`, `#2 total (cart.cc:12)`, `#3 total`.
fn recorded(line: &str) -> Option<RawFrame<'_>> {
    let call = numbered_call(line)?;
    let placed = call.strip_suffix(')').and_then(|call| rsplit_at(call, " ("));
    let (function, place) = placed.unwrap_or((call, ""));
    // Names with blanks are those of Objective-C and of C++; other words with blanks are prose.
    let is_name = !has_any(function, |b| b == b' ')
        || function.starts_with(['-', '+'])
        || find(function, "::").is_some();
    let is_known = !function.is_empty() && is_name && (placed.is_none() || !place.is_empty());
    is_known.then(|| located(function, place))
}

/// A function with its file and line, or with the module that it lies in.
fn located<'a>(function: &'a str, place: &'a str) -> RawFrame<'a> {
    match numbered(place) {
        Some((file, line, col)) => RawFrame { function, file, line, col, ..RawFrame::default() },
        None => RawFrame { function, module: place, ..RawFrame::default() },
    }
}

/// gdb's and sanitizers' `0x5555 in total(Cart*) cart.cc:12:5`, `total (cart=0x1) at cart.cc:12`,
/// `0x7f in raise () from /lib/libc.so.6`, `0x7f  (/lib/libc.so.6+0x2)`.
fn debugger(rest: &str) -> Option<RawFrame<'_>> {
    let (has_address, rest) = match rest.strip_prefix("0x") {
        Some(address) => {
            let (_, rest) = split_byte(address, b' ')?;
            (true, rest.trim_ascii_start())
        }
        None => (false, rest),
    };
    if let Some(module) = rest.strip_prefix('(').filter(|_| has_address) {
        let module = module.split(['+', ')']).next().unwrap_or(module);
        return Some(RawFrame { module, ..RawFrame::default() });
    }
    let call = match rest.strip_prefix("in ") {
        Some(call) if has_address => call,
        _ if !has_address && find(rest, " (").is_some() && find(rest, ") at ").is_some() => rest,
        _ => return None,
    };
    if let Some((function, place)) = rsplit_at(call, " at ") {
        let (file, line, col) = numbered(place)?;
        return Some(RawFrame { function, file, line, col, ..RawFrame::default() });
    }
    if let Some((function, module)) = rsplit_at(call, " from ") {
        return Some(RawFrame { module, function, ..RawFrame::default() });
    }
    match rsplit_byte(call, b' ') {
        Some((function, place)) if place.starts_with('(') => {
            let place = place.trim_start_matches('(').trim_end_matches(')');
            Some(located(function, place.split('+').next().unwrap_or(place)))
        }
        Some((function, place)) if numbered(place).is_some() => {
            let (file, line, col) = numbered(place)?;
            Some(RawFrame { function, file, line, col, ..RawFrame::default() })
        }
        _ => Some(RawFrame { function: call, ..RawFrame::default() }),
    }
}

/// ``0x0000000100003f24 Shop`Cart.total() + 12 at Cart.swift:42:5``.
fn lldb(rest: &str) -> Option<RawFrame<'_>> {
    let (_, rest) = split_byte(rest.strip_prefix("0x")?, b' ')?;
    let (module, rest) = split_byte(rest, b'`')?;
    let (symbol, place) = rsplit_at(rest, " at ").unwrap_or((rest, ""));
    let (file, line, col) = numbered(place).unwrap_or(("", None, None));
    Some(RawFrame { module, function: symbol, file, line, col, ..RawFrame::default() })
}

/// `3   Shop   0x0000000100003f24 Cart.total() + 12 (Cart.swift:42)`, and Swift's own
/// `3 0x0000000100003f24 Cart.total() + 12 in shop at /src/Cart.swift:42:5`.
fn apple(line: &str) -> Option<RawFrame<'_>> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = after(line, digits).trim_start_matches(':');
    if digits > 4 || !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let at = find(rest, "0x")?;
    let module = before(rest, at).trim_ascii();
    let (address, symbol) = split_byte(after(rest, at + 2), b' ')?;
    let is_address = address.len() >= 6 && has_only(address, |b| b.is_ascii_hexdigit());
    let is_module =
        module.len() <= 80 && !has_any(module, |b| matches!(b, b':' | b'(' | b'=' | b',' | b'"'));
    if !is_address || !is_module {
        return None;
    }
    if let Some((symbol, place)) =
        rsplit_at(symbol, " at ").filter(|_| module.is_empty() || module == "[ra]")
    {
        let (file, line, col) = numbered(place)?;
        let (symbol, module) = rsplit_at(symbol, " in ").unwrap_or((symbol, ""));
        return Some(RawFrame { module, function: symbol, file, line, col, ..RawFrame::default() });
    }
    let symbol = symbol.trim_ascii();
    let placed = symbol.strip_suffix(')').and_then(|symbol| rsplit_at(symbol, " ("));
    let placed = placed.and_then(|(symbol, place)| Some((symbol, numbered(place)?)));
    let (function, (file, line, col)) = placed.unwrap_or((symbol, ("", None, None)));
    let module = module.trim_end_matches("[ra]").trim_ascii_end();
    Some(RawFrame { module, function, file, line, col, ..RawFrame::default() })
}

/// `/srv/shop/bin/shop(total+0x12) [0x400a2f]`.
fn glibc(line: &str) -> Option<RawFrame<'_>> {
    let (call, address) = rsplit_at(line.strip_suffix(']')?, ") [0x")?;
    let (module, function) = split_byte(call, b'(')?;
    let is_module =
        (module.starts_with(['/', '.']) || find(module, ".so").is_some()) && !module.contains(' ');
    (is_module && address.bytes().all(|b| b.is_ascii_hexdigit())).then_some(RawFrame {
        module,
        function,
        ..RawFrame::default()
    })
}

#[cfg(test)]
mod tests;
