//! Slices of text that cannot panic, and lines with their places.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// `text[start..]`, empty where that is no slice.
pub(crate) fn after(text: &str, start: usize) -> &str {
    text.get(start..).unwrap_or("")
}

/// `text[..end]`, empty where that is no slice.
pub(crate) fn before(text: &str, end: usize) -> &str {
    text.get(..end).unwrap_or("")
}

/// `text[start..end]`, empty where that is no slice.
pub(crate) fn between(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or("")
}

/// `text` cut to at most `bytes_max` bytes, at a character.
pub(crate) fn cap(text: &str, bytes_max: usize) -> &str {
    before(text, text.floor_char_boundary(bytes_max))
}

pub(crate) fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

/// Whether `text` ends with `suffix`, upper and lower case alike.
pub(crate) fn ends_with_ignore_case(text: &str, suffix: &str) -> bool {
    text.len()
        .checked_sub(suffix.len())
        .is_some_and(|at| text.is_char_boundary(at) && after(text, at).eq_ignore_ascii_case(suffix))
}

/// Whether `text` starts with `prefix`, upper and lower case alike.
pub(crate) fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Whether `list` holds `word`, upper and lower case alike.
pub(crate) fn holds(list: &[&str], word: &str) -> bool {
    list.iter().any(|entry| entry.eq_ignore_ascii_case(word))
}

/// Folders of a path and its file, each with the one before.
pub(crate) fn path_parts(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let (mut folder, mut rest) = ("", Some(path));
    std::iter::from_fn(move || {
        let path = rest?;
        let slash = path.bytes().position(|b| matches!(b, b'/' | b'\\'));
        rest = slash.map(|slash| after(path, slash + 1));
        let part = before(path, slash.unwrap_or(path.len()));
        Some((std::mem::replace(&mut folder, part), part))
    })
}

/// The line that starts at a byte, with that byte.
pub(crate) fn line_at(text: &str, start: usize) -> Option<(usize, &str)> {
    let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
    let len = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
    Some((start, before(rest, len)))
}

/// The first line at or behind the start of a line that has a colon with a blank behind it, as headers have and
/// frames have not.
pub(crate) fn line_with_colon(text: &str, start: usize) -> Option<(usize, &str)> {
    static COLON: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(": "));
    let rest = after(text, start);
    let colon = COLON.find(rest.as_bytes())?;
    let line_start = memchr::memrchr(b'\n', before(rest, colon).as_bytes());
    line_at(text, start + line_start.map_or(0, |line_end| line_end + 1))
}

/// Number of leading blanks.
pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_ascii_start().len()
}

/// A line without a mark at its start, however often it stands there.
pub(crate) fn without_starts<'a>(line: &'a str, mark: &str) -> &'a str {
    let mut rest = line;
    while let Some(shorter) = rest.strip_prefix(mark).filter(|_| !mark.is_empty()) {
        rest = shorter;
    }
    rest
}

/// The last part of a path with either kind of slash.
pub(crate) fn basename(path: &str) -> &str {
    let slash = memchr::memrchr2(b'/', b'\\', path.as_bytes());
    slash.map_or(path, |slash| after(path, slash + 1))
}

/// Where a mark first stands in a line. Searches that are prepared, as those of the standard library, pay off in longer
/// texts.
pub(crate) fn find(line: &str, mark: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let starts = memchr::memchr_iter(byte(mark, 0)?, bytes);
    starts.into_iter().find(|at| has_at(bytes, *at, mark))
}

/// Where a mark last stands in a line.
pub(crate) fn rfind(line: &str, mark: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut starts = memchr::memrchr_iter(byte(mark, 0)?, bytes);
    starts.find(|at| has_at(bytes, *at, mark))
}

fn has_at(bytes: &[u8], at: usize, mark: &str) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(mark.as_bytes()))
}

/// A line up to a mark; whole without one.
pub(crate) fn until<'a>(line: &'a str, mark: &str) -> &'a str {
    before(line, find(line, mark).unwrap_or(line.len()))
}

/// What stands before and behind the first mark of a line.
pub(crate) fn split_at<'a>(line: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    find(line, mark).map(|at| (before(line, at), after(line, at + mark.len())))
}

/// What stands before and behind the last mark of a line.
pub(crate) fn rsplit_at<'a>(line: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    rfind(line, mark).map(|at| (before(line, at), after(line, at + mark.len())))
}

/// What stands behind the last mark of a line; the line itself without one.
pub(crate) fn after_last<'a>(line: &'a str, mark: &str) -> &'a str {
    rsplit_at(line, mark).map_or(line, |(_, rest)| rest)
}

/// What stands before and behind the first such ASCII byte of a line.
pub(crate) fn split_byte(line: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark, line.as_bytes())?;
    Some((before(line, at), after(line, at + 1)))
}

/// What stands before and behind the last such ASCII byte of a line.
pub(crate) fn rsplit_byte(line: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memrchr(mark, line.as_bytes())?;
    Some((before(line, at), after(line, at + 1)))
}

/// What follows the last byte of a kind, which has to be ASCII; all where there is none.
pub(crate) fn last_part(text: &str, is_separator: impl Fn(u8) -> bool) -> &str {
    let at = text.as_bytes().iter().rposition(|b| is_separator(*b));
    at.map_or(text, |at| after(text, at + 1))
}

