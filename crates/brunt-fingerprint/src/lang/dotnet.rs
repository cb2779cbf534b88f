//! .NET: C#, F# and Visual Basic, on Framework, Core and Mono, in whatever language the runtime speaks.

mod symbol;

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::chain::{Body, CAUSES_MAX, Exception, RawFrame, Stack, push_capped};
use crate::header::{has_error_suffix, split};
use crate::lang::{Lang, Language, Symbol};
use crate::text::{
    Lines, after, before, between, byte, extension, rsplit_at, rsplit_byte, split_at, split_byte,
};
use crate::words::Words;

/// What begins a frame in the languages of the runtime.
static AT: Words = Words::new(&[
    "at", "bei", "à", "en", "в", "em", "a", "w", "v", "在", "場所", "위치:", "konum:", "vid", "på",
    "ved", "in",
]);

#[derive(Debug)]
pub(crate) struct DotNet;

impl Language for DotNet {
    fn lang(&self) -> Lang {
        Lang::DotNet
    }

    fn names(&self) -> &'static [&'static str] {
        &["dotnet", ".net", "csharp", "c#", "fsharp", "f#", "vb", "mono", "unity"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        // First bytes of the words for "at", and of names, which frames of Unity's console begin with.
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\xc3\xd0\xe5\xec"
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        frame(line)
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let members = MEMBERS.find(text.as_bytes());
        let mut stack = Stack::default();
        stack.is_cut |= chain(before(text, members.unwrap_or(text.len())), &mut stack.chain);
        let mut rest = after(text, members.unwrap_or(text.len()));
        // Since .NET Core 3 the first member stands above as the cause alone, and the list begins with the second.
        if rest.starts_with(MEMBER) && !after(rest, MEMBER.len()).starts_with("0)") {
            let first = stack.chain.get(1..).unwrap_or_default().to_vec();
            stack.children.extend(Some(first).filter(|first| !first.is_empty()));
        }
        while let Some(inner) = rest.strip_prefix(MEMBER) {
            let end = MEMBERS.find(inner.as_bytes()).unwrap_or(inner.len());
            let member = before(inner, end).trim_ascii_end();
            let member = member.strip_suffix("<---").unwrap_or(member);
            let member = split_at(member, ") ").map_or(member, |(_, member)| member);
            let mut list = Vec::new();
            stack.is_cut |= chain(member, &mut list);
            stack.is_cut |= !push_capped(&mut stack.children, list, CAUSES_MAX);
            rest = after(inner, end);
        }
        stack
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        symbol::is_library(frame.function)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        symbol::fold(frame.function)
    }
}

/// What stands before each member of an aggregate.
const MEMBER: &str = "---> (Inner Exception #";
static MEMBERS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MEMBER));

/// Headers come from the outermost to the innermost, frames the other way round, with a line between two exceptions.
/// True if causes past the limit were left out.
fn chain<'a>(text: &'a str, chain: &mut Vec<Exception<'a>>) -> bool {
    let is_start = |line: &str| frame(line).is_some() || is_end_of_inner(line);
    let body_start = Lines::of(text).find(|(_, line)| is_start(line));
    let body_start = body_start.map_or(text.len(), |(start, _)| start);
    let mut is_cut = false;
    let header = before(text, body_start);
    for (idx, part) in header.split("---> ").enumerate() {
        let part = part.trim_ascii();
        let (type_name, message) = if idx == 0 { first_header(part) } else { type_of(part) };
        let message = Cow::Borrowed(message);
        let exception = Exception { type_name, message, ..Exception::default() };
        is_cut |= !push_capped(chain, exception, CAUSES_MAX);
    }
    let mut at = chain.len().saturating_sub(1);
    let mut start = body_start;
    for (line_start, line) in Lines::of(after(text, body_start)) {
        if at == 0 {
            break;
        }
        if is_end_of_inner(line) {
            let end = body_start + line_start;
            if let Some(exception) = chain.get_mut(at) {
                exception.body = Body::of(between(text, start, end));
            }
            at -= 1;
            start = end;
        }
    }
    if let Some(exception) = chain.get_mut(at) {
        exception.body = Body::of(after(text, start));
    }
    is_cut
}

/// `--- End of inner exception stack trace ---` in any language; the line that marks where an exception was thrown
/// again is longer.
fn is_end_of_inner(line: &str) -> bool {
    let line = line.trim_ascii();
    let words = line.strip_prefix("--- ").and_then(|words| words.strip_suffix(" ---"));
    words.is_some_and(|words| {
        ![
            "previous",
            "vorhergehende",
            "précédent",
            "anterior",
            "предыдущ",
            "前の",
            "上一",
            "precedente",
        ]
        .iter()
        .any(|word| words.contains(word))
    })
}

