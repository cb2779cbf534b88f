//! What went wrong, as crash reports of different makers say it.

use crate::text::{Lines, after, before, find, rsplit_at, split_at};

/// The kind of fault and what is said of it. The kind is the exception's type, the signal's name or the sanitizer's
/// word; addresses are left to the message's template.
pub(crate) fn read(header: &str) -> (&str, &str) {
    uncaught(header)
        .or_else(|| cpp(header))
        .or_else(|| swift(header))
        .or_else(|| sanitizer(header))
        .or_else(|| signal(header))
        .or_else(|| apple(header))
        .unwrap_or_else(|| named(header))
}

/// `Terminating app due to uncaught exception 'Type', reason: 'text'`.
fn uncaught(header: &str) -> Option<(&str, &str)> {
    let (_, rest) = split_at(header, "uncaught exception ")?;
    let rest = rest.trim_start_matches(['\'', '\u{2018}', '"']);
    let end =
        rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
    let said = after(rest, end);
    let message = split_at(said, "reason: ").map_or("", |(_, message)| message);
    let message = message.split(['\n']).next().unwrap_or(message).trim_ascii_end();
    let inner = message.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
    (end > 0).then(|| (before(rest, end), inner.unwrap_or(message)))
}

/// `terminate called after throwing an instance of 'Type'`, with `what():  text` below.
fn cpp(header: &str) -> Option<(&str, &str)> {
    let (_, rest) = split_at(header, "throwing an instance of '")?;
    let (name, rest) = rest.split_once('\'')?;
    let message = split_at(rest, "what():").map_or("", |(_, message)| message);
    Some((name, message.trim_ascii_start().split('\n').next().unwrap_or("")))
}

/// `Shop/Cart.swift:42: Fatal error: text`, and the older order with the place behind the text.
fn swift(header: &str) -> Option<(&str, &str)> {
    let kinds = ["Fatal error", "Precondition failed", "Assertion failed"];
    let (kind, (_, rest)) = kinds.iter().find_map(|kind| Some((*kind, split_at(header, kind)?)))?;
    let line = rest.split('\n').next().unwrap_or(rest);
    let message = line.strip_prefix(": ").unwrap_or(line);
    let message = rsplit_at(message, ": file ").map_or(message, |(message, _)| message);
    let name = match kind {
        "Fatal error" => "FatalError",
        "Precondition failed" => "PreconditionFailed",
        _ => "AssertionFailed",
    };
    Some((name, message.trim_ascii()))
}

/// `==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x…`.
fn sanitizer(header: &str) -> Option<(&str, &str)> {
    let (_, rest) = split_at(header, "ERROR: ").or_else(|| split_at(header, "WARNING: "))?;
    let (tool, said) = split_at(rest, "Sanitizer: ")?;
    if tool.contains([' ', '\n']) {
        return None;
    }
    let name = said.split([' ', '\n']).next().unwrap_or(said);
    Some((name, ""))
}

/// `signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0`, `received signal SIGSEGV`, with what `abort` was
/// told.
fn signal(header: &str) -> Option<(&str, &str)> {
    let at = find(header, "SIG")?;
    let name = after(header, at);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    let told = split_at(header, "Abort message: ").map_or("", |(_, told)| told);
    let told = unquoted(told.split('\n').next().unwrap_or(told).trim_ascii());
    (end > 3).then(|| (before(name, end), told))
}

/// A text without the quotes around it; what it quotes itself stays.
fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('\'').or_else(|| inner('"')).unwrap_or(text)
}

/// `Exception Type:  EXC_BAD_ACCESS (SIGSEGV)`.
fn apple(header: &str) -> Option<(&str, &str)> {
    let (_, rest) = split_at(header, "Exception Type:")?;
    Some((rest.split_ascii_whitespace().next()?, ""))
}

/// `Type: text` on the last line that has both.
fn named(header: &str) -> (&str, &str) {
    let is_type = |name: &str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':'))
    };
    Lines::of(header)
        .filter_map(|(_, line)| crate::header::split(line.trim_ascii(), is_type))
        .last()
        .unwrap_or(("", header.trim_ascii()))
}
