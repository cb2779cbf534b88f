//! From bytes to records: one file for each format.

pub(crate) mod access_log;
pub(crate) mod amplitude;
pub(crate) mod arrow_ipc;
pub(crate) mod cloudwatch;
mod commerce;
pub(crate) mod container;
pub(crate) mod csv;
mod cut;
pub(crate) mod datadog_issues;
pub(crate) mod datadog_logs;
pub(crate) mod datadog_spans;
pub(crate) mod elastic_apm;
pub(crate) mod elasticsearch;
pub(crate) mod freshdesk;
pub(crate) mod ga4;
pub(crate) mod gcp;
pub(crate) mod gelf;
pub(crate) mod intercom;
pub(crate) mod jaeger;
pub(crate) mod jira;
mod joined;
pub(crate) mod log_text;
pub(crate) mod logfmt;
mod logger;
mod message;
pub(crate) mod mixpanel;
mod origin;
pub(crate) mod otlp;
pub(crate) mod parquet;
pub(crate) mod plain;
pub(crate) mod posthog;
mod record;
mod records;
mod request;
pub(crate) mod rum;
pub(crate) mod segment;
pub(crate) mod sentry;
mod shape;
pub(crate) mod snowplow;
mod span_parts;
mod stack;
pub(crate) mod syslog;
pub(crate) mod text;
mod ticket;
mod yearless;
pub(crate) mod zendesk;
pub(crate) mod zipkin;

use brunt_model::Table;

use crate::error::Error;
use crate::fill::Filler;
use crate::json::Fault;
use crate::load::Load;
pub(crate) use crate::load::Place;
use crate::mapping::Mapping;
use crate::read::{Block, Source};
pub(crate) use origin::Origin;
pub(crate) use records::enter_path;

/// How an input is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'m> {
    /// One record or document a line; else one document.
    pub(crate) is_lines: bool,
    /// The table of formats that do not tell it.
    pub(crate) table: Option<&'static Table>,
    pub(crate) mapping: Option<&'m Mapping>,
    /// Where a document of any shape keeps its records; without effect where a mapping says it.
    pub(crate) records: &'static str,
}

impl<'m> Plan<'m> {
    /// What fills the rows of a format that does not tell its table.
    pub(crate) fn filler(&self, source: &Source<'_>, load: &Load<'_>) -> Result<Filler<'m>, Error> {
        match self.table {
            Some(table) => Ok(Filler::new(table, self.mapping, load.aliases())),
            None => Err(Error::UnknownTable { input: source.name().to_owned() }),
        }
    }
}

/// Why reading stops: a fault of the input, which costs a part of it, or an error, which ends the load.
#[derive(Debug)]
pub(crate) enum Halt {
    Fault(Fault),
    Error(Error),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Calls `each` for every text of a block: its lines, or the block as one. A text that is none is a reject.
///
/// `each` gets the text, its first line, and the load.
pub(crate) fn each_text<'s>(
    block: Block<'_>,
    lines: bool,
    load: &mut Load<'s>,
    each: &mut dyn FnMut(&str, u64, &mut Load<'s>) -> Result<(), Error>,
) -> Result<(), Error> {
    if !lines {
        return checked(block.bytes, block.first_line, load, each);
    }
    let newlines = memchr::memchr_iter(b'\n', block.bytes).chain([block.bytes.len()]);
    let mut start = 0;
    for (line, end) in (block.first_line..).zip(newlines) {
        let bytes = block.bytes.get(start..end).unwrap_or_default();
        checked(bytes, line, load, each)?;
        start = end + 1;
    }
    Ok(())
}

fn checked<'s>(
    bytes: &[u8],
    line: u64,
    load: &mut Load<'s>,
    each: &mut dyn FnMut(&str, u64, &mut Load<'s>) -> Result<(), Error>,
) -> Result<(), Error> {
    // A blank at the end may be a part of what was logged.
    let n_kept =
        bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    let bytes = bytes.get(..n_kept).unwrap_or_default();
    if bytes.trim_ascii().is_empty() {
        return Ok(());
    }
    let block = Block { bytes, first_line: line };
    if let Some(at) = memchr::memchr(0, bytes) {
        return load.reject(
            None,
            place_at(block, at),
            "nul_byte",
            "a text holds a NUL byte",
            bytes,
        );
    }
    match str::from_utf8(bytes) {
        Ok(text) => each(text, line, load),
        Err(error) => {
            let place = place_at(block, error.valid_up_to());
            load.reject(None, place, "invalid_utf8", "a text is not UTF-8", bytes)
        }
    }
}

/// Line and column of a byte of a text that begins with its block.
pub(crate) fn place_in(block: Block<'_>, text: &str, at: usize) -> Place {
    place_at(Block { bytes: text.as_bytes(), ..block }, at)
}

fn place_at(block: Block<'_>, at: usize) -> Place {
    let before = block.bytes.get(..at.min(block.bytes.len())).unwrap_or_default();
    Place { line: block.first_line, column: Some(1) }.after(before)
}