fn first_header(header: &str) -> (&str, &str) {
    let lines = || {
        Lines::of(header)
            .map(|(start, line)| (start + line.len() - line.trim_ascii_start().len(), line))
    };
    let marks = ["Unhandled exception. ", "Unhandled Exception: "];
    let marked = marks.iter().find_map(|mark| header.split_once(mark)).map(|(_, rest)| rest);
    // Behind the runtime's mark stands a type, whatever its name.
    if let Some(found) = marked.and_then(|rest| split(rest, is_name)) {
        return found;
    }
    lines()
        .find_map(|(start, _)| split(after(header, start), is_type))
        .or_else(|| lines().find_map(|(start, line)| type_inside(header, start, line)))
        .or_else(|| lines().find_map(|(start, _)| split(after(header, start), is_class)))
        .unwrap_or(("", header))
}

/// The first word of a line that can only be an exception's type, with everything behind it.
fn type_inside<'a>(header: &'a str, start: usize, line: &str) -> Option<(&'a str, &'a str)> {
    let mut at = start;
    line.trim_ascii_start().split(' ').take(32).find_map(|word| {
        let found = split(after(header, at), |name| is_type(name) && name.contains('.'));
        at += word.len() + 1;
        found
    })
}

fn type_of(header: &str) -> (&str, &str) {
    split(header, |name| !name.is_empty()).unwrap_or(("", header))
}

fn is_type(name: &str) -> bool {
    is_name(name) && has_error_suffix(name)
}

/// `Acme.Shop.Declined`: namespaces and a class, without anything that says error.
fn is_class(name: &str) -> bool {
    is_name(name)
        && name.contains('.')
        && name.split('.').all(|part| part.starts_with(|c: char| c.is_uppercase()))
}

fn is_name(name: &str) -> bool {
    let is_part = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'.' | b'_' | b'+' | b'`' | b'[' | b']')
            || b >= 0x80
    };
    name.bytes().all(is_part) && byte(name, 0).is_some_and(|b| b.is_ascii_alphabetic())
}

/// `at Namespace.Type.Method(String card) in C:\src\Pay.cs:line 12`, Mono's `[0x0001a] in <1b2c>:0`, and Unity's.
fn frame(line: &str) -> Option<RawFrame<'_>> {
    let line = line.trim_ascii();
    let (at, call) = split_byte(line, b' ')?;
    if !AT.have(at) {
        return unity_frame(line);
    }
    let (name, rest) = split_byte(call, b'(')?;
    let name = name.trim_ascii_end();
    let (arguments, tail) = split_byte(rest, b')')?;
    let tail = tail.trim_ascii();
    let is_name = name.contains('.')
        && !name.split(['<', '[']).next().is_some_and(|head| head.contains([' ', '/', ':', '"']));
    let has_types = arguments.is_empty()
        || !tail.is_empty()
        || arguments.split(',').all(|argument| argument.trim_ascii_start().contains(' '));
    let (file, line) = if tail.is_empty() { ("", None) } else { place(tail)? };
    (is_name && has_types).then_some(RawFrame { function: name, file, line, ..RawFrame::default() })
}

/// `Shop.Cart.Total (System.Int32 n) (at Assets/Cart.cs:12)` and `Shop.Cart:Total () (at <1b2c>:0)`, as Unity's console
/// has them.
fn unity_frame(line: &str) -> Option<RawFrame<'_>> {
    let (call, place) = rsplit_at(line.strip_suffix(')')?, " (at ")?;
    let (file, number) = rsplit_byte(place, b':')?;
    let (name, arguments) = split_byte(call, b'(')?;
    let name = name.trim_ascii_end();
    let is_file = extension(file) == "cs" || (file.starts_with('<') && file.ends_with('>'));
    let is_name = name.contains(['.', ':']) && !name.contains([' ', '"', '\\']);
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let line = number.parse().ok().filter(|line| *line > 0);
    (is_file && is_name && is_number && arguments.ends_with(')')).then_some(RawFrame {
        function: name,
        file,
        line,
        ..RawFrame::default()
    })
}

/// `in C:\src\Pay.cs:line 12`; the two words are the language's, and in German a full stop ends them.
fn place(tail: &str) -> Option<(&str, Option<u32>)> {
    let tail = tail.trim_end_matches(['.', '\u{3002}']);
    let tail = match tail.strip_prefix("[0x") {
        Some(offset) => split_at(offset, "] ").map_or("", |(_, tail)| tail),
        None => tail,
    };
    if tail.is_empty() {
        return Some(("", None));
    }
    let (_, place) = split_byte(tail, b' ')?;
    let (file, number) = rsplit_byte(place, b':')?;
    let digits = number.rsplit([' ', '\u{a0}']).next().unwrap_or(number);
    let digits = digits.trim_start_matches(|c: char| !c.is_ascii_digit());
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| (file, digits.parse().ok().filter(|line| *line > 0)))
}

#[cfg(test)]
mod tests;
