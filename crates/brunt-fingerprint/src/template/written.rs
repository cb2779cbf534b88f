//! The template as it is written: masks swallow their neighbours, and blanks become one.

use crate::template::recognize::{is_calendar, is_noun, is_unit};
use crate::text::{after, between};

/// What stands for everything masked.
pub(crate) const MASK: &str = "<*>";

/// How many things back a mask may reach: a weekday and a month before a day.
const N_REMEMBERED: usize = 3;

/// The end of something written, and what it was.
#[derive(Debug, Clone, Copy)]
enum Last {
    Nothing,
    Mask { end: usize },
    Word { start: usize, end: usize },
}

/// All rules look only at what was written, so that a template is read again as it was written.
#[derive(Debug)]
pub(crate) struct Written {
    text: String,
    /// Newest first.
    lasts: [Last; N_REMEMBERED],
}

impl Written {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), lasts: [Last::Nothing; N_REMEMBERED] }
    }

    pub(crate) fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// Writes punctuation. Equal tuples or lists that follow each other become one.
    pub(crate) fn mark(&mut self, mark: char) {
        self.text.push(mark);
        let group = match mark {
            ')' => "(<*>)",
            ']' => "[<*>]",
            '}' => "{<*>}",
            _ => return,
        };
        let Some(rest) = self.text.strip_suffix(group) else { return };
        let first = rest.trim_end_matches([',', ';', ' ']);
        if rest.len() - first.len() <= 2 && first.ends_with(group) {
            let end = first.len();
            self.text.truncate(end);
            self.lasts = [Last::Mask { end: end - 1 }, Last::Nothing, Last::Nothing];
        }
    }

    /// Writes a mask, or lets the one before stand for both.
    pub(crate) fn mask(&mut self) {
        while let [Last::Word { start, end }, second, third] = self.lasts {
            if !is_calendar(between(&self.text, start, end)) || !is_date_gap(after(&self.text, end)) {
                break;
            }
            self.text.truncate(start);
            self.lasts = [second, third, Last::Nothing];
        }
        if let [Last::Mask { end }, ..] = self.lasts
            && is_list_gap(after(&self.text, end))
        {
            self.text.truncate(end);
            return;
        }
        self.text.push_str(MASK);
        self.remember(Last::Mask { end: self.text.len() });
    }

    /// Writes a word, unless it is the unit of what is masked before it or the rest of a date.
    pub(crate) fn word(&mut self, word: &str) {
        if let [Last::Mask { end }, ..] = self.lasts {
            let gap = after(&self.text, end);
            if (gap.len() <= 1 && gap.trim_ascii().is_empty() && is_unit(word)) || (is_date_gap(gap) && is_calendar(word)) {
                self.text.truncate(end);
                return;
            }
        }
        let start = self.text.len();
        self.text.push_str(word);
        self.remember(Last::Word { start, end: self.text.len() });
    }

    /// Writes a quoted name.
    pub(crate) fn quoted(&mut self, quote: char, name: &str) {
        self.text.push(quote);
        self.text.push_str(name);
        self.text.push(quote);
        self.remember(Last::Nothing);
    }

    /// The word just before, if only blanks and opening punctuation follow it.
    pub(crate) fn previous_word(&self) -> &str {
        match self.lasts {
            [Last::Word { start, end }, ..] if is_opening_gap(after(&self.text, end)) => between(&self.text, start, end),
            _ => "",
        }
    }

    pub(crate) fn last_byte(&self) -> Option<u8> {
        self.text.as_bytes().last().copied()
    }

    pub(crate) fn ends_with_mask(&self) -> bool {
        self.text.ends_with(MASK)
    }

    pub(crate) fn is_after_noun(&self) -> bool {
        is_noun(self.previous_word())
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_ascii_end().len());
        self.text
    }

    fn remember(&mut self, last: Last) {
        let [first, second, _] = self.lasts;
        self.lasts = [last, first, second];
    }
}

fn is_list_gap(gap: &str) -> bool {
    gap.len() <= 3 && gap.bytes().all(|b| matches!(b, b' ' | b',' | b';' | b':' | b'/' | b'|' | b'-' | b'.' | b'+' | b'@' | b'#' | b'&'))
}

fn is_date_gap(gap: &str) -> bool {
    gap.len() <= 2 && gap.bytes().all(|b| matches!(b, b' ' | b',' | b'-' | b'/'))
}

fn is_opening_gap(gap: &str) -> bool {
    gap.len() <= 3 && gap.bytes().all(|b| matches!(b, b' ' | b':' | b'=' | b'(' | b'['))
}
