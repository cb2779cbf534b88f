//! Records of one long document, whose list is read in parts.

use brunt_model::Table;

use super::{EachPlaced, each_record_in, enter_path};
use crate::decode::cut::{Cutter, Next};
use crate::decode::{Halt, Origin, each_text};
use crate::error::Error;
use crate::json::{Json, Kind};
use crate::load::Load;
use crate::read::{Block, RECORD_BYTES_MAX, Source};

/// The records of a long document: its list is read in parts, if it begins early enough to be found.
pub(super) fn read<'s>(
    source: &mut Source<'_>,
    is_line: bool,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Error> {
    let mut cutter = Cutter::new(source, is_line);
    match values(&mut cutter, lists, table, load, each) {
        Ok(()) => cutter.finish(),
        Err(Halt::Fault(fault)) => cutter.refuse(&fault, load),
        Err(Halt::Error(error)) => Err(error),
    }
}

fn values<'s>(
    cutter: &mut Cutter<'_, '_>,
    lists: &[&str],
    table: Option<&'static Table>,
    load: &mut Load<'s>,
    each: EachPlaced<'_, 's>,
) -> Result<(), Halt> {
    while cutter.peek()?.is_some() {
        let n_max = cutter.source().whole_bytes_max();
        let is_long = cutter.value_len(n_max)?.is_none();
        let found = if is_long { list_in(cutter.ahead(n_max)?, lists) } else { None };
        if let Some((at, n_brackets)) = found {
            cutter.advance(at);
            if !list(cutter, table, load, each)? {
                break;
            }
            if n_brackets > 0 {
                cutter.leave(n_brackets)?;
            }
            continue;
        }
        let Some(len) = cutter.value_len(RECORD_BYTES_MAX)? else {
            return Err(cutter.source().too_large().into());
        };
        if !part(cutter, len, ["", ""], lists, table, load, each)? {
            break;
        }
    }
    Ok(())
}

/// The elements of a long list; whether all could be read.
fn list<'s>(
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
    let ahead = cutter.ahead(len + 1)?;
    let bytes = ahead.get(..len).unwrap_or(ahead);
    // A document that ends here lacks its brackets, and is not to be helped out.
    let behind = if ahead.len() > len { behind } else { "" };
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
