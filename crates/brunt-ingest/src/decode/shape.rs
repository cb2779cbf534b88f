//! Vendors' JSON records: a function says in our names what a record says in theirs, and aliases and rules do the rest.
//!
//! A decoder that uses this is a file with a [`Spec`](crate::format::Spec), the places where documents keep their records,
//! and a [`Shape`]. Fields that a shape passes on under a column's name or alias go to the column, all others to
//! `attributes`.

use std::borrow::Cow;

use brunt_model::table;

use crate::decode::csv::{self, Dialect};
use crate::decode::{Halt, Plan, plain, records};
use crate::error::Error;
use crate::fill::{Filler, Refusal};
use crate::load::Load;
use crate::read::Source;
use crate::value::{Scalar, Value};

/// Turns a vendor's record into records under our names. One that makes no sense is refused, and becomes a reject; one
/// that gives no record is passed over and not counted.
pub(crate) type Shape = for<'a> fn(Value<'a>, &mut Given<'a>) -> Result<(), Refusal>;

/// What a record gives: records of tables.
#[derive(Debug, Default)]
pub(crate) struct Given<'a> {
    records: Vec<(&'static str, Fields<'a>)>,
}

/// Names and values of a record; one name may come twice, then the first value wins and the other is an attribute.
pub(crate) type Fields<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

impl<'a> Given<'a> {
    /// Gives a record of a base table.
    pub(crate) fn record(&mut self, table: &'static str, fields: Fields<'a>) {
        self.records.push((table, fields));
    }
}

/// Reads an input of this shape: JSON with `lists` as in [`records::each_record`], or a table of text with a header.
pub(crate) fn decode(
    lists: &[&str],
    shape: Shape,
    plan: Plan<'_>,
    source: &mut Source<'_>,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    if source.head().trim_ascii_start().starts_with(b"{")
        || source.head().trim_ascii_start().starts_with(b"[")
    {
        let mut tables = Tables::default();
        return records::each_record(
            source,
            plan.is_lines,
            lists,
            None,
            load,
            &mut |record, load| tables.append(shape, record, load),
        );
    }
    let dialect = Dialect::of_head(source.head());
    decode_table(dialect, None, shape, source, load)
}

/// Reads a table of text of this shape; a header that is given stands for one that the table lacks.
pub(crate) fn decode_table(
    dialect: Dialect,
    header: Option<Vec<String>>,
    shape: Shape,
    source: &mut Source<'_>,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    let mut tables = Tables::default();
    csv::each_record(source, dialect, header, None, load, &mut |record, load| {
        tables.append(shape, record, load)
    })
}

/// What fills the rows of the tables that a shape gives.
#[derive(Debug, Default)]
struct Tables {
    fillers: Vec<Filler<'static>>,
}

impl Tables {
    fn append(&mut self, shape: Shape, record: Value<'_>, load: &mut Load<'_>) -> Result<(), Halt> {
        let mut given = Given::default();
        shape(record, &mut given)?;
        for (name, fields) in given.records {
            let filler_idx = self.fillers.iter().position(|filler| filler.table().name == name);
            let filler_idx = filler_idx.unwrap_or_else(|| {
                self.fillers.extend(table(name).map(|table| Filler::new(table, None)));
                self.fillers.len() - 1
            });
            if let Some(filler) = self.fillers.get_mut(filler_idx) {
                plain::append(filler, Value::Object(fields), load)?;
            }
        }
        Ok(())
    }
}

impl<'a> Value<'a> {
    /// Takes an object's field out; `None` where it is no object or has none of that name.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let Self::Object(fields) = self else { return None };
        let at = fields.iter().position(|(name, _)| name == key)?;
        Some(fields.swap_remove(at).1)
    }

    /// The value of an object's field.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value as text without a copy; `None` for null, Booleans, lists and objects.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Leaf(scalar) => scalar.as_str(),
            Self::Array(_) | Self::Object(_) => None,
        }
    }

    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Leaf(Scalar::text(text))
    }
}

/// A record that cannot be what its format says.
pub(crate) fn refuse<T>(
    code: &'static str,
    reason: impl Into<Cow<'static, str>>,
) -> Result<T, Refusal> {
    Err(Refusal { code, reason: reason.into() })
}
