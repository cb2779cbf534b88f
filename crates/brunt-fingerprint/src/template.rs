//! The message template: a message with everything masked that one happening has and the next has not.
//!
//! Masked with `<*>` are addresses (URL, host, e-mail, IP, path), identifiers (UUID, hexadecimal, any word with a
//! digit), times, amounts with their unit, quoted text, values after `=`, names of users behind words such as `for user`,
//! lists of single words after a colon, and what databases print in brackets of a key: `Key (name)=(Joe)`. What stands in
//! parentheses behind a mask and is masked says it again.
//! Kept are error codes, numbers of errors at the start, behind `error` and behind a type, types of errors in such lists,
//! statuses after `status`, `code`, `http` or `errno`, names such as `utf8` and `sha256`, quoted names after a word of
//! programming such as `column`, and the first sentence of a list, as validators have them for a field:
//! `{'age': ['Not a valid integer.']}`. Neighbouring masks become one, so that a list of three reads like a list of five.

mod recognize;
mod written;

use crate::codes::{
    is_error_code, is_filled_up, is_numbered, is_short_code, is_short_number, is_sqlstate,
    is_status,
};
use crate::text::{after, before, between, byte, cap};
use crate::unwrap::strip_controls;

pub(crate) use written::MASK;

use recognize::{Introduction, is_address, is_allowed, is_hex, is_path};
use written::Written;

/// Text read of a message.
const BYTES_MAX: usize = 64 * 1024;

/// Longest that brackets in a value and quotes of print may be, which bounds the work where they stay open.
const BRACKETS_BYTES_MAX: usize = 256;

/// Masks what changes from one happening to the next. Empty for an empty message; a template's template is itself.
pub fn template(message: &str) -> String {
    let message = cap(message, BYTES_MAX);
    let stripped = strip_controls(message);
    let text = stripped.as_deref().unwrap_or(message);
    let mut scanner =
        Scanner { text, at: 0, out: Written::with_capacity(text.len()), unclosed: [false; 3] };
    while let Some(b) = byte(text, scanner.at) {
        scanner.step(b);
    }
    scanner.out.finish()
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    out: Written,
    /// For each kind of quote, whether it is known not to close again before the end.
    unclosed: [bool; 3],
}

