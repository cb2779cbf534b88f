//! How a line of a text log begins: time, level, thread, logger and their kin, in the orders that loggers write them.

use std::sync::LazyLock;

use regex::Regex;

use crate::decode::joined::start_of;
use crate::decode::log_text::pattern;
use crate::normalize::{severity, thrown};

/// The beginning of a line, taken apart.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) time: Option<&'a str>,
    pub(crate) level: Option<&'a str>,
    pub(crate) thread: Option<&'a str>,
    /// What stood in brackets before the thread.
    pub(crate) context: Option<&'a str>,
    pub(crate) logger: Option<&'a str>,
    pub(crate) process: Option<&'a str>,
    pub(crate) request: Option<&'a str>,
    pub(crate) message: &'a str,
}

/// Time or level end within this.
const BEGIN_BYTES_MAX: usize = 256;
/// A beginning has fewer parts than this.
const N_PARTS_MAX: usize = 24;
/// What stands in brackets is no longer than this.
const BRACKET_BYTES_MAX: usize = 200;

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^(?:
          \d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|\ ?(?:UTC|GMT|[WCE]ES?T|[EM][SD]T)\b|\ ?[+-]\d\d:?\d\d)?
        | \d{4}/\d\d/\d\d\ \d\d:\d\d:\d\d(?:[.,]\d+)?
        | \d\d-[A-Z][a-z]{2}-\d{4}\ \d\d:\d\d:\d\d(?:\.\d+)?
        | \d\d/[A-Z][a-z]{2}/\d{4}[\ :]\d\d:\d\d:\d\d(?:\ [+-]\d{4})?
        | [A-Z][a-z]{2}\ [A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d(?:\.\d+)?\ \d{4}
        | [A-Z][a-z]{2}\ \d{1,2},\ \d{4}\ \d{1,2}:\d\d:\d\d[\ \u{202f}][AP]M
        | \d\d:\d\d:\d\d[.,]\d{3,9}
        )",
    )
});
static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
});
/// Python without a format: `ERROR:shop.cart:message`.
static BASIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?<logger>[\w.]{1,200}):")
});

/// How a line begins a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Time,
    Level,
}

/// Whether and how a line begins a record.
pub(super) fn begin(line: &str) -> Option<Begin> {
    let line = start_of(line, BEGIN_BYTES_MAX);
    if time_at(without_letter(line).trim_start_matches('[')).is_some() {
        return Some(Begin::Time);
    }
    (BASIC.is_match(line) || severity::in_text(line).is_some() && !line.starts_with(' '))
        .then_some(Begin::Level)
}

/// Ruby writes its level twice, first as a letter.
fn without_letter(line: &str) -> &str {
    match line.split_at_checked(3) {
        Some((letter, rest)) if letter.ends_with(", ") && rest.starts_with('[') => rest,
        _ => line,
    }
}

/// The time that a text begins with.
fn time_at(text: &str) -> Option<&str> {
    let first = *text.as_bytes().first()?;
    if !first.is_ascii_alphanumeric() {
        return None;
    }
    let time = TIME.find(text)?.as_str();
    // A column of a table is no line's beginning.
    let is_closed = !text.get(time.len()..)?.starts_with(|c: char| c.is_alphanumeric() || c == ';');
    is_closed.then_some(time)
}

