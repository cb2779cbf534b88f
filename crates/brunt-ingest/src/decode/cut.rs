//! Long JSON documents in parts: what a decoder needs to walk their structure without holding them.
//!
//! A document's large lists are taken apart into runs of whole elements, each short enough to be held; a decoder makes a
//! short document of each. Only the structure is looked at: what is wrong inside an element is its decoder's to find.

use crate::decode::{Halt, Place};
use crate::error::Error;
use crate::json::Fault;
use crate::load::Load;
use crate::read::{RECORD_BYTES_MAX, Source};
use crate::scan::Scan;

/// Bytes that a key, or a value that is read as a whole, is first looked for in.
const FIRST_BYTES: usize = 4 * 1024;
/// Of what cannot be read, this much is handed over as the reject's sample.
const SAMPLE_BYTES: usize = 8 * 1024;

/// Stands in a long document.
pub(crate) struct Cutter<'c, 'r> {
    source: &'c mut Source<'r>,
    /// The document ends with its line, whatever it says.
    is_line: bool,
    /// Where the line ends, once that is known, and how far it was looked for.
    line_end: Option<u64>,
    n_looked_at: u64,
}

/// What comes next in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Whole elements and what is between them, in this many bytes.
    Elements(usize),
    /// An element that is longer than a part.
    Long,
    /// The list was left.
    End,
}

impl<'c, 'r> Cutter<'c, 'r> {
    pub(crate) fn new(source: &'c mut Source<'r>, is_line: bool) -> Self {
        Self { source, is_line, line_end: None, n_looked_at: 0 }
    }