impl Scanner<'_> {
    fn step(&mut self, b: u8) {
        match b {
            b'"' | b'\'' | b'`' => self.quote(b, false),
            b'=' => self.value(),
            b'\\' => self.backslash(),
            b'(' if self.out.introduces_value() => self.bracketed(),
            b'<' if after(self.text, self.at).starts_with(MASK) => {
                self.mask_to(self.at + MASK.len());
            }
            // `<1 sec` is an amount as `2 sec` is.
            b'<' if self.is_limit() => self.at += 1,
            b if is_blank(b) => {
                self.out.space();
                self.at += 1;
            }
            b if is_word(b) => self.word(),
            b => {
                self.out.mark(char::from(b));
                self.at += 1;
            }
        }
    }

    fn mask_to(&mut self, end: usize) {
        self.out.mask();
        self.at = end;
    }

    fn previous(&self) -> Option<u8> {
        self.at.checked_sub(1).and_then(|at| byte(self.text, at))
    }

    /// Where a run of bytes from `start` ends.
    fn end_of(&self, start: usize, is_part: impl Fn(u8) -> bool) -> usize {
        start + after(self.text, start).bytes().take_while(|b| is_part(*b)).count()
    }

    /// Whether the `<` here stands before a number, and begins no tag.
    fn is_limit(&self) -> bool {
        let end = self.end_of(self.at + 1, is_word);
        byte(self.text, self.at + 1).is_some_and(|b| b.is_ascii_digit())
            && byte(self.text, end) != Some(b'>')
            && self.previous().is_none_or(|b| is_blank(b) || b == b'(')
    }

    fn word(&mut self) {
        let start = self.at;
        if let Some(end) = self.end_of_curly().or_else(|| self.end_of_user()) {
            return self.mask_to(end);
        }
        if let Some(n_letters) = self.plain_word() {
            let end = start + n_letters;
            let word = between(self.text, start, end);
            self.at = end;
            return match byte(self.text, end) {
                Some(b'=') => self.out.name(word),
                _ => self.out.word(word),
            };
        }
        if self.is_drive() {
            return self.mask_to(self.end_of(start, |b| {
                !is_blank(b)
                    && !matches!(
                        b,
                        b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b',' | b';' | b')' | b']'
                    )
            }));
        }
        let end = self.end_of(start, is_word);
        let word = between(self.text, start, end);
        let is_scheme = |colon: &usize| {
            after(word, *colon).starts_with("://")
                && colon
                    .checked_sub(1)
                    .and_then(|at| byte(word, at))
                    .is_some_and(|b| b.is_ascii_alphanumeric())
        };
        if let Some(colon) = memchr::memchr_iter(b':', word.as_bytes()).find(is_scheme) {
            return self.url(start, start + colon);
        }
        // What touches a mask is a part of what was masked, and no address by itself.
        let is_free = !self.out.ends_with_mask() && !after(self.text, end).starts_with(MASK);
        self.judge(word, is_free);
        self.at = end;
    }

    /// Where the text ends that is quoted as print does: `“report.txt”`, `„Bericht“`, `«rapport»`.
    fn end_of_curly(&self) -> Option<usize> {
        let rest = after(self.text, self.at);
        let open = rest.chars().next()?;
        let closings = match open {
            '\u{201c}' => &['\u{201d}'][..],
            '\u{201e}' => &['\u{201c}', '\u{201d}'],
            '\u{ab}' => &['\u{bb}'],
            _ => return None,
        };
        let open = open.len_utf8();
        let content = cap(after(rest, open), BRACKETS_BYTES_MAX);
        let len = content.find(closings)?;
        let closing = after(content, len).chars().next().map_or(0, char::len_utf8);
        Some(self.at + open + len + closing)
    }

    /// Bytes of a word of letters alone, which is most of them, and none of the few that are masked all the same.
    fn plain_word(&self) -> Option<usize> {
        let rest = after(self.text, self.at);
        let n_letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let letters = before(rest, n_letters);
        let is_end = byte(rest, n_letters).is_none_or(|b| !is_word(b));
        let is_masked = letters == "localhost" || (n_letters >= 8 && is_hex(letters));
        (n_letters > 0 && is_end && !is_masked).then_some(n_letters)
    }

    /// Where the word here ends, if it is somebody's name: `for user bob.`, `invalid user bob from`. Only what stays as it
    /// is in the template tells.
    fn end_of_user(&self) -> Option<usize> {
        let introduction = self.out.user_introduction()?;
        let end = self.end_of(self.at, is_word);
        let word = between(self.text, self.at, end);
        let name = word.trim_end_matches(['.', ':']);
        let rest = without_blanks(after(self.text, end));
        let n_letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let is_word = byte(rest, n_letters).is_none_or(is_blank);
        let is_place =
            is_word && matches!(before(rest, n_letters), "from" | "by" | "at" | "port" | "via");
        let is_mark = rest.starts_with(['[', '(', ')']);
        let ends_sentence = name.len() < word.len() && byte(self.text, end).is_none_or(is_blank);
        let is_end = rest.is_empty() || ends_sentence;
        let is_closed = is_place || is_mark || (introduction == Introduction::Name && is_end);
        (is_closed && recognize::is_user(name)).then_some(self.at + name.len())
    }

    /// Masks a word as a whole or by parts; full stops and colons at its end are the sentence's.
    fn judge(&mut self, word: &str, is_free: bool) {
        let kept = word.trim_end_matches(['.', ':']);
        let marks = after(word, kept.len());
        if self.is_code(kept, marks) {
            self.out.word(kept);
        } else if is_free && (is_address(kept) || is_path(kept)) {
            self.out.mask();
        } else {
            self.parts(kept);
        }
        self.marks(marks);
    }

    /// Whether a word is the error's code: `NG0203: inject() must be called…`, `error BC30451: …`. In a sentence such a
    /// word is an id, and alone it may be one, unless zeros fill it up.
    fn is_code(&self, word: &str, marks: &str) -> bool {
        let is_last =
            || after(self.text, self.at + word.len() + marks.len()).trim_ascii().is_empty();
        is_numbered(word)
            && (marks == ":" || (is_filled_up(word) && is_last()))
            && (self.out.is_place_of_code() || (self.out.is_empty() && is_short_code(word)))
    }

    fn is_alphanumeric(&self, at: usize) -> bool {
        byte(self.text, at).is_some_and(|b| b.is_ascii_alphanumeric() || b >= 0x80)
    }

    /// `C:\folder` or `C:/folder`.
    fn is_drive(&self) -> bool {
        byte(self.text, self.at).is_some_and(|b| b.is_ascii_alphabetic())
            && byte(self.text, self.at + 1) == Some(b':')
            && match byte(self.text, self.at + 2) {
                Some(b'\\') => true,
                Some(b'/') => byte(self.text, self.at + 3) != Some(b'/'),
                _ => false,
            }
    }

    /// From the scheme up to a blank, a quote or an angle bracket, less punctuation of the sentence.
    fn url(&mut self, start: usize, colon: usize) {
        let head = between(self.text, start, colon);
        let scheme = head
            .bytes()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            .count();
        self.judge(between(self.text, start, colon - scheme), false);
        let end = self.end_of(colon, |b| {
            !is_blank(b) && !matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\')
        });
        let url = between(self.text, colon - scheme, end)
            .trim_end_matches(['.', ',', ';', ':', '!', ')', ']', '}']);
        self.mask_to((colon + 3).max(colon - scheme + url.len()));
    }

    /// A word that is not masked as a whole is judged part by part.
    fn parts(&mut self, word: &str) {
        if word.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("http/"))
            && byte(word, 5).is_some_and(|b| b.is_ascii_digit())
        {
            return self.out.word(word);
        }
        let mut separator = ' ';
        let mut rest = word;
        while !rest.is_empty() {
            let end = rest.find([':', '/', '#', '@']).unwrap_or(rest.len());
            let part = before(rest, end);
            let kept = part.trim_end_matches('.');
            self.part(kept, separator);
            self.marks(after(part, kept.len()));
            let mut tail = after(rest, end).chars();
            if let Some(next) = tail.next() {
                self.out.mark(next);
                separator = next;
            }
            rest = tail.as_str();
        }
    }

    fn part(&mut self, part: &str, separator: char) {
        if part.bytes().any(|b| b.is_ascii_digit()) {
            let previous = self.out.previous_word();
            if is_allowed(part)
                || is_error_code(part)
                || is_status(previous, part)
                || is_sqlstate(previous, part)
                || (is_short_number(part) && self.out.numbers_error())
            {
                self.out.word(part);
            } else {
                self.out.mask();
            }
        } else if is_hex(part) && (part.len() >= 8 || (separator == '@' && part.len() >= 4)) {
            self.out.mask();
        } else if part.bytes().any(|b| b.is_ascii_alphanumeric() || b >= 0x80) {
            self.out.word(part);
        } else {
            self.marks(part);
        }
    }

    fn marks(&mut self, marks: &str) {
        for mark in marks.chars() {
            self.out.mark(mark);
        }
    }

    /// What follows `name=` is a value, whatever it looks like.
    fn value(&mut self) {
        let is_named = self.previous().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
        self.out.mark('=');
        self.at += 1;
        let Some(next) = byte(self.text, self.at).filter(|_| is_named) else { return };
        match next {
            b'"' | b'\'' | b'`' => self.quote(next, true),
            b'=' | b'>' | b'~' | b'<' | b'[' | b'{' | b'(' => {}
            next if is_blank(next) => {}
            _ => {
                let end = self.end_of_value();
                let value = between(self.text, self.at, end);
                if is_status(self.out.previous_word(), value) {
                    self.out.word(value);
                    self.at = end;
                } else if end > self.at {
                    self.mask_to(end);
                }
            }
        }
    }

    /// A value in brackets of its own. One that stays open is read as it comes.
    fn bracketed(&mut self) {
        let end = self.end_of_brackets(self.at);
        self.out.mark('(');
        self.at += 1;
        if let Some(end) = end {
            self.mask_to(end - 1);
        }
    }

    /// Where the value that begins here ends: with a blank or what parts values, outside the brackets that it opens
    /// itself, as `WorkSource{10113 com.acme}` does.
    fn end_of_value(&self) -> usize {
        let is_part = |b: u8| {
            !is_blank(b)
                && !matches!(
                    b,
                    b',' | b';'
                        | b'('
                        | b'['
                        | b'{'
                        | b')'
                        | b']'
                        | b'}'
                        | b'"'
                        | b'\''
                        | b'`'
                        | b'|'
                        | b'&'
                        | b'<'
                        | b'>'
                )
        };
        let mut end = self.end_of(self.at, is_part);
        // `cause=Io(NotFound)` says which error it is.
        if recognize::is_cause(self.out.previous_word()) {
            return end;
        }
        while let Some(closed) = self.end_of_brackets(end) {
            end = self.end_of(closed, is_part);
        }
        end
    }

    /// Behind the bracket that closes the one at a place; `None` where none opens there or it stays open for long.
    fn end_of_brackets(&self, start: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (idx, b) in after(self.text, start).bytes().take(BRACKETS_BYTES_MAX).enumerate() {
            match b {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 {
                return (idx > 0).then_some(start + idx + 1);
            }
        }
        None
    }

    /// Quoted text is masked, but for a name after a word of programming and a sentence in a list. A quote that never
    /// closes is a character.
    fn quote(&mut self, quote: u8, is_value: bool) {
        let Some(end) = self.closing(quote, is_value) else {
            self.out.mark(char::from(quote));
            self.at += 1;
            return;
        };
        let content = between(self.text, self.at + 1, end).trim_end_matches('\\');
        if !is_value && self.out.is_after_noun() && recognize::is_name(content) {
            self.out.quoted(char::from(quote), content);
            self.at = end + 1;
            return;
        }
        if self.out.last_byte() == Some(b'[') && recognize::is_sentence(content) {
            // What is masked of it may be how it begins or ends.
            let masked = template(content);
            if recognize::is_sentence(&masked) {
                self.out.quoted(char::from(quote), &masked);
                self.at = end + 1;
                return;
            }
        }
        self.mask_to(end + 1);
    }

    /// The place of the quote that closes the one here. An apostrophe opens only where a word could, and closes only
    /// where one ends.
    fn closing(&mut self, quote: u8, is_value: bool) -> Option<usize> {
        let opens = |b: u8| {
            is_blank(b)
                || matches!(b, b'(' | b'[' | b'{' | b',' | b':' | b';' | b'|' | b'/' | b'\\')
        };
        if quote == b'\'' && !is_value && !self.out.last_byte().is_none_or(opens) {
            return None;
        }
        let kind = usize::from(quote == b'"') + 2 * usize::from(quote == b'`');
        if self.unclosed.get(kind).copied().unwrap_or(false) {
            return None;
        }
        let closes = |at: &usize| {
            quote != b'\''
                || (!self.is_alphanumeric(*at + 1) && byte(self.text, *at + 1) != Some(b'<'))
        };
        let start = self.at + 1;
        let found = memchr::memchr_iter(quote, after(self.text, start).as_bytes())
            .map(|at| start + at)
            .find(closes);
        if let (None, Some(unclosed)) = (found, self.unclosed.get_mut(kind)) {
            *unclosed = true;
        }
        found
    }

    /// Escaped line ends are blanks, escaped quotes are quotes, and two backslashes before a name begin a path.
    fn backslash(&mut self) {
        let end = self.end_of(self.at, |b| b == b'\\');
        match byte(self.text, end) {
            Some(b'n' | b'r' | b't') => {
                self.out.space();
                self.at = end + 1;
            }
            Some(b'"' | b'\'' | b'`') => self.at = end,
            Some(b) if end - self.at > 1 && b.is_ascii_alphanumeric() => {
                self.mask_to(self.end_of(end, |b| is_word(b) || b == b'\\'));
            }
            _ => {
                self.out.mark('\\');
                self.at = end;
            }
        }
    }
}

/// Text without the blanks at its start, escaped line ends among them.
fn without_blanks(text: &str) -> &str {
    let mut rest = text.trim_start_matches(|c: char| u8::try_from(c).is_ok_and(is_blank));
    while let Some(escaped) = rest.strip_prefix('\\') {
        let Some(behind) = escaped.trim_start_matches('\\').strip_prefix(['n', 'r', 't']) else {
            break;
        };
        rest = behind.trim_start_matches(|c: char| u8::try_from(c).is_ok_and(is_blank));
    }
    rest
}

fn is_blank(b: u8) -> bool {
    b <= b' ' || b == 0x7f
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || b >= 0x80
        || matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b'@' | b'#' | b'$' | b'%' | b'+' | b'~')
}

#[cfg(test)]
mod tests;
