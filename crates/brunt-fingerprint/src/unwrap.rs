//! Step 2: the text as the program printed it, without what transport put around it.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;

use crate::lang::{Language, detect, first_frame, frame_language};
use crate::text::{Lines, after, before, byte, cap};

/// Text read of a stack or a message.
const BYTES_MAX: usize = 64 * 1024;
/// Lines that may show a common prefix, and how long that may be.
const PREFIX_LINES_MAX: usize = 256;
const PREFIX_BYTES_MAX: usize = 200;

/// A text without its wrapping.
#[derive(Debug)]
pub(crate) struct Unwrapped<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Whether its middle was left out.
    pub(crate) is_cut: bool,
    /// The language of the first line that is a frame in any language.
    pub(crate) language: Option<&'static dyn Language>,
}

/// A stack without size, a container's JSON around each line, JSON escapes, terminal colours, carriage returns, lines
/// that another thread logged between, and a log prefix on each line.
pub(crate) fn stack(raw: &str) -> Unwrapped<'_> {
    let capped = keep_ends(raw);
    let is_cut = matches!(capped, Cow::Owned(_));
    let text = rewrite(rewrite(rewrite(capped, unpack_container), unescape), strip_controls);
    let language = detect(&text);
    if language.is_some() {
        return Unwrapped { text: rewrite(text, strip_others), is_cut, language };
    }
    let text = rewrite(rewrite(text, indent_with_blanks), strip_prefix);
    let language = detect(&text);
    Unwrapped { text, is_cut, language }
}

/// A message without escapes and colours, and without the stack that some clients append to it.
pub(crate) fn message(raw: &str) -> Cow<'_, str> {
    let text = rewrite(rewrite(Cow::Borrowed(cap(raw, BYTES_MAX)), unescape), strip_controls);
    // The first line is the message's in any case.
    let end = first_frame(&text, 1).map(|(start, _)| start);
    match (text, end) {
        (Cow::Borrowed(text), Some(end)) => Cow::Borrowed(before(text, end)),
        (Cow::Owned(text), Some(end)) => Cow::Owned(before(&text, end).to_owned()),
        (text, None) => text,
    }
}

