//! Records of any shape in JSON, one a line or in one document, by the alias registry or a mapping.

use brunt_model::Table;

use crate::decode::shape::refuse;
use crate::decode::{Halt, Plan, logger, records};
use crate::error::Error;
use crate::fill::{Filler, Refusal};
use crate::format::Spec;
use crate::load::Load;
use crate::page;
use crate::read::{Block, Source};
use crate::row::Row;
use crate::value::Value;

/// One JSON document with records: the mapping's path leads to them, else the document is their list, or one.
pub(crate) static DOCUMENT: Spec = Spec {
    name: "json",
    about: "one JSON document of records of any shape",
    is: |head| head.is_json && !head.is_lines,
    is_generic: true,
    decode,
};

/// One JSON object a line.
pub(crate) static LINES: Spec = Spec {
    name: "jsonl",
    about: "a JSON record of any shape a line",
    is: |head| head.is_json && head.is_lines,
    is_generic: true,
    decode,
};

fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let filler = plan.filler(source, load)?;
    let table = filler.table();
    let path = if plan.mapping.is_some() { filler.records_path() } else { plan.records };
    let each = || {
        let mut filler = filler.clone();
        move |record: Value<'_>, load: &mut Load<'_>| {
            append(&mut filler, read(record, table, plan), load)
        }
    };
    records::each_record(source, plan.is_lines, &[path], table, load, each)
}

/// A record without a mapping is taken out of what an API wraps it in, and a log read as its logging library means it.
fn read<'a>(record: Value<'a>, table: &Table, plan: Plan<'_>) -> Value<'a> {
    if plan.mapping.is_some_and(|mapping| !mapping.opens_known_forms()) {
        return record;
    }
    match page::opened(record) {
        Value::Object(fields) if table.name == "logs" => Value::Object(logger::fields(fields)),
        other => other,
    }
}

/// Reads the records of lines.
pub(super) fn lines(
    block: Block<'_>,
    filler: &mut Filler<'_>,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    let (table, path) = (filler.table(), filler.records_path());
    records::each_record_of(block, true, &[path], Some(table), load, &mut |record, load| {
        append(filler, record, load)
    })
}

/// Fills a row with a record and appends it.
pub(super) fn append<'a, 'm: 'a>(
    filler: &mut Filler<'m>,
    record: Value<'a>,
    load: &mut Load<'_>,
) -> Result<(), Halt> {
    let each = filler.each();
    let mut fill = |record| {
        let mut row = Row::new(filler.table());
        filler.fill(&mut row, record)?;
        Ok(load.append(&mut row)?)
    };
    match each {
        None => fill(record),
        Some(path) => elements(record, path)?.into_iter().try_for_each(fill),
    }
}

/// The elements of a list inside a record, each with the record's other fields beside its own.
fn elements<'a>(mut record: Value<'a>, path: &str) -> Result<Vec<Value<'a>>, Refusal> {
    let (Some(Value::Array(elements)), Value::Object(others)) = (record.take_at(path), record)
    else {
        return refuse("records_missing", format!("a record has no list at {path}"));
    };
    let joined = elements.into_iter().map(|element| match element {
        Value::Object(mut own) => {
            own.extend(others.iter().cloned());
            Value::Object(own)
        }
        // Not an object, so it is refused with the record.
        odd => odd,
    });
    Ok(joined.collect())
}
