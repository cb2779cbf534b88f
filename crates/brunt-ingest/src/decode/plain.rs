//! Records of any shape in JSON, one a line or in one document, by the alias registry or a mapping.

use brunt_model::Table;

use crate::decode::{Halt, each_text, place_in};
use crate::error::Error;
use crate::fill::Filler;
use crate::json::{Json, Kind};
use crate::load::Load;
use crate::read::{Block, Source, Split};
use crate::row::Row;
use crate::value::Value;

/// Reads records one a line, or the records of one document: the lists at the mapping's path, else the document's list,
/// else the document itself.
pub(crate) fn decode(
    mut filler: Filler<'_>,
    source: &mut Source<'_>,
    lines: bool,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    let split = if lines { Split::Lines } else { Split::Whole };
    while let Some(next) = source.next_block(split)? {
        block(next, lines, &mut filler, load)?;
    }
    Ok(())
}

/// Reads the records of one block.
pub(super) fn block(
    block: Block<'_>,
    lines: bool,
    filler: &mut Filler<'_>,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    let table = filler.table();
    each_text(block, lines, load, &mut |text, line, load| {
        let mut texts = Texts { text, line, table, row: Row::new(table) };
        let mut json = Json::new(text);
        while !json.at_end() {
            let start = json.position();
            match texts.records(&mut json, filler, load) {
                Ok(()) => {}
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Fault(fault)) => {
                    let record = text.get(start..).unwrap_or_default();
                    let place = place_in(texts.block(), text, fault.at);
                    return load.reject(
                        Some(table),
                        place,
                        fault.code,
                        &fault.reason,
                        record.as_bytes(),
                    );
                }
            }
        }
        Ok(())
    })
}

/// A text of records while it is read.
struct Texts<'a> {
    text: &'a str,
    line: u64,
    table: &'static Table,
    row: Row<'a>,
}

impl<'a> Texts<'a> {
    fn block(&self) -> Block<'a> {
        Block { bytes: self.text.as_bytes(), first_line: self.line }
    }

    /// The records of the next value of the text.
    fn records<'m: 'a>(
        &mut self,
        json: &mut Json<'a>,
        filler: &mut Filler<'m>,
        load: &mut Load<'_>,
    ) -> Result<(), Halt> {
        let start = json.mark();
        for key in filler.records_path() {
            if !enter(json, key)? {
                let fault = json.fault(
                    "records_missing",
                    "the document has nothing at the mapping's path of records",
                );
                json.go_back(start);
                json.skip()?;
                return Err(fault.into());
            }
        }
        if json.peek()? == Kind::Array {
            json.enter_array()?;
            while json.next_element()? {
                self.record(json, filler, load)?;
            }
        } else {
            self.record(json, filler, load)?;
        }
        if !filler.records_path().is_empty() {
            json.go_back(start);
            json.skip()?;
        }
        Ok(())
    }

    fn record<'m: 'a>(
        &mut self,
        json: &mut Json<'a>,
        filler: &mut Filler<'m>,
        load: &mut Load<'_>,
    ) -> Result<(), Halt> {
        json.peek()?;
        let start = json.position();
        let value = Value::read(json)?;
        match filler.fill(&mut self.row, value) {
            Ok(()) => load.append(&mut self.row)?,
            Err(refusal) => {
                self.row.clear();
                let record = self.text.get(start..json.position()).unwrap_or_default();
                let place = place_in(self.block(), self.text, start);
                load.reject(
                    Some(self.table),
                    place,
                    refusal.code,
                    &refusal.reason,
                    record.as_bytes(),
                )?;
            }
        }
        Ok(())
    }
}

/// Goes to the value of a key; whether the object has it.
fn enter(json: &mut Json<'_>, wanted: &str) -> Result<bool, Halt> {
    if json.peek()? != Kind::Object {
        return Ok(false);
    }
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        if key == wanted {
            return Ok(true);
        }
        json.skip()?;
    }
    Ok(false)
}