/// Removes terminal control sequences and turns each kind of line end into a line feed; `None` if there are none.
pub(crate) fn strip_controls(text: &str) -> Option<String> {
    let mut next = memchr::memchr2(b'\x1b', b'\r', text.as_bytes())?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        out.push_str(before(rest, next));
        let control = after(rest, next);
        let len = if let Some(line_end) = control.strip_prefix('\r') {
            out.push('\n');
            1 + usize::from(line_end.starts_with('\n'))
        } else {
            escape_len(control)
        };
        rest = after(control, len);
        match memchr::memchr2(b'\x1b', b'\r', rest.as_bytes()) {
            Some(found) => next = found,
            None => break,
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Bytes of the escape sequence at the start: `ESC [ … letter`, `ESC ] … BEL`, or `ESC` and what else is ASCII.
fn escape_len(text: &str) -> usize {
    match byte(text, 1) {
        Some(b'[') => {
            let parameters = text.bytes().skip(2).take_while(|b| (0x20..0x40).contains(b)).count();
            2 + parameters
                + usize::from(byte(text, 2 + parameters).is_some_and(|b| (0x40..0x7f).contains(&b)))
        }
        Some(b']') => text
            .bytes()
            .position(|b| b == 7 || b == b'\n')
            .map_or(2, |end| end + usize::from(byte(text, end) == Some(7))),
        Some(other) if other.is_ascii_graphic() => 2,
        _ => 1,
    }
}

fn rewrite(text: Cow<'_, str>, step: fn(&str) -> Option<String>) -> Cow<'_, str> {
    step(&text).map_or(text, Cow::Owned)
}

/// The first and the last half of a text that is too long: headers come first or last, and roots likewise.
fn keep_ends(text: &str) -> Cow<'_, str> {
    if text.len() <= BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let head = cap(text, BYTES_MAX / 2);
    let head = before(head, memchr::memrchr(b'\n', head.as_bytes()).unwrap_or(head.len()));
    let tail = after(text, text.ceil_char_boundary(text.len() - BYTES_MAX / 2 + 1));
    let tail = after(tail, memchr::memchr(b'\n', tail.as_bytes()).map_or(0, |end| end + 1));
    Cow::Owned(format!("{head}\n{tail}"))
}

/// What a container's runtime begins each line with, and the program's line stands behind.
const CONTAINER: &str = "{\"log\":\"";

/// Takes the program's lines out of a container's log: `{"log":"line\n","stream":"stderr","time":"…"}`. A line that is
/// none of these is kept as it is.
fn unpack_container(text: &str) -> Option<String> {
    if !text.trim_ascii_start().starts_with(CONTAINER) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for (_, line) in Lines::of(text) {
        match line.trim_ascii_start().strip_prefix(CONTAINER) {
            Some(logged) => unescape_to(before(logged, string_end(logged)), &mut out),
            None => out.extend([line, "\n"]),
        }
    }
    Some(out)
}

/// Turns the blanks that never break a line into plain ones where lines begin with them, as AWS Lambda indents what it
/// logs; `None` if no line does.
fn indent_with_blanks(text: &str) -> Option<String> {
    let is_wide = |line: &str| line.starts_with('\u{a0}');
    if !Lines::of(text).any(|(_, line)| is_wide(line)) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for (_, line) in Lines::of(text) {
        let rest = line.trim_start_matches('\u{a0}');
        out.extend(std::iter::repeat_n(' ', line.chars().count() - rest.chars().count()));
        out.extend([rest, "\n"]);
    }
    Some(out)
}

/// Where a JSON string ends whose opening quote is behind; a text that was cut has no end.
fn string_end(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|b| {
        let is_end = b == b'"' && !is_escaped;
        is_escaped = b == b'\\' && !is_escaped;
        is_end
    });
    end.unwrap_or(text.len())
}

/// Removes lines that begin with a date and a time, which no frame does; `None` if there are none. Such lines at the
/// start of the text are the log's own words around the error.
fn strip_others(text: &str) -> Option<String> {
    /// Most texts have none, and a search for the century is faster than a look at each line.
    static CENTURY: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("20"));
    let mut centuries = CENTURY.find_iter(text.as_bytes());
    centuries.find(|at| {
        let line_start = at - usize::from(before(text, *at).ends_with('['));
        before(text, line_start).ends_with('\n') && is_logged(after(text, line_start))
    })?;
    let is_own = |line: &str| line.trim_ascii().is_empty() || is_logged(line);
    let n_own = Lines::of(text).take_while(|(_, line)| is_own(line)).count();
    let mut out = String::with_capacity(text.len());
    for (idx, (_, line)) in Lines::of(text).enumerate() {
        if idx < n_own || !is_logged(line) {
            out.extend([line, "\n"]);
        }
    }
    Some(out)
}

/// `2026-03-02 10:22:33`, `2026/03/02 10:22`, `[2026-03-02T10:22` at the start of a line.
fn is_logged(line: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00";
    let line = line.strip_prefix('[').unwrap_or(line).as_bytes();
    line.len() >= FORM.len()
        && line.iter().zip(FORM).all(|(b, form)| match form {
            b'0' => b.is_ascii_digit(),
            b'-' => matches!(b, b'-' | b'/'),
            b' ' => matches!(b, b' ' | b'T'),
            _ => b == form,
        })
}

/// Undoes JSON escapes, up to twice, where a text has escaped line ends and no real ones.
fn unescape(text: &str) -> Option<String> {
    let once = unescape_once(text)?;
    Some(unescape_once(&once).unwrap_or(once))
}

fn unescape_once(text: &str) -> Option<String> {
    let trimmed = text.trim_ascii();
    if memchr::memchr(b'\n', trimmed.as_bytes()).is_some()
        || memmem::find(trimmed.as_bytes(), b"\\n").is_none()
    {
        return None;
    }
    // In a message, `C:\new` is a path; in JSON its backslash is doubled.
    if memmem::find_iter(trimmed.as_bytes(), b":\\").any(|colon| is_drive(trimmed, colon)) {
        return None;
    }
    let inner =
        trimmed.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(trimmed);
    let mut out = String::with_capacity(inner.len());
    unescape_to(inner, &mut out);
    Some(out)
}

