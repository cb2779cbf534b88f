//! Records in JSON: one or several a line, or wherever a document keeps its list of them.

use std::borrow::Cow;

use brunt_model::Table;

use crate::decode::cut::{Cutter, Next};
use crate::decode::{Halt, Origin, Place, each_text};
use crate::error::Error;
use crate::fill::Refusal;
use crate::json::{Json, Kind};
use crate::load::Load;
use crate::read::{Block, RECORD_BYTES_MAX, Source, Split};
use crate::value::Value;

/// What is done with a record; a fault of it costs the record alone.
pub(crate) type Each<'e, 's> =
    &'e mut dyn for<'a> FnMut(Value<'a>, &mut Load<'s>) -> Result<(), Halt>;

/// The same with the spot at which the record stands, for records of which a part may be refused.
pub(crate) type EachPlaced<'e, 's> =
    &'e mut dyn for<'a> FnMut(Value<'a>, Spot<'a>, &mut Load<'s>) -> Result<(), Halt>;

/// Where a record begins in its text; line and column are counted when they are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'t> {
    origin: &'t Origin,
    text: &'t str,
    at: usize,
}

impl Spot<'_> {
    pub(crate) fn place(self) -> Place {
        self.origin.place(self.text, self.at)
    }
}

/// Calls `each` for every record of an input. `lists` are the paths, keys with dots between them, at which a document may
/// keep its records: the first that it has is taken, and the empty path is the document itself. A list found there is
/// taken apart, and so are lists in it where it is the document itself. `table` is named in rejects.
pub(crate) fn each_record<'s>(
    source: &mut Source<'_>,
    lines: bool,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: Each<'_, 's>,
) -> Result<(), Error> {
    each_placed(source, lines, lists, table, load, &mut |record, _, load| each(record, load))
}

/// The same with places.
pub(crate) fn each_placed<'s>(
    source: &mut Source<'_>,
    lines: bool,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Error> {
    let split = if lines { Split::Lines } else { Split::Whole };
    loop {
        if source.is_long(split)? {
            long_document(source, lines, lists, table, load, each)?;
            continue;
        }
        let Some(block) = source.next_block(split)? else { return Ok(()) };
        each_placed_of(block, lines, lists, table, load, each)?;
    }
}

/// The records of a long document: its list is read in parts, if it begins early enough to be found.
fn long_document<'s>(
    source: &mut Source<'_>,
    is_line: bool,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Error> {
    let mut cutter = Cutter::new(source, is_line);
    match long_values(&mut cutter, lists, table, load, each) {
        Ok(()) => cutter.finish(),
        Err(Halt::Fault(fault)) => cutter.refuse(&fault, load),
        Err(Halt::Error(error)) => Err(error),
    }
}

fn long_values<'s>(
    cutter: &mut Cutter<'_, '_>,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Halt> {
    while cutter.peek()?.is_some() {
        let n_max = cutter.source().whole_bytes_max();
        let found = match cutter.value_len(n_max)? {
            Some(_) => None,
            None => list_in(cutter.ahead(n_max)?, lists),
        };
        let is_sound = match found {
            Some((at, n_brackets)) => {
                cutter.advance(at);
                let is_sound = long_list(cutter, table, load, each)?;
                if n_brackets > 0 {
                    cutter.leave(n_brackets)?;
                }
                is_sound
            }
            None => {
                let Some(len) = cutter.value_len(RECORD_BYTES_MAX)? else {
                    return Err(cutter.source().too_large().into());
                };
                part(cutter, len, ["", ""], lists, table, load, each)?
            }
        };
        if !is_sound {
            break;
        }
    }
    Ok(())
}

/// The elements of a long list; whether all could be read.
fn long_list<'s>(
    cutter: &mut Cutter<'_, '_>,
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<bool, Halt> {
    let mut is_first = true;
    cutter.step();
    loop {
        let len = match cutter.next_elements(is_first)? {
            Next::Elements(len) => len,
            Next::Long => match cutter.value_len(RECORD_BYTES_MAX)? {
                Some(len) => len,
                None => return Err(cutter.source().too_large().into()),
            },
            Next::End => return Ok(true),
        };
        is_first = false;
        if !part(cutter, len, ["[", "]"], &[""], table, load, each)? {
            return Ok(false);
        }
    }
}

