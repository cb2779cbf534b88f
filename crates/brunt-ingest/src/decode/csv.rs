//! Tables of text with a header: CSV, and its kin with semicolons or tabs.

use brunt_model::Table;
use csv::{ByteRecord, ReaderBuilder, StringRecord};

use crate::decode::{Halt, Place, Plan, plain};
use crate::error::Error;
use crate::fill::text_record;
use crate::format::Spec;
use crate::load::Load;
use crate::read::{Block, Source, Split};
use crate::value::Value;

/// Characters that stand between fields.
const DELIMITERS: &[u8] = b",;\t|";

pub(crate) static SPEC: Spec = Spec {
    name: "csv",
    about: "a table of text with a header; commas, semicolons, tabs or bars",
    is: |head| {
        let header = head.csv_header();
        matches!(head.ending.as_str(), "csv" | "tsv")
            || !head.is_binary() && header.len() >= 3 && header.iter().all(|name| is_name(name))
    },
    is_generic: true,
    decode,
};

/// Records of a block that are read again from their second line on, which bounds the work on quotes that never close.
const N_RESUMED_MAX: usize = 256;

/// How a table of text is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// Whether quotes hold delimiters and line breaks together.
    pub(crate) quoting: bool,
}

impl Dialect {
    /// The one that the first line of a head tells.
    pub(crate) fn of_head(head: &[u8]) -> Self {
        Self { delimiter: delimiter_of(head), quoting: true }
    }
}

/// Reads an input to its end. The first record names the fields, unless a mapping does.
fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut filler = plan.filler(source, load)?;
    let mut dialect = Dialect::of_head(source.head());
    dialect.delimiter = filler.delimiter().unwrap_or(dialect.delimiter);
    let header = filler.header().map(<[String]>::to_vec);
    let table = filler.table();
    each_placed(source, dialect, header, Some(table), load, &mut |record, _, load| {
        plain::append(&mut filler, record, load)
    })
}

/// What is done with a record, which begins at a place; a fault of it costs the record alone.
pub(crate) type EachPlaced<'e, 's> =
    &'e mut dyn for<'a> FnMut(Value<'a>, Place, &mut Load<'s>) -> Result<(), Halt>;

/// Calls `each` for every record of a table, with its fields by their names: those of `header`, else of the first line.
pub(crate) fn each_placed<'s>(
    source: &mut Source<'_>,
    dialect: Dialect,
    mut header: Option<Vec<String>>,
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Error> {
    let split = if dialect.quoting { Split::Csv } else { Split::Lines };
    while let Some(block) = source.next_block(split)? {
        records(block, dialect, &mut header, table, load, each)?;
    }
    Ok(())
}

/// The names in the first line of a head.
pub(crate) fn header_of(head: &[u8]) -> Vec<String> {
    let delimiter = delimiter_of(head);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(head);
    let mut record = ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => names(&record),
        _ => Vec::new(),
    }
}

fn delimiter_of(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| memchr::memchr_iter(*delimiter, line).count();
    // Of equals the last is taken, so the comma goes last.
    DELIMITERS.iter().rev().copied().max_by_key(|delimiter| count(delimiter)).unwrap_or(b',')
}

fn names(record: &ByteRecord) -> Vec<String> {
    record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect()
}

fn records<'s>(
    block: Block<'_>,
    dialect: Dialect,
    header: &mut Option<Vec<String>>,
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Error> {
    let mut rest = block;
    for _ in 0..N_RESUMED_MAX {
        let Some(resumed) = records_of(rest, dialect, true, (header, table), load, each)? else {
            return Ok(());
        };
        rest = resumed;
    }
    records_of(rest, dialect, false, (header, table), load, each).map(|_| ())
}

