//! Lines of text that make one record: a stack trace stands below what was logged with it.

use std::borrow::Cow;

use brunt_model::table;

use crate::decode::log_text::begin;
use crate::decode::shape::Fields;
use crate::decode::{Halt, Place, each_text, plain};
use crate::detect::Head;
use crate::error::Error;
use crate::fill::{Filler, Refusal};
use crate::load::Load;
use crate::normalize::colours::uncoloured;
use crate::normalize::thrown;
use crate::read::{Source, Split};
use crate::value::{Scalar, Value};

/// A record is never longer; what is beyond that is cut off, and its length said.
const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// Lines that tell what an input is.
const N_LINES_LOOKED_AT: usize = 200;

/// A record of one or several lines.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub(crate) text: String,
    /// Its first line's number, from 1.
    pub(crate) line: u64,
    last_line: u64,
    /// Bytes that were cut off.
    pub(crate) n_cut: usize,
    /// Whether what was raised is still to come.
    in_traceback: bool,
    /// Whether it has a part of a stack trace already.
    has_frames: bool,
}

impl Joined {
    pub(crate) fn new(text: &str, line: u64) -> Self {
        let mut joined = Self { line, last_line: line, ..Self::default() };
        joined.in_traceback = thrown::is_traceback(text) || thrown::ends_with_traceback(text);
        joined.extend(text);
        joined
    }

    /// Adds a line, and the empty ones before it.
    pub(crate) fn push(&mut self, text: &str, line: u64) {
        for _ in 0..line.saturating_sub(self.last_line).clamp(1, 100) {
            self.extend("\n");
        }
        self.last_line = line;
        let goes_on = text.starts_with([' ', '\t']) && self.in_traceback;
        self.in_traceback = goes_on || thrown::is_traceback(text);
        self.has_frames = self.has_frames || thrown::is_continuation(text);
        self.extend(text);
    }

    /// Adds text to the last line.
    pub(crate) fn extend(&mut self, text: &str) {
        let n_free = RECORD_BYTES_MAX.saturating_sub(self.text.len());
        // Nothing follows what was cut.
        let kept = if self.n_cut > 0 { "" } else { start_of(text, n_free) };
        self.text.push_str(kept);
        self.n_cut += text.len() - kept.len();
    }

    /// Adds what another record has, from a line of its own.
    pub(crate) fn push_next(&mut self, next: &Self) {
        self.last_line = next.line.saturating_sub(1);
        self.push(&next.text, next.line);
        self.n_cut += next.n_cut;
    }

    /// Whether the name of an exception may follow: below a line that begins like a log's, or at a traceback's end.
    pub(crate) fn expects_exception(&self) -> bool {
        self.in_traceback || !self.has_frames && begin(&self.text).is_some()
    }

    pub(crate) fn is_one_line(&self) -> bool {
        self.last_line == self.line
    }
}

/// Rows of logs from joined lines.
#[derive(Debug)]
pub(crate) struct Logs {
    filler: Option<Filler<'static>>,
}

impl Logs {
    pub(crate) fn new(load: &Load<'_>) -> Self {
        Self { filler: table("logs").map(|table| Filler::new(table, None, load.aliases())) }
    }

    /// Appends what was read of a record, or rejects it.
    pub(crate) fn put<'a>(
        &mut self,
        joined: &'a Joined,
        read: Result<Fields<'a>, Refusal>,
        load: &mut Load<'_>,
    ) -> Result<(), Error> {
        let Some(filler) = &mut self.filler else { return Ok(()) };
        let table = filler.table();
        let outcome = read.map_err(Halt::from).and_then(|mut fields| {
            if joined.n_cut > 0 {
                let n_cut = Value::Leaf(Scalar::number(joined.n_cut));
                fields.push((Cow::Borrowed("truncated_bytes"), n_cut));
            }
            plain::append(filler, Value::Object(fields), load)
        });
        match outcome {
            Err(Halt::Fault(fault)) => {
                let place = Place { line: joined.line, column: Some(1) };
                load.reject(Some(table), place, fault.code, &fault.reason, joined.text.as_bytes())
            }
            Err(Halt::Error(error)) => Err(error),
            Ok(()) => Ok(()),
        }
    }
}