/// The records of the bytes that come next, put between brackets; whether they could be read.
fn part<'s>(
    cutter: &mut Cutter<'_, '_>,
    len: usize,
    [before, behind]: [&str; 2],
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<bool, Error> {
    let place = cutter.place();
    let bytes = cutter.ahead(len)?.get(..len).unwrap_or_default();
    let mut origin = Origin::at(place);
    origin.push(before.len(), place);
    let mut is_sound = true;
    let block = Block { bytes, first_line: place.line };
    each_text(block, false, load, &mut |inside, _, load| {
        let text = [before, inside, behind].concat();
        is_sound = each_record_in(&text, &origin, lists, table, load, each)?;
        Ok(())
    })?;
    cutter.advance(len);
    Ok(is_sound)
}

/// Where a document's list begins, by its first bytes, and how many brackets are open there.
fn list_in(bytes: &[u8], lists: &[&str]) -> Option<(usize, usize)> {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
    };
    lists.iter().find_map(|list| {
        let mut json = Json::new(text);
        let is_list = matches!(enter_path(&mut json, list), Ok(true))
            && matches!(json.peek(), Ok(Kind::Array));
        let n_brackets = list.split('.').filter(|key| !key.is_empty()).count();
        is_list.then_some((json.position(), n_brackets))
    })
}

/// The same as [`each_record`] for one block.
pub(crate) fn each_record_of<'s>(
    block: Block<'_>,
    lines: bool,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: Each<'_, 's>,
) -> Result<(), Error> {
    each_placed_of(block, lines, lists, table, load, &mut |record, _, load| each(record, load))
}

/// The same with places.
pub(crate) fn each_placed_of<'s>(
    block: Block<'_>,
    lines: bool,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Error> {
    each_text(block, lines, load, &mut |text, line, load| {
        each_record_in(text, &Origin::line(line), lists, table, load, each).map(|_| ())
    })
}

/// The same for one text; whether it could be read to its end.
fn each_record_in<'s>(
    text: &str,
    origin: &Origin,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<bool, Error> {
    let mut json = Json::new(text);
    while !json.at_end() {
        let start = json.position();
        let texts = Texts { text, origin, table };
        match texts.records(&mut json, lists, load, each) {
            Ok(()) => {}
            Err(Halt::Error(error)) => return Err(error),
            Err(Halt::Fault(fault)) => {
                let record = text.get(start..).unwrap_or_default();
                let place = origin.place(text, fault.at);
                load.reject(table, place, fault.code, &fault.reason, record.as_bytes())?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A text of records while it is read.
struct Texts<'a, 'o> {
    text: &'a str,
    origin: &'o Origin,
    table: Option<&'static Table>,
}

impl<'a> Texts<'a, '_> {
    /// The records of the next value of the text.
    fn records<'s>(
        &self,
        json: &mut Json<'a>,
        lists: &[&str],
        load: &mut Load<'s>,
        each: EachPlaced<'_, 's>,
    ) -> Result<(), Halt> {
        json.peek()?;
        let start = json.mark();
        let mut is_found = false;
        for list in lists {
            if enter_path(json, list)? {
                is_found = true;
                break;
            }
            json.go_back(start);
        }
        if !is_found {
            let fault = json.fault(
                "records_missing",
                Cow::Owned(format!("the document has no records at {}", lists.join(" or "))),
            );
            json.skip()?;
            return Err(fault.into());
        }
        let is_inside = json.position() != start.position();
        self.record(json, if is_inside { 1 } else { usize::MAX }, load, each)?;
        if is_inside {
            json.go_back(start);
            json.skip()?;
        }
        Ok(())
    }

    /// A record, or the records of a list, and of lists in it to this depth.
    fn record<'s>(
        &self,
        json: &mut Json<'a>,
        lists_max: usize,
        load: &mut Load<'s>,
        each: EachPlaced<'_, 's>,
    ) -> Result<(), Halt> {
        if json.peek()? == Kind::Array && lists_max > 0 {
            json.enter_array()?;
            while json.next_element()? {
                self.record(json, lists_max - 1, load, each)?;
            }
            return Ok(());
        }
        let start = json.position();
        let value = Value::read(json)?;
        let spot = Spot { origin: self.origin, text: self.text, at: start };
        match each(value, spot, load) {
            Err(Halt::Fault(fault)) => {
                let record = self.text.get(start..json.position()).unwrap_or_default();
                load.reject(
                    self.table,
                    spot.place(),
                    fault.code,
                    &fault.reason,
                    record.as_bytes(),
                )?;
                Ok(())
            }
            other => other,
        }
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Fault(crate::json::Fault { at: 0, code: refusal.code, reason: refusal.reason })
    }
}

/// Goes to the value at a path; whether the document has it.
fn enter_path(json: &mut Json<'_>, path: &str) -> Result<bool, Halt> {
    for key in path.split('.').filter(|key| !key.is_empty()) {
        if !enter(json, key)? {
            return Ok(false);
        }
    }
    Ok(true)
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