/// Reads records up to one of several lines that makes no sense: a quote that was never closed has swallowed others. Only
/// its first line is refused then, and what stands below is returned, to be read by itself; if it may be.
fn records_of<'b, 's>(
    block: Block<'b>,
    dialect: Dialect,
    may_resume: bool,
    (header, table): (&mut Option<Vec<String>>, Option<&'static Table>),
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<Option<Block<'b>>, Error> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .delimiter(dialect.delimiter)
        .quoting(dialect.quoting)
        .flexible(true)
        .from_reader(block.bytes);
    let mut record = ByteRecord::new();
    loop {
        let start = reader.position().clone();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            // Reading bytes that are in memory fails in no way.
            Ok(false) | Err(_) => return Ok(None),
        }
        let Some(names_known) = header else {
            *header = Some(names(&record));
            continue;
        };
        let position = record.position().unwrap_or(&start);
        let bytes = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let end = bytes(reader.position().byte());
        let raw = block.bytes.get(bytes(position.byte())..end).unwrap_or_default();
        // What is left of the line end above, and empty lines.
        let n_before = raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (before, raw) = raw.split_at(n_before);
        let begin = bytes(position.byte()) + n_before;
        let n_lines = memchr::memchr_iter(b'\n', before).count() as u64;
        let line = block.first_line + position.line() - 1 + n_lines;
        let place = Place { line, column: None };
        let is_torn = dialect.quoting && is_torn(raw, dialect.delimiter);
        let read = if is_torn {
            Err(refused("csv_quote", "a quote is not closed where its field ends".to_owned()))
        } else {
            row(&record, names_known, place, load, each)
        };
        let fault = match read {
            Ok(()) => continue,
            Err(Halt::Error(error)) => return Err(error),
            Err(Halt::Fault(fault)) => fault,
        };
        let first_len = memchr::memchr(b'\n', raw.trim_ascii_end()).map(|end| end + 1);
        let Some(len) = first_len.filter(|_| may_resume && is_torn) else {
            load.reject(table, place, fault.code, &fault.reason, raw)?;
            continue;
        };
        let first = raw.get(..len).unwrap_or_default().trim_ascii_end();
        load.reject(table, place, fault.code, &fault.reason, first)?;
        let below = block.bytes.get(begin + len..).unwrap_or_default();
        return Ok(Some(Block { bytes: below, first_line: line + 1 }));
    }
}

/// Whether a record ends inside a quote, or has lines in one that other text follows: that quote closes what another one
/// below begins.
fn is_torn(raw: &[u8], delimiter: u8) -> bool {
    if memchr::memchr(b'"', raw).is_none() {
        return false;
    }
    let (mut is_quoted, mut begins_field, mut has_lines, mut is_closed) =
        (false, true, false, false);
    for byte in raw {
        if is_closed && has_lines && !matches!(byte, b'"' | b'\r' | b'\n') && *byte != delimiter {
            return true;
        }
        let was_quoted = is_quoted;
        is_quoted ^= *byte == b'"' && (is_quoted || begins_field);
        is_closed = was_quoted && !is_quoted;
        has_lines |= is_quoted && *byte == b'\n';
        // A quote that follows the one that closes a field opens it again: the two stand for one.
        begins_field = !is_quoted && (*byte == delimiter || is_closed);
    }
    is_quoted
}

fn refused(code: &'static str, reason: String) -> Halt {
    Halt::from(crate::json::Fault { at: 0, code, reason: reason.into() })
}

fn row<'s>(
    record: &ByteRecord,
    header: &[String],
    place: Place,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Halt> {
    if record.len() != header.len() {
        let reason =
            format!("a record has {} fields where the header has {}", record.len(), header.len());
        return Err(refused("csv_fields", reason));
    }
    let Ok(record) = StringRecord::from_byte_record(record.clone()) else {
        return Err(refused("invalid_utf8", "a text is not UTF-8".to_owned()));
    };
    if record.as_slice().contains('\0') {
        return Err(refused("nul_byte", "a text holds a NUL byte".to_owned()));
    }
    let fields = header.iter().map(String::as_str).zip(&record);
    each(text_record(fields), place, load)
}

/// Whether a text looks like the name of a column.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 60
        && text.chars().all(|c| c.is_alphanumeric() || "_.-@$/ ".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_is_left_open_is_told_from_those_that_are_text() {
        for closed in [
            "a,\"b\nc\"",
            "\n\"a\",b",
            "5\" disk,6\"",
            "\"say \"\"no\"\"\",x",
            "\"\",\"\"\"\"",
            "\"a\"b",
            "",
        ] {
            assert!(!is_torn(closed.as_bytes(), b','), "{closed}");
        }
        for open in ["a,\"b", "\"a\"\"", "a,\"b\"\",c", "a,\"b\nc,\"d\""] {
            assert!(is_torn(open.as_bytes(), b','), "{open}");
        }
    }
}
