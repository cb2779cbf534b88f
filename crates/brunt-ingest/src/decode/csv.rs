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
            Ok(false) | Err(_) => return Ok(()),
        }
        let Some(names_known) = header else {
            *header = Some(names(&record));
            continue;
        };
        let position = record.position().unwrap_or(&start);
        let bytes = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let raw = block
            .bytes
            .get(bytes(position.byte())..bytes(reader.position().byte()))
            .unwrap_or_default();
        let place = Place { line: block.first_line + position.line() - 1, column: None };
        match row(&record, names_known, place, load, each) {
            Ok(()) => {}
            Err(Halt::Error(error)) => return Err(error),
            Err(Halt::Fault(fault)) => {
                load.reject(table, place, fault.code, &fault.reason, raw)?;
            }
        }
    }
}

fn row<'s>(
    record: &ByteRecord,
    header: &[String],
    place: Place,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Halt> {
    let refuse = |code, reason: String| {
        Halt::from(crate::json::Fault { at: 0, code, reason: reason.into() })
    };
    if record.len() != header.len() {
        let reason =
            format!("a record has {} fields where the header has {}", record.len(), header.len());
        return Err(refuse("csv_fields", reason));
    }
    let Ok(record) = StringRecord::from_byte_record(record.clone()) else {
        return Err(refuse("invalid_utf8", "a text is not UTF-8".to_owned()));
    };
    if record.as_slice().contains('\0') {
        return Err(refuse("nul_byte", "a text holds a NUL byte".to_owned()));
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