/// Appends what stands between the quotes of a JSON string.
fn unescape_to(inner: &str, out: &mut String) {
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(before(rest, at));
        let mut escaped = after(rest, at + 1).chars();
        match escaped.next() {
            Some('n' | 'r') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(kept @ ('"' | '\\' | '/')) => out.push(kept),
            Some('u') => {
                let code =
                    escaped.as_str().get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                if let Some(code) = code {
                    out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                    escaped = after(escaped.as_str(), 4).chars();
                } else {
                    out.push_str("\\u");
                }
            }
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
        rest = escaped.as_str();
    }
    out.push_str(rest);
}

/// Whether the colon belongs to a drive letter, with one backslash and a name behind it.
fn is_drive(text: &str, colon: usize) -> bool {
    let is_letter = |at: Option<usize>| {
        at.and_then(|at| byte(text, at)).is_some_and(|b| b.is_ascii_alphanumeric())
    };
    // A number there is a column, and the backslash is an escaped line end's.
    let is_digit =
        colon.checked_sub(1).and_then(|at| byte(text, at)).is_some_and(|b| b.is_ascii_digit());
    !is_digit
        && is_letter(colon.checked_sub(1))
        && !is_letter(colon.checked_sub(2))
        && is_letter(Some(colon + 2))
}

/// Removes what stands before the first frame from every line that starts alike, digits aside; `None` if no frame
/// stands behind a prefix, or if no other line has it.
fn strip_prefix(text: &str) -> Option<String> {
    let prefix = Lines::of(text).take(PREFIX_LINES_MAX).find_map(|(_, line)| frame_prefix(line))?;
    Lines::of(text).filter(|(_, line)| prefix_len(line, prefix).is_some()).nth(1)?;
    let mut out = String::with_capacity(text.len());
    for (_, line) in Lines::of(text) {
        let kept = prefix_len(line, prefix).map_or(line, |len| {
            let rest = after(line, len);
            rest.strip_prefix(' ').unwrap_or(rest)
        });
        out.push_str(kept);
        out.push('\n');
    }
    Some(out)
}

/// What stands before a frame, without the blanks between: the shortest beginning of the line, ending with a blank or
/// a colon, behind which a frame stands.
fn frame_prefix(line: &str) -> Option<&str> {
    let head = cap(line, PREFIX_BYTES_MAX);
    let starts = head.bytes().enumerate().filter(|(_, b)| matches!(b, b' ' | b'\t' | b':' | b']'));
    let is_word = |at: &usize| byte(line, *at).is_some_and(|b| !b.is_ascii_whitespace());
    let mut words = starts.map(|(at, _)| at + 1).filter(is_word);
    let at = words.find(|at| frame_language(after(line, *at)).is_some())?;
    Some(before(line, at).trim_ascii_end()).filter(|prefix| !prefix.is_empty())
}

