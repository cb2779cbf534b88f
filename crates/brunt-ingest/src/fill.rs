//! From a record of a plain format to a row: by the alias registry, or by a mapping.

use std::borrow::Cow;

use brunt_model::Table;
use regex::Regex;

use crate::aliases::UserAliases;
use crate::mapping::Mapping;
use crate::normalize::form::Form;
use crate::normalize::route::{Reach, Router, Target};
use crate::row::{Level, Row};
use crate::value::{Scalar, Value};

/// Why a record cannot become a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) reason: Cow<'static, str>,
}

#[derive(Debug, Clone)]
pub(crate) struct Filler<'m> {
    table: &'static Table,
    router: Router,
    mapping: Option<&'m Mapping>,
    body: Option<usize>,
}

impl<'m> Filler<'m> {
    /// Fills rows of a table by its aliases, or by a mapping where there is one.
    pub(crate) fn new(
        table: &'static Table,
        mapping: Option<&'m Mapping>,
        aliases: &UserAliases,
    ) -> Self {
        Self {
            table,
            router: Router::new(table, Reach::Record, aliases),
            mapping,
            body: table.column_idx("body"),
        }
    }

    pub(crate) fn table(&self) -> &'static Table {
        self.table
    }

    /// The path to the records of a document.
    pub(crate) fn records_path(&self) -> &'m str {
        self.mapping.map(Mapping::records_path).unwrap_or_default()
    }

    /// The list inside a record whose elements are the rows.
    pub(crate) fn each(&self) -> Option<&'m str> {
        self.mapping.and_then(Mapping::each)
    }

    pub(crate) fn pattern(&self) -> Option<&'m Regex> {
        self.mapping.and_then(Mapping::pattern)
    }

    pub(crate) fn delimiter(&self) -> Option<u8> {
        self.mapping.and_then(Mapping::delimiter)
    }

    pub(crate) fn header(&self) -> Option<&'m [String]> {
        self.mapping.and_then(Mapping::header)
    }

    /// Offers every field of a record to the row.
    pub(crate) fn fill<'a>(&mut self, row: &mut Row<'a>, record: Value<'a>) -> Result<(), Refusal>
    where
        'm: 'a,
    {
        match (record, self.mapping) {
            (record @ Value::Object(_), Some(mapping)) => mapping.fill(row, record),
            (Value::Object(fields), None) => self.fields(row, None, fields),
            _ => {
                let reason = Cow::Borrowed("a record is not an object");
                return Err(Refusal { code: "not_an_object", reason });
            }
        }
        Ok(())
    }

    /// Fields of an object go by their dotted path, unless the object as a whole is a column's value.
    fn fields<'a>(
        &mut self,
        row: &mut Row<'a>,
        prefix: Option<&str>,
        fields: Vec<(Cow<'a, str>, Value<'a>)>,
    ) {
        for (key, value) in fields {
            let path = match prefix {
                Some(prefix) => Cow::Owned([prefix, ".", &key].concat()),
                None => key,
            };
            match value {
                Value::Object(inner) if !inner.is_empty() && !self.is_column_of_objects(&path) => {
                    self.fields(row, Some(&path), inner);
                }
                value => self.router.field(row, Level::Record, path, value.to_scalar()),
            }
        }
    }

    fn is_column_of_objects(&mut self, key: &str) -> bool {
        match self.router.target(key) {
            Target::Column { column_idx, form, .. } => {
                matches!(form, Form::Flags | Form::Json) || Some(column_idx) == self.body
            }
            _ => false,
        }
    }
}

/// A record from names and texts, as tables of text have them; an empty text is no value.
pub(crate) fn text_record<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Value<'a> {
    let given = fields.filter(|(_, text)| !text.is_empty());
    Value::Object(
        given.map(|(name, text)| (Cow::Borrowed(name), Value::Leaf(Scalar::text(text)))).collect(),
    )
}