    pub(crate) fn source(&mut self) -> &mut Source<'r> {
        self.source
    }

    pub(crate) fn is_line(&self) -> bool {
        self.is_line
    }

    pub(crate) fn place(&self) -> Place {
        self.source.place()
    }

    /// The place of the byte that was just stepped over, which is no line break.
    pub(crate) fn place_before(&self) -> Place {
        let place = self.source.place();
        Place { column: place.column.map(|column| column.saturating_sub(1)), ..place }
    }

    /// The bytes of the document that come next, at least this many; fewer only at its end.
    pub(crate) fn ahead(&mut self, n_bytes: usize) -> Result<&[u8], Error> {
        let offset = self.source.offset();
        let bytes = self.source.ahead(n_bytes)?;
        if !self.is_line {
            return Ok(bytes);
        }
        let within = |at: u64| usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
        if self.line_end.is_none() {
            let n_seen = within(self.n_looked_at);
            let rest = bytes.get(n_seen..).unwrap_or_default();
            let newline = memchr::memchr(b'\n', rest);
            self.line_end = newline.map(|at| offset + (n_seen + at) as u64);
            self.n_looked_at = offset + bytes.len() as u64;
        }
        let end = self.line_end.map_or(usize::MAX, within);
        Ok(bytes.get(..end).unwrap_or(bytes))
    }

    pub(crate) fn advance(&mut self, n_bytes: usize) {
        self.source.advance(n_bytes);
    }

    /// The next byte that is no white space; `None` at the end.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let bytes = self.ahead(1)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let n_space = bytes.iter().take_while(|byte| is_space(**byte)).count();
            let byte = bytes.get(n_space).copied();
            self.advance(n_space);
            if byte.is_some() {
                return Ok(byte);
            }
        }
    }

    /// Steps over this byte, which was seen.
    pub(crate) fn step(&mut self) {
        self.source.advance(1);
    }

    /// The next key of an object, as it is written, with the cutter before its value; `None` past the object's end.
    pub(crate) fn next_key(&mut self, is_first: bool) -> Result<Option<String>, Halt> {
        match self.peek()? {
            Some(b'}') => {
                self.step();
                return Ok(None);
            }
            Some(b',') if !is_first => self.step(),
            Some(_) if is_first => {}
            byte => return Err(unexpected(byte, "a comma was expected")),
        }
        match self.peek()? {
            Some(b'"') => {}
            byte => return Err(unexpected(byte, "a key in quotes was expected")),
        }
        let key = self.value(RECORD_BYTES_MAX)?;
        match self.peek()? {
            Some(b':') => self.step(),
            byte => return Err(unexpected(byte, "a colon was expected after a key")),
        }
        self.peek()?;
        Ok(Some(key.trim_matches('"').to_owned()))
    }

    /// What comes next in a list, with the cutter before it.
    pub(crate) fn next_elements(&mut self, is_first: bool) -> Result<Next, Halt> {
        match self.peek()? {
            Some(b']') => {
                self.step();
                return Ok(Next::End);
            }
            Some(b',') if !is_first => self.step(),
            Some(_) if is_first => {}
            byte => return Err(unexpected(byte, "a comma was expected")),
        }
        self.peek()?;
        let n_max = self.source.part_bytes();
        let bytes = self.ahead(n_max)?;
        let n_whole = whole_elements(bytes.get(..n_max).unwrap_or(bytes), bytes.len() < n_max);
        match n_whole {
            Some(0) => {
                let byte = self.peek()?;
                Err(unexpected(byte, "a JSON value was expected"))
            }
            Some(n_whole) => Ok(Next::Elements(n_whole)),
            None => Ok(Next::Long),
        }
    }

    /// The length of the value that comes next, unless it is longer than this. One that the document's end cuts off is
    /// as long as what there is of it.
    pub(crate) fn value_len(&mut self, n_max: usize) -> Result<Option<usize>, Halt> {
        let mut n_bytes = FIRST_BYTES.min(n_max);
        loop {
            let bytes = self.ahead(n_bytes)?;
            let n_ahead = bytes.len();
            match Scan::default().end(bytes) {
                Some(0) => return Err(unexpected(Some(0), "a JSON value was expected")),
                Some(len) => return Ok(Some(len).filter(|len| *len <= n_max)),
                None if n_ahead < n_bytes => return Ok(Some(n_ahead)),
                None if n_ahead >= n_max => return Ok(None),
                None => n_bytes = n_ahead.max(n_bytes).saturating_mul(2).min(n_max),
            }
        }
    }

    /// Takes the next value, which must not be longer than this.
    pub(crate) fn value(&mut self, n_max: usize) -> Result<String, Halt> {
        let Some(len) = self.value_len(n_max)? else { return Err(self.source.too_large().into()) };
        let bytes = self.ahead(len)?.get(..len).unwrap_or_default();
        let text = str::from_utf8(bytes)
            .map_err(|_| fault("invalid_utf8", "a text is not UTF-8"))?
            .to_owned();
        self.advance(len);
        Ok(text)
    }

    /// Steps over the next value, however long.
    pub(crate) fn skip(&mut self) -> Result<(), Halt> {
        self.skip_to(Scan::default())
    }

    /// Steps out of this many brackets.
    pub(crate) fn leave(&mut self, n_brackets: usize) -> Result<(), Halt> {
        self.skip_to(Scan::inside(n_brackets))
    }

    /// Steps to the document's end.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        loop {
            let n_ahead = self.ahead(1)?.len();
            if n_ahead == 0 {
                return Ok(());
            }
            self.advance(n_ahead);
        }
    }

    /// Makes a reject of a fault in the structure, which nothing behind can be relied on after.
    pub(crate) fn refuse(&mut self, fault: &Fault, load: &mut Load<'_>) -> Result<(), Error> {
        let place = self.place();
        let bytes = self.ahead(SAMPLE_BYTES)?;
        let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
        load.reject(None, place, fault.code, &fault.reason, sample)?;
        self.finish()
    }

    fn skip_to(&mut self, mut scan: Scan) -> Result<(), Halt> {
        loop {
            let bytes = self.ahead(1)?;
            let n_ahead = bytes.len();
            if n_ahead == 0 {
                return Err(unexpected(None, ""));
            }
            let end = scan.end(bytes);
            self.advance(end.unwrap_or(n_ahead));
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// A fault of the structure, where the cutter stands.
pub(crate) fn fault(code: &'static str, reason: &'static str) -> Fault {
    Fault { at: 0, code, reason: reason.into() }
}

fn unexpected(byte: Option<u8>, reason: &'static str) -> Halt {
    Halt::Fault(match byte {
        Some(_) => fault("json_syntax", reason),
        None => fault("json_truncated", "the JSON ends too early"),
    })
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Bytes of the elements that are whole; `None` where the first goes on behind the bytes. At the end of the document
/// what is left counts as whole.
fn whole_elements(bytes: &[u8], is_end: bool) -> Option<usize> {
    let (mut at, mut n_whole) = (0, None);
    loop {
        match Scan::default().end(bytes.get(at..).unwrap_or_default()) {
            Some(0) => return n_whole.or(Some(0)),
            Some(len) => at += len,
            None if is_end => return Some(bytes.len()),
            None => return n_whole,
        }
        n_whole = Some(at);
        let rest = bytes.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|byte| is_space(**byte)).count();
        if bytes.get(at) != Some(&b',') {
            return n_whole;
        }
        let rest = bytes.get(at + 1..).unwrap_or_default();
        at += 1 + rest.iter().take_while(|byte| is_space(**byte)).count();
    }
}
