//! Texts that fit a width, in columns of a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Cuts a text to a width, with an ellipsis where something was cut.
pub fn shorten(text: &str, width_max: usize) -> String {
    if text.width() <= width_max {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut width = 0;
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width >= width_max {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// The lines of a text that is broken at spaces, those after the first indented by one; a word that is wider than a line
/// is broken where the line ends.
pub(super) fn wrap(text: &str, width_max: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for word in text.split_inclusive(' ') {
        if width > 0 && width + word.trim_end().width() > width_max {
            lines.push(" ".to_owned());
            width = 1;
        }
        for c in word.chars() {
            let wider = width + c.width().unwrap_or(0);
            if wider > width_max && c != ' ' {
                lines.push(" ".to_owned());
                width = 1;
            }
            width += c.width().unwrap_or(0);
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_in_words_that_are_too_wide() {
        assert_eq!(wrap("one two three", 80), ["one two three"]);
        assert_eq!(wrap("one two three", 7), ["one two", " three"]);
        assert_eq!(wrap("a 0123456789", 6), ["a", " 01234", " 56789"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn wide_letters_count_twice() {
        assert_eq!(shorten("日本語", 5), "日本…");
        assert_eq!(shorten("日本語", 6), "日本語");
        assert_eq!(wrap("日本 語", 5), ["日本", " 語"]);
    }
}