/// Of a line that begins as others do, what belongs to the stack trace above it, where a logger wrote each line of one as
/// a record; `message_of` says what was logged in a line.
pub(crate) fn of_trace_above<'t>(
    line: &'t str,
    above: &Joined,
    message_of: for<'l> fn(&'l str) -> Option<&'l str>,
) -> Option<&'t str> {
    // Most lines end in no way that such a line does, and taking them apart costs more.
    let may_be = above.in_traceback
        || line.ends_with([')', '}'])
        || line.ends_with(|c: char| c.is_ascii_digit())
        || line.ends_with(" more")
        || line.contains("Caused by: ")
        || line.contains("Suppressed: ");
    if !may_be {
        return None;
    }
    let beginning = line.strip_suffix(message_of(line)?)?.trim_end();
    // One blank is the logger's, others are the trace's.
    let rest = line.get(beginning.len()..)?;
    let rest = rest.strip_prefix([' ', '\t']).unwrap_or(rest);
    let raises = above.in_traceback && (rest.starts_with("  ") || thrown::is_header(rest));
    let last = above.text.rsplit('\n').next().unwrap_or_default();
    let shows_exception = || {
        thrown::is_of_trace(last)
            || thrown::is_header(last)
            || message_of(last).is_some_and(thrown::is_header)
    };
    (raises || thrown::is_of_trace(rest) && shows_exception()).then_some(rest)
}

/// Reads an input of text to its end. `goes_on` says what of a line belongs to the record above it, `read` what a record
/// says.
pub(crate) fn decode(
    source: &mut Source<'_>,
    load: &mut Load<'_>,
    goes_on: &dyn for<'t> Fn(&'t str, &Joined) -> Option<&'t str>,
    read: &mut dyn for<'a> FnMut(&'a Joined) -> Result<Fields<'a>, Refusal>,
) -> Result<(), Error> {
    let mut logs = Logs::new(load);
    let mut held: Option<Joined> = None;
    while let Some(block) = source.next_block(Split::Lines)? {
        each_text(block, true, load, &mut |text, line, load| {
            let text = &*uncoloured(text);
            let part = held.as_mut().and_then(|joined| Some((goes_on(text, joined)?, joined)));
            if let Some((text, joined)) = part {
                joined.push(text, line);
            } else if let Some(joined) = held.replace(Joined::new(text, line)) {
                logs.put(&joined, read(&joined), load)?;
            }
            Ok(())
        })?;
    }
    match held {
        Some(joined) => logs.put(&joined, read(&joined), load),
        None => Ok(()),
    }
}

/// Whether at least half of the lines of a head that are not parts of others begin a record.
pub(crate) fn most_lines(head: &Head<'_>, begins: &dyn Fn(&str) -> bool) -> bool {
    if head.is_binary()
        || matches!(head.ending.as_str(), "csv" | "tsv" | "json" | "jsonl" | "ndjson")
    {
        return false;
    }
    let (mut n_lines, mut n_begun) = (0, 0);
    // The last line may be cut off.
    let n_known = head.lines().count().max(2) - 1;
    for line in head.lines().take(n_known.min(N_LINES_LOOKED_AT)) {
        if line.is_empty() || thrown::is_continuation(&line) || thrown::is_header(&line) {
            continue;
        }
        n_lines += 1;
        n_begun += usize::from(begins(&line));
    }
    n_begun > 0 && n_begun * 2 >= n_lines
}

/// At most this many bytes of a text, whole characters.
pub(crate) fn start_of(text: &str, n_bytes_max: usize) -> &str {
    let mut n_bytes = n_bytes_max.min(text.len());
    while !text.is_char_boundary(n_bytes) {
        n_bytes -= 1;
    }
    text.get(..n_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_join_with_the_empty_ones_between_them() {
        let mut joined = Joined::new("a", 3);
        joined.push("b", 4);
        joined.push("c", 6);
        assert_eq!((joined.text.as_str(), joined.line, joined.n_cut), ("a\nb\n\nc", 3, 0));
    }

    #[test]
    fn a_record_ends_at_its_bound_and_says_how_much_is_missing() {
        let mut joined = Joined::new(&"é".repeat(RECORD_BYTES_MAX / 2 - 1), 1);
        joined.push("xéy", 2);
        joined.push("z", 3);
        assert_eq!((joined.text.len(), joined.n_cut), (RECORD_BYTES_MAX, 5));
    }
}