/// Bytes of `line` that read like `prefix`: other digits and other amounts of blanks are alike.
fn prefix_len(line: &str, prefix: &str) -> Option<usize> {
    let class = |b: u8| {
        if b.is_ascii_digit() {
            b'0'
        } else if b.is_ascii_whitespace() {
            b' '
        } else {
            b
        }
    };
    let is_run = |b: u8| b == b'0' || b == b' ';
    let (mut at, mut want) = (0, 0);
    while let Some(wanted) = byte(prefix, want).map(class) {
        if byte(line, at).map(class) != Some(wanted) {
            return None;
        }
        at += 1;
        want += 1;
        if is_run(wanted) {
            at += line.bytes().skip(at).take_while(|b| class(*b) == wanted).count();
            want += prefix.bytes().skip(want).take_while(|b| class(*b) == wanted).count();
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        "java.lang.Error: no\n\tat com.acme.A.b(A.java:1)\n\tat com.acme.C.d(C.java:2)\n";

    #[test]
    fn colours_and_carriage_returns_go() {
        let dressed = PLAIN.replace('\n', "\r\n").replace("at ", "\x1b[31;1mat\x1b[0m ");
        assert_eq!(stack(&dressed).text, PLAIN);
        assert_eq!(strip_controls("\x1b]0;title\x07a\x1b(b\x1b").unwrap(), "ab");
    }

    #[test]
    fn escaped_line_ends_become_real_ones() {
        let escaped = PLAIN.trim_end().replace('\n', "\\n").replace('\t', "\\t");
        assert_eq!(stack(&escaped).text, PLAIN.trim_end());
        assert_eq!(stack(&format!("\"{}\"", escaped.replace('\\', "\\\\"))).text, PLAIN.trim_end());
        assert_eq!(message("cannot open C:\\new\\table"), "cannot open C:\\new\\table");
        assert_eq!(message("panicked at a.rs:6:9:\\nledger"), "panicked at a.rs:6:9:\nledger");
        assert_eq!(message("a \\u00e4\\n\\ud800 \\q"), "a ä\n\u{fffd} \\q");
    }

    #[test]
    fn a_log_prefix_goes_from_each_line_that_has_it() {
        let logged = PLAIN.lines().enumerate().fold(
            String::from("--- log starts\n"),
            |logged, (n, line)| {
                logged + &format!("01-0{n} 10:22:33.{n}5  123  456 E AndroidRuntime: {line}\n")
            },
        );
        assert_eq!(stack(&logged).text, format!("--- log starts\n{PLAIN}"));
    }

    #[test]
    fn a_containers_lines_are_those_of_the_program() {
        let logged = PLAIN.lines().fold(String::new(), |logged, line| {
            let line = line.replace('\t', "\\t");
            logged + &format!("{{\"log\":\"{line}\\n\",\"stream\":\"stderr\",\"time\":\"2026-03-02T10:22:33Z\"}}\n")
        });
        assert_eq!(stack(&logged).text, PLAIN);
        assert_eq!(stack(logged.trim_end()).text, PLAIN);
        assert_eq!(stack("{\"log\":\"say \\\"no\\\" \\\\").text, "say \"no\" \\");
    }

    #[test]
    fn what_another_thread_logged_between_goes() {
        let own = "2026-03-02 10:22:33,123 [main] ERROR shop.Main - order failed\n\n";
        for other in [
            "2026-03-02 10:22:34,001 [reaper-1] INFO swept 9",
            "2026/03/02 10:22:34 swept 9",
            "[2026-03-02T10:22:34Z] shop.INFO: swept 9",
        ] {
            for at in [1, 2, 3] {
                let mut lines: Vec<&str> = PLAIN.lines().collect();
                lines.insert(at, other);
                assert_eq!(stack(&(lines.join("\n") + "\n")).text, PLAIN, "{other}");
                assert_eq!(
                    stack(&(own.to_owned() + &lines.join("\n"))).text,
                    own.to_owned() + PLAIN
                );
            }
        }
        let none = PLAIN.replace("no\n", "no\n2026 orders are open\n");
        assert_eq!(stack(&none).text, none);
    }

    #[test]
    fn blanks_of_any_kind_indent() {
        let dressed = PLAIN.replace('\t', "\u{a0}\u{a0}");
        assert_eq!(stack(&dressed).text, PLAIN.replace('\t', "  "));
        assert_eq!(stack("a\u{a0}b\n c").text, "a\u{a0}b\n c");
    }

    #[test]
    fn a_message_ends_where_a_stack_begins() {
        assert_eq!(message("no such card\n\tat com.acme.A.b(A.java:1)"), "no such card\n");
        assert_eq!(message("no, stack:\ntotal@812:345\npay@9:1\n"), "no, stack:\n");
        assert_eq!(message("two\nlines"), "two\nlines");
    }

    #[test]
    fn both_ends_of_a_long_text_stay() {
        let long = format!("first\n{}last", "middle of it\n".repeat(20_000));
        let kept = stack(&long);
        assert!(kept.is_cut && kept.text.len() <= BYTES_MAX + 1);
        assert!(kept.text.starts_with("first\nmiddle") && kept.text.ends_with("it\nlast"));
    }
}