/// Whether some byte is of a kind. All are looked at, many at once.
pub(crate) fn has_any(text: &str, is_it: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(false, |found, b| found | is_it(b))
}

/// Whether all bytes are of a kind. All are looked at, many at once.
pub(crate) fn has_only(text: &str, is_it: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(true, |only, b| only & is_it(b))
}

/// Digits at the end, and what stands before them.
pub(crate) fn digits_at_end(text: &str) -> (&str, &str) {
    let n_digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    (before(text, text.len() - n_digits), after(text, text.len() - n_digits))
}

/// The last lines of a text, the last one first; a text that ends with a line end has an empty last line.
pub(crate) fn last_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut end = Some(text.len());
    std::iter::from_fn(move || {
        let rest = before(text, end?);
        let start = memchr::memrchr(b'\n', rest.as_bytes());
        end = start;
        Some(after(rest, start.map_or(0, |line_end| line_end + 1)))
    })
}

/// `file:12:5`, `file:12`: a file with its line and column from 1; a number too large counts as unknown.
pub(crate) fn numbered(place: &str) -> Option<(&str, Option<u32>, Option<u32>)> {
    let (rest, last) = number_at_end(place)?;
    match number_at_end(rest) {
        Some((file, line)) => Some((file, line, last)),
        None => Some((rest, last, None)),
    }
}

fn number_at_end(text: &str) -> Option<(&str, Option<u32>)> {
    let (rest, digits) = digits_at_end(text);
    let rest = rest.strip_suffix(':').filter(|_| !digits.is_empty())?;
    Some((rest, Some(digits.parse().unwrap_or(0)).filter(|number| *number > 0)))
}

/// What follows the last full stop of a file's name; empty without one.
pub(crate) fn extension(path: &str) -> &str {
    rsplit_byte(basename(path), b'.').map_or("", |(_, extension)| extension)
}

/// Lines of a text with the byte where each starts.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    at: usize,
    ends: memchr::Memchr<'a>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, at: 0, ends: memchr::memchr_iter(b'\n', text.as_bytes()) }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        let end = self.ends.next().unwrap_or(self.text.len());
        self.at = end + 1;
        Some((start, between(self.text, start, end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_where_they_start() {
        let text = "a\n\nbc\n";
        assert_eq!(Lines::of(text).collect::<Vec<_>>(), [(0, "a"), (2, ""), (3, "bc")]);
        assert_eq!(Lines::of("").count(), 0);
    }

    #[test]
    fn lines_with_a_colon_are_found() {
        let text = "a:1\nb: 2\nc\nd: 3";
        assert_eq!(line_with_colon(text, 0), Some((4, "b: 2")));
        assert_eq!(line_with_colon(text, 4), Some((4, "b: 2")));
        assert_eq!(line_with_colon(text, 9), Some((11, "d: 3")));
        assert_eq!(line_with_colon(text, 99), None);
        assert_eq!(line_at(text, 9), Some((9, "c")));
    }

    #[test]
    fn marks_are_found_first_and_last() {
        let line = "a at b at c";
        assert_eq!((find(line, " at "), rfind(line, " at ")), (Some(1), Some(6)));
        assert_eq!(
            (split_at(line, " at "), rsplit_at(line, " at ")),
            (Some(("a", "b at c")), Some(("a at b", "c")))
        );
        assert_eq!((until(line, " at "), until(line, " in ")), ("a", line));
        assert_eq!((after_last(line, " at "), after_last(line, " in ")), ("c", line));
        assert_eq!((without_starts("* * a", "* "), without_starts("a", "* ")), ("a", "a"));
        assert_eq!((split_byte("a.b.c", b'.'), split_byte("a", b'.')), (Some(("a", "b.c")), None));
        let parts = |path| path_parts(path).collect::<Vec<_>>();
        assert_eq!(parts("/srv\\a"), [("", ""), ("", "srv"), ("srv", "a")]);
        assert_eq!((parts("a"), parts("a/")), (vec![("", "a")], vec![("", "a"), ("a", "")]));
        assert_eq!((find("a a", " at "), rfind("", "at"), find("::", ":::")), (None, None, None));
        assert_eq!(find("ää", "ä"), Some(0));
        assert_eq!(rfind("ää", "ä"), Some(2));
    }

    #[test]
    fn ends_are_taken_off() {
        assert_eq!(digits_at_end("a.java:12"), ("a.java:", "12"));
        assert_eq!((digits_at_end("12"), digits_at_end("a")), (("", "12"), ("a", "")));
        assert_eq!(last_part("a.b$c", |b| matches!(b, b'.' | b'$')), "c");
        assert_eq!((last_part("abc", |b| b == b'.'), last_part("a.", |b| b == b'.')), ("abc", ""));
        assert_eq!(last_lines("a\nb\n").collect::<Vec<_>>(), ["", "b", "a"]);
        assert_eq!(numbered("x:1:2"), Some(("x", Some(1), Some(2))));
        assert_eq!((numbered("x:0"), numbered("x:")), (Some(("x", None, None)), None));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cap("aäb", 2), "a");
        assert_eq!(between("aäb", 1, 2), "");
    }
}
