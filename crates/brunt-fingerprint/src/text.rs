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
    let mut folder = "";
    path.split(['/', '\\']).map(move |part| (std::mem::replace(&mut folder, part), part))
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

/// The last part of a path with either kind of slash.
pub(crate) fn basename(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
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
    let (rest, digits) = text.rsplit_once(':')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| (rest, Some(digits.parse().unwrap_or(0)).filter(|number| *number > 0)))
}

/// What follows the last full stop of a file's name; empty without one.
pub(crate) fn extension(path: &str) -> &str {
    basename(path).rsplit_once('.').map_or("", |(_, extension)| extension)
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
    fn a_cut_never_splits_a_character() {
        assert_eq!(cap("aäb", 2), "a");
        assert_eq!(between("aäb", 1, 2), "");
    }
}
