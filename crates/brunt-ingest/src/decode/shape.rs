//! Vendors' JSON records: a function says in our names what a record says in theirs, and aliases and rules do the rest.
//!
//! A decoder that uses this is a file with a [`Spec`](crate::format::Spec), the places where documents keep their records,
//! and a [`Shape`]. Fields that a shape passes on under a column's name or alias go to the column, all others to
//! `attributes`.

use std::borrow::Cow;

use brunt_model::table;

use crate::decode::csv::{self, Dialect};
use crate::decode::{Halt, Place, Plan, plain, records};
use crate::error::Error;
use crate::fill::{Filler, Refusal};
use crate::load::Load;
use crate::read::Source;
use crate::value::{Scalar, Value};

/// Turns a vendor's record into records under our names. One that makes no sense is refused, and becomes a reject; one
/// that gives no record is passed over and not counted.
pub(crate) type Shape = for<'a> fn(Value<'a>, &mut Given<'a>) -> Result<(), Refusal>;

/// What a record gives: records of tables, parts that are refused, and signals that have no table.
#[derive(Debug, Default)]
pub(crate) struct Given<'a> {
    records: Vec<(&'static str, Fields<'a>)>,
    refused: Vec<(Refusal, String)>,
    unsupported: Vec<&'static str>,
}

/// Names and values of a record; one name may come twice, then the first value wins and the other is an attribute.
pub(crate) type Fields<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

impl<'a> Given<'a> {
    /// Gives a record of a base table.
    pub(crate) fn record(&mut self, table: &'static str, fields: Fields<'a>) {
        self.records.push((table, fields));
    }

    /// Refuses a part of the record, which becomes a reject of its own beside what the other parts give.
    pub(crate) fn refuse(&mut self, part: &Value<'_>, refusal: Refusal) {
        let mut text = String::new();
        part.write_json(&mut text);
        self.refused.push((refusal, text));
    }

    /// Counts a record of a signal that has no table.
    pub(crate) fn unsupported(&mut self, signal: &'static str) {
        self.unsupported.push(signal);
    }
}

/// What fills the rows of a format that fixes its tables, each made when its first record comes.
#[derive(Debug, Default)]
pub(crate) struct Fillers(Vec<Filler<'static>>);

impl Fillers {
    /// Stores what a record gave.
    pub(crate) fn store(
        &mut self,
        given: Given<'_>,
        place: impl Fn() -> Place,
        load: &mut Load<'_>,
    ) -> Result<(), Halt> {
        for (name, fields) in given.records {
            let filler_idx = self.0.iter().position(|filler| filler.table().name == name);
            let filler_idx = filler_idx.unwrap_or_else(|| {
                self.0.extend(table(name).map(|table| Filler::new(table, None, load.aliases())));
                self.0.len() - 1
            });
            if let Some(filler) = self.0.get_mut(filler_idx) {
                plain::append(filler, Value::Object(fields), load)?;
            }
        }
        for (refusal, part) in given.refused {
            load.reject(None, place(), refusal.code, &refusal.reason, part.as_bytes())?;
        }
        for signal in given.unsupported {
            load.unsupported(signal, 1);
        }
        Ok(())
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
        let mut fillers = Fillers::default();
        return records::each_placed(
            source,
            plan.is_lines,
            lists,
            None,
            load,
            &mut |record, spot, load| {
                let mut given = Given::default();
                shape(record, &mut given)?;
                fillers.store(given, || spot.place(), load)
            },
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
    let mut fillers = Fillers::default();
    csv::each_placed(source, dialect, header, None, load, &mut |record, place, load| {
        let mut given = Given::default();
        shape(record, &mut given)?;
        fillers.store(given, || place, load)
    })
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

    /// Takes an object's field out, unless it is null.
    pub(crate) fn take_some(&mut self, key: &str) -> Option<Value<'a>> {
        self.take(key).filter(|value| *value != Self::Leaf(Scalar::Null))
    }

    /// Takes a field out if it is a list.
    pub(crate) fn take_list(&mut self, key: &str) -> Vec<Value<'a>> {
        match self.get(key) {
            Some(Self::Array(_)) => self.take(key).map(Self::into_elements).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Takes a field out if it is an object.
    pub(crate) fn take_object(&mut self, key: &str) -> Option<Value<'a>> {
        matches!(self.get(key), Some(Self::Object(_))).then(|| self.take(key))?
    }

    /// The elements of a list; of anything else none.
    pub(crate) fn elements(&self) -> &[Value<'a>] {
        match self {
            Self::Array(elements) => elements,
            Self::Leaf(_) | Self::Object(_) => &[],
        }
    }

    /// The fields of an object; of anything else none.
    pub(crate) fn into_fields(self) -> Fields<'a> {
        match self {
            Self::Object(fields) => fields,
            Self::Leaf(_) | Self::Array(_) => Vec::new(),
        }
    }

    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Leaf(Scalar::text(text))
    }

    /// The value as one: lists and objects as their JSON, which is not taken apart.
    pub(crate) fn whole(self) -> Self {
        Self::Leaf(self.to_scalar())
    }
}

/// A record that cannot be what its format says.
pub(crate) fn refuse<T>(
    code: &'static str,
    reason: impl Into<Cow<'static, str>>,
) -> Result<T, Refusal> {
    Err(Refusal { code, reason: reason.into() })
}

/// Adds a field that says something.
pub(crate) fn put<'a>(fields: &mut Fields<'a>, name: &'static str, value: Option<Value<'a>>) {
    if let Some(value) = value.filter(|value| !value.is_blank()) {
        fields.push((Cow::Borrowed(name), value));
    }
}
