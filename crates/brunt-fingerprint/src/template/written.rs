//! The template as it is written: masks swallow their neighbours, and blanks become one.

use crate::codes;
use crate::header::has_error_suffix;
use crate::template::is_word;
use crate::template::recognize::{Introduction, introduction, is_calendar, is_noun, is_unit};
use crate::text::{after, before, between, last_part};

/// What stands for everything masked.
pub(crate) const MASK: &str = "<*>";

/// How many things back a rule looks: `for` and `user` before a name.
const N_REMEMBERED: usize = 2;

/// What stands between the items of a list, of which a mask needs no more than one.
const LIST_GAP: [char; 12] = [' ', ',', ';', ':', '/', '|', '-', '.', '+', '@', '#', '&'];

/// Longest record that is compared with the one before it, which bounds the work on nested brackets.
const ELEMENT_BYTES_MAX: usize = 1024;

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
    /// Brackets that are open, with the start of what they belong to.
    opened: Vec<(usize, char)>,
}

impl Written {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            lasts: [Last::Nothing; N_REMEMBERED],
            opened: Vec::new(),
        }
    }

    pub(crate) fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// Writes punctuation. A bracket that closes may show that what it ends is a value, or the same as the one before.
    pub(crate) fn mark(&mut self, mark: char) {
        let opening = match mark {
            '(' | '[' | '{' => {
                self.opened.push((self.text.len(), mark));
                None
            }
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            _ => None,
        };
        self.text.push(mark);
        if let Some(opening) = opening {
            match self.opened.pop().filter(|(_, open)| *open == opening) {
                Some((at, _)) => self.close(at),
                None => self.opened.clear(),
            }
        }
    }

    /// Closes what was opened at a place.
    fn close(&mut self, open_at: usize) {
        // `1047 bytes (1.02 KB)` says a value twice, `10.0.0.1 ()` has nothing to say: neither is more than a value.
        let says_nothing = matches!(after(&self.text, open_at), "(<*>)" | "()");
        if let Some(value) = before(&self.text, open_at).strip_suffix(' ')
            && says_nothing
            && value.ends_with(MASK)
        {
            let end = value.len();
            self.text.truncate(end);
            self.lasts = [Last::Mask { end }, Last::Nothing];
            return;
        }
        if after(&self.text, open_at).starts_with('[') && self.holds_values(open_at) {
            self.text.truncate(open_at + 1);
            self.text.push_str(MASK);
            self.lasts = [Last::Mask { end: self.text.len() }, Last::Nothing];
            self.text.push(']');
        }
        // `Item(id=<*>), Item(id=<*>)` becomes one item, so that a list's length does not show.
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$');
        let start = open_at - before(&self.text, open_at).bytes().rev().take_while(is_name).count();
        let element = after(&self.text, start);
        let first = before(&self.text, start).trim_end_matches([',', ';', ' ']);
        let end = first.len();
        if element.len() <= ELEMENT_BYTES_MAX && start - end <= 2 && first.ends_with(element) {
            self.text.truncate(end);
            self.lasts = [Last::Nothing; N_REMEMBERED];
        }
    }

    /// Whether what was opened at a place holds values: anything plain after `name=`, a list of single words after
    /// `name: `. There may be one of them or many, so no other rule would see that a list of one is a list. What says
    /// which error it is stays: `causes: [java.net.ConnectException]`, `code: [404]`.
    fn holds_values(&self, open_at: usize) -> bool {
        let head = before(&self.text, open_at);
        let content = between(&self.text, open_at + 1, self.text.len() - 1);
        if head.ends_with('=') {
            return !content.contains(['[', '{', '(', '=']);
        }
        let Some(name) = head.strip_suffix(' ').unwrap_or(head).strip_suffix(':') else {
            return false;
        };
        let is_item = |item: &str| {
            let item = item.trim_ascii();
            let is_plain = |b: u8| is_word(b) || matches!(b, b'<' | b'*' | b'>');
            !item.is_empty() && item.bytes().all(is_plain) && !has_error_suffix(item)
        };
        let word = last_part(name, |b| !(b.is_ascii_alphanumeric() || b == b'_'));
        (content.is_empty() || content.split(',').all(is_item))
            && codes::find(after(&self.text, name.len() - word.len())).is_none()
    }

    /// Writes a mask, or lets the one before stand for both.
    pub(crate) fn mask(&mut self) {
        let start = start_of_date(&self.text);
        if start < self.text.len() {
            self.text.truncate(start);
            // However many words stood between, what is left may end with a mask.
            let end = self.text.trim_end_matches(LIST_GAP).len();
            let last = before(&self.text, end).ends_with(MASK).then_some(Last::Mask { end });
            self.lasts = [last.unwrap_or(Last::Nothing), Last::Nothing];
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
            if (gap.len() <= 1 && gap.trim_ascii().is_empty() && is_unit(word))
                || (is_date_gap(gap) && is_calendar(word))
            {
                self.text.truncate(end);
                return;
            }
        }
        self.name(word);
    }

    /// Writes a word that is no unit, whatever it looks like: `min=`.
    pub(crate) fn name(&mut self, word: &str) {
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
            [Last::Word { start, end }, ..] if is_opening_gap(after(&self.text, end)) => {
                between(&self.text, start, end)
            }
            _ => "",
        }
    }

    pub(crate) fn last_byte(&self) -> Option<u8> {
        self.text.as_bytes().last().copied()
    }

    pub(crate) fn ends_with_mask(&self) -> bool {
        self.text.ends_with(MASK)
    }

    /// A key of data is data, and one of an array is in the program.
    pub(crate) fn is_after_noun(&self) -> bool {
        let word = self.previous_word();
        let above = match self.lasts {
            [_, Last::Word { start, end }] => between(&self.text, start, end),
            _ => "",
        };
        is_noun(word) || (word == "key" && above == "array")
    }

    /// How surely a name of somebody is what comes next: `for user `, `invalid user (`.
    pub(crate) fn user_introduction(&self) -> Option<Introduction> {
        let [Last::Word { start: user, end }, Last::Word { start, end: gap }] = self.lasts else {
            return None;
        };
        let is_user = between(&self.text, user, end).eq_ignore_ascii_case("user")
            && between(&self.text, gap, user) == " "
            && matches!(after(&self.text, end), " " | " (");
        introduction(between(&self.text, start, gap)).filter(|_| is_user)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether what comes next stands where errors have their code: behind `error` or a type, `Error: P2002:`. First in a
    /// message orders have theirs, too.
    pub(crate) fn is_place_of_code(&self) -> bool {
        has_error_suffix(self.previous_word())
    }

    /// Whether a number that comes next is the error's: `MySQL error 1213`, `React error #418`. What is called an error
    /// of the system, `os error 111`, has another number on each.
    pub(crate) fn numbers_error(&self) -> bool {
        let [Last::Word { start, end }, above] = self.lasts else { return false };
        let is_system =
            matches!(above, Last::Word { start, end } if between(&self.text, start, end) == "os");
        matches!(after(&self.text, end), " " | " #")
            && between(&self.text, start, end).eq_ignore_ascii_case("error")
            && !is_system
    }

    /// Whether a bracket that comes next holds a value: `Key (name)=(`, `The duplicate key value is (`.
    pub(crate) fn introduces_value(&self) -> bool {
        if self.text.ends_with(")=") {
            return true;
        }
        let [Last::Word { start: verb, end }, Last::Word { start, end: gap }] = self.lasts else {
            return false;
        };
        between(&self.text, gap, verb) == " "
            && after(&self.text, end) == " "
            && matches!(between(&self.text, verb, end), "is" | "was" | "are" | "were")
            && matches!(between(&self.text, start, gap), "value" | "values")
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_ascii_end().len());
        self.text
    }

    fn remember(&mut self, last: Last) {
        let [newest, _] = self.lasts;
        self.lasts = [last, newest];
    }
}

/// Where the weekday, month or time zone begins that a text ends with, and others before it; the text's end without
/// one.
fn start_of_date(text: &str) -> usize {
    let mut start = text.len();
    loop {
        let head = before(text, start);
        let named = head.trim_end_matches([' ', ',', '-', '/']);
        let word = last_part(named, |b| !b.is_ascii_alphabetic());
        let above = before(named, named.len() - word.len()).bytes().next_back();
        let is_whole = above.is_none_or(|b| !is_word(b) || matches!(b, b'-' | b'/'));
        if !is_whole || !is_date_gap(after(head, named.len())) || !is_calendar(word) {
            return start;
        }
        start = named.len() - word.len();
    }
}

fn is_list_gap(gap: &str) -> bool {
    gap.len() <= 3 && gap.chars().all(|c| LIST_GAP.contains(&c))
}

fn is_date_gap(gap: &str) -> bool {
    gap.len() <= 2 && gap.bytes().all(|b| matches!(b, b' ' | b',' | b'-' | b'/'))
}

fn is_opening_gap(gap: &str) -> bool {
    gap.len() <= 3 && gap.bytes().all(|b| matches!(b, b' ' | b':' | b'=' | b'(' | b'['))
}
