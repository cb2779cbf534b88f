//! Records in JSON: one or several a line, or wherever a document keeps its list of them.

mod long;

use std::borrow::Cow;

use brunt_model::Table;

use crate::decode::{Halt, Origin, Place, each_text};
use crate::error::Error;
use crate::fill::Refusal;
use crate::json::{Json, Kind};
use crate::load::Load;
use crate::read::{Block, Source, Split};
use crate::value::Value;
use crate::workers::{Done, Worker, with_workers};

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

/// Reads every record of an input, on several threads; `make` makes what each of them does with its records. `lists` are
/// the paths, keys with dots between them, at which a document may keep its records: the first that it has is taken, and
/// the empty path is the document itself. A list found there is taken apart, and so are lists in it where it is the
/// document itself. `table` is named in rejects.
pub(crate) fn each_record<E>(
    source: &mut Source<'_>,
    lines: bool,
    lists: &[&str],
    table: &'static Table,
    load: &mut Load<'_>,
    make: impl Fn() -> E + Sync,
) -> Result<(), Error>
where
    E: for<'a> FnMut(Value<'a>, &mut Load<'_>) -> Result<(), Halt>,
{
    let split = if lines { Split::Lines } else { Split::Whole };
    let reader = || Blocks { each: make(), lines, lists, table };
    with_workers(load, reader, |workers| {
        let mut each = make();
        loop {
            if source.is_long(split)? {
                let load = workers.settled()?;
                let each: EachPlaced<'_, '_> = &mut |record, _, load| each(record, load);
                long::read(source, lines, lists, Some(table), load, each)?;
                load.end_part()?;
                continue;
            }
            let Some(Block { bytes, first_line }) = source.next_block(split)? else {
                return Ok(());
            };
            workers.put((bytes.to_vec(), first_line), bytes.len())?;
        }
    })
}

/// The same on one thread, with places.
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
            long::read(source, lines, lists, table, load, each)?;
            continue;
        }
        let Some(block) = source.next_block(split)? else { return Ok(()) };
        each_placed_of(block, lines, lists, table, load, each)?;
    }
}

/// What reads blocks on a thread.
struct Blocks<'l, E> {
    each: E,
    lines: bool,
    lists: &'l [&'l str],
    table: &'static Table,
}

impl<E> Worker for Blocks<'_, E>
where
    E: for<'a> FnMut(Value<'a>, &mut Load<'_>) -> Result<(), Halt>,
{
    /// A block's bytes and its first line.
    type Part = (Vec<u8>, u64);

    fn run(&mut self, (bytes, first_line): Self::Part, load: &mut Load<'_>) -> Result<Done, Error> {
        let Self { each, lines, lists, table } = self;
        let block = Block { bytes: &bytes, first_line };
        each_record_of(block, *lines, lists, Some(table), load, &mut |record, load| {
            each(record, load)
        })?;
        Ok(Done::default())
    }
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
pub(crate) fn enter_path(json: &mut Json<'_>, path: &str) -> Result<bool, Halt> {
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