impl<'a> Head<'a> {
    /// Takes a text apart; `None` where it begins with neither time nor level.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        if let Some(parts) = BASIC.captures(text) {
            let part = |name: &str| parts.name(name).map(|part| part.as_str());
            let (level, logger) = (part("level"), part("logger"));
            let message =
                parts.get(0).and_then(|whole| text.get(whole.end()..)).unwrap_or_default();
            return Some(Self { level, logger, message, ..Self::default() });
        }
        begin(text)?;
        let mut head = Self { message: without_letter(text), ..Self::default() };
        for _ in 0..N_PARTS_MAX {
            if !head.take_part() {
                break;
            }
        }
        head.settle();
        Some(head)
    }

    /// Takes one part from the front of what is left; whether another may follow.
    fn take_part(&mut self) -> bool {
        let rest = self.message.trim_start_matches([' ', '\t', ']', ')']);
        self.message = rest;
        let skip = |n_bytes: usize| rest.get(n_bytes..).unwrap_or_default();
        for rule in ["--- ", "-- "] {
            if rest.starts_with(rule) {
                self.message = skip(rule.len());
                return true;
            }
        }
        if rest.starts_with(['-', '|', ':', ','])
            && (rest.len() == 1 || skip(1).starts_with([' ', '\t']))
        {
            self.message = skip(1).trim_start_matches([' ', '\t']);
            return !self.is_full() || self.logger.is_none() && self.take_logger();
        }
        if self.time.is_none()
            && let Some(time) = time_at(rest)
        {
            (self.time, self.message) = (Some(time), skip(time.len()));
            return true;
        }
        if let Some(inner) = rest.strip_prefix(['[', '(']) {
            return self.take_bracket(rest, inner);
        }
        self.take_level() || self.take_number() || self.take_request() || self.take_logger()
    }

    fn is_full(&self) -> bool {
        self.time.is_some() && self.level.is_some()
    }

    fn take_bracket(&mut self, whole: &'a str, inner: &'a str) -> bool {
        if self.time.is_none() && time_at(inner.trim_start()).is_some() {
            self.message = inner;
            return true;
        }
        let close = if whole.starts_with('[') { ']' } else { ')' };
        let Some((content, after)) = inner.split_once(close) else { return false };
        let content = content.trim();
        let is_level = severity::of_level(content).is_some() && content.parse::<u16>().is_err();
        if self.level.is_none() && is_level {
            (self.level, self.message) = (Some(content), after);
        } else if let Some((module, level)) = self.level_of_module(content) {
            (self.level, self.message) = (Some(level), after);
            self.logger = Some(module).filter(|module| !module.is_empty());
        } else if content.is_empty()
            || content.len() > BRACKET_BYTES_MAX
            || close == ')'
            || self.context.is_some()
        {
            return false;
        } else if self.process.is_none() && is_number(content) {
            (self.process, self.message) = (Some(content), after);
        } else {
            (self.context, self.thread) = (self.thread, Some(content));
            self.message = after;
        }
        true
    }

    /// Apache writes the level behind the module: `[core:error]`, `[:notice]`.
    fn level_of_module<'c>(&self, content: &'c str) -> Option<(&'c str, &'c str)> {
        let (module, level) = content.split_once(':')?;
        let is_name = |text: &str| {
            text.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'0'..=b'9'))
        };
        let is_level =
            level.bytes().any(|b| b.is_ascii_lowercase()) && severity::of_level(level).is_some();
        let is_it = self.time.is_some() && self.level.is_none() && is_level;
        (is_it && is_name(module) && is_name(level)).then_some((module, level))
    }

    /// A level in capitals, or one that a colon closes; Celery writes its process behind it.
    fn take_level(&mut self) -> bool {
        if self.level.is_some() {
            return false;
        }
        let rest = self.message;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let Some((word, after)) = rest.split_at_checked(end) else { return false };
        let is_loud = word.len() > 1 && !word.bytes().any(|byte| byte.is_ascii_lowercase());
        let is_closed = word.len() > 1 && after.starts_with(':') && !after.starts_with("::");
        let is_listed = self.time.is_some()
            && word.len() > 1
            && after.trim_start_matches(' ').starts_with(['|', ']']);
        let is_level = word.parse::<u16>().is_err() && severity::of_level(word).is_some();
        if !is_level || !(is_loud || is_closed || is_listed) {
            return false;
        }
        self.level = Some(word);
        self.message = after;
        if let Some((process, after)) =
            after.strip_prefix('/').and_then(|after| after.split_once(']'))
        {
            (self.thread, self.message) = (Some(process), after);
        }
        true
    }

    /// A process's number, with or without a hash.
    fn take_number(&mut self) -> bool {
        let rest = self.message;
        let inner = rest.strip_prefix('#').unwrap_or(rest);
        let end = inner.find([' ', ']', ':']).unwrap_or(inner.len());
        let Some((number, after)) = inner.split_at_checked(end) else { return false };
        // Behind everything else a number is the message's.
        let is_inside = !self.is_full() || after.trim_start().starts_with("---");
        if self.time.is_none() || self.process.is_some() || !is_inside || !is_number(number) {
            return false;
        }
        (self.process, self.message) = (Some(number), after);
        true
    }

    fn take_request(&mut self) -> bool {
        let request = REQUEST.find(self.message).map(|found| found.as_str());
        let Some(request) = request.filter(|_| self.time.is_some() && self.request.is_none())
        else {
            return false;
        };
        self.request = Some(request);
        self.message = self.message.get(request.len()..).unwrap_or_default();
        true
    }

    /// A word that a separator closes. What a colon closes at once must look like a path of names.
    fn take_logger(&mut self) -> bool {
        if self.logger.is_some() || self.time.is_none() && self.level.is_none() {
            return false;
        }
        let rest = self.message;
        let end = rest.find([' ', '\t', '\n', ']']).unwrap_or(rest.len());
        let Some((word, after)) = rest.split_at_checked(end) else { return false };
        let is_word = word.len() <= BRACKET_BYTES_MAX
            // A word without letters is rather an address.
            && word.contains(char::is_alphabetic)
            && word.chars().all(|c| c.is_alphanumeric() || "._$:/-#@*<>".contains(c));
        let name = word.trim_end_matches(':');
        let is_path = name.contains(['.', '/', '_', '$']) || name.contains("::");
        let after_gap = after.trim_start_matches([' ', '\t']);
        let is_separated =
            ["- ", ": ", "| "].iter().any(|rule| after_gap.starts_with(rule)) || after_gap == "-";
        // `java.io.IOException: gone` says what was thrown.
        let is_thrown = word.ends_with(':') && thrown::is_error_name(name);
        let is_logger = is_word
            && !name.is_empty()
            && !is_thrown
            && (word.ends_with(':') && is_path && self.level.is_some()
                || is_separated && name.len() == word.len()
                || after.starts_with(']') && is_path);
        if is_logger {
            (self.logger, self.message) = (Some(name), after);
        }
        is_logger && !(word.ends_with(':') && self.is_full())
    }

    /// What stood in brackets behind the level, without a logger after it, is one itself unless it reads like a thread.
    fn settle(&mut self) {
        self.message = self.message.trim_start_matches([' ', '\t']);
        // Rails tags a message with its request.
        if let Some(inner) = self.message.strip_prefix('[')
            && let Some(request) = REQUEST.find(inner).filter(|_| self.request.is_none())
            && let Some(after) = inner.get(request.end()..).and_then(|rest| rest.strip_prefix("] "))
        {
            (self.request, self.message) = (Some(request.as_str()), after);
        }
        let Some(thread) = self.thread.filter(|_| self.logger.is_none() && self.level.is_some())
        else {
            return;
        };
        let reads_like_one = ["main", "thread", "pool", "exec", "worker", "process"]
            .iter()
            .any(|word| thread.to_ascii_lowercase().contains(word));
        if !reads_like_one {
            (self.logger, self.thread) = (Some(thread), self.context.take());
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
