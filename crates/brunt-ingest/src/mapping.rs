//! Mapping files: how to read an export that no decoder knows, said in TOML.

mod draft;
mod field;
mod file;

use std::borrow::Cow;

use brunt_model::Table;
use regex::Regex;

use crate::Summary;
use crate::error::Error;
use crate::format::Format;
use crate::json::Json;
use crate::mapping::field::Field;
use crate::normalize::form::Form;
use crate::normalize::route;
use crate::row::{Level, Offer, Row};
use crate::value::{Scalar, Value};

/// How the records of an export become rows of one table.
///
/// ```
/// use brunt_ingest::Mapping;
///
/// let mapping = Mapping::parse(
///     r#"
///     format = "csv"                 # json, jsonl, csv, text, parquet
///     table = "logs"
///     json = ["Log"]                 # fields that hold JSON as text
///     null = ["-"]                   # values that mean nothing is there
///
///     [constants]
///     deployment_environment_name = "staging"
///
///     [columns]
///     trace_id = "TraceID"
///     ts = { from = "TimeUnixNano", unit = "ns" }
///     body = ["Log.log", "Log"]      # the first that is there
///     severity_text = { from = "Log.log", regex = '^\S+ +([A-Z]+)' }
///     "#,
///     "nezha.toml",
/// )?;
/// assert_eq!(mapping.table().name, "logs");
/// # Ok::<(), brunt_ingest::Error>(())
/// ```
///
/// Documents have their records at the path `records`; where a record holds a list whose elements are the rows, `each` is
/// that list's path, and a row has the record's other fields beside its own. Paths are keys with dots between them; a number is a place in a
/// list, from the end where negative. Besides `from`, a column may have `regex` (its first group is taken), `unit`
/// (`ns us ms s`) or `time` (`strftime`) for times, `unit` for durations, `form` (`decimal` for ids, `is_bot`,
/// `user_agent`, `sample_rate`, `python_level`), `values` (a table
/// from their words to ours) and its own `null`; keys that are written
/// in several ways are a list of such tables. `end` of spans and `subject` of tickets are columns here too. Fields
/// that no column takes whole are kept in `attributes`. With `known_forms = true`, JSON records of known logging libraries
/// and those that APIs wrap get the names first that they would have without a mapping, and paths are of these.
#[derive(Debug, Clone)]
pub struct Mapping {
    file_name: String,
    format: Option<Format>,
    table: &'static Table,
    /// The path to the records of a document.
    records: String,
    /// Paths of texts that are JSON.
    json: Vec<String>,
    nulls: Vec<String>,
    /// The list inside a record whose elements are the rows, each with the record's other fields beside its own.
    each: Option<String>,
    /// What a line of `text` must look like; its named groups are the fields.
    pattern: Option<Regex>,
    delimiter: Option<u8>,
    header: Option<Vec<String>>,
    /// Whether records of known forms are opened first.
    known_forms: bool,
    constants: Vec<(usize, String, String, Form)>,
    fields: Vec<Field>,
}

impl Mapping {
    /// Reads a mapping; `file_name` is for messages.
    ///
    /// # Errors
    /// [`Error::Definition`] with line and column: a slip in the TOML, an unknown table, column, key or unit, or a
    /// regular expression that is none.
    pub fn parse(toml: &str, file_name: &str) -> Result<Self, Error> {
        file::read(toml, file_name)
    }

    /// A mapping file as a start: the TOML of one that reads an input the way it was read, with examples as comments
    /// where [`Options::examples`](crate::Options) asked for them.
    ///
    /// `None` where the format says itself what feeds what, or where rows went to no table or to several.
    pub fn draft(summary: &Summary) -> Option<String> {
        draft::draft(summary)
    }

    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The table that its rows belong to.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// The format that it says, if any.
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// Which column is fed by which paths of the source, in the order of the file.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.fields.iter().map(|field| (field.column.as_str(), field.from.as_slice()))
    }

    /// Whether records that APIs wrap, and those of logging libraries, are read as they are without a mapping before the
    /// columns look for their keys.
    pub(crate) fn opens_known_forms(&self) -> bool {
        self.known_forms
    }

    pub(crate) fn records_path(&self) -> &str {
        &self.records
    }

    pub(crate) fn each(&self) -> Option<&str> {
        self.each.as_deref()
    }

    pub(crate) fn pattern(&self) -> Option<&Regex> {
        self.pattern.as_ref()
    }

    pub(crate) fn delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    pub(crate) fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// Offers a record's fields to the row.
    pub(crate) fn fill<'a>(&'a self, row: &mut Row<'a>, mut record: Value<'a>) {
        for path in &self.json {
            open_json(&mut record, path);
        }
        let mut taken: Vec<&str> = Vec::new();
        for field in &self.fields {
            // What says nothing is no attribute either, nor what says the same once more.
            taken.extend(field.blank_paths(&record));
            let Some((path, said)) = field.find(&record) else { continue };
            let is_null = field.is_null(&said, &self.nulls);
            let value = if is_null { Scalar::Null } else { said.clone() };
            let extracted = field.extract(&value);
            let whole = extracted.as_ref().is_some_and(|extracted| extracted.whole);
            if whole {
                taken.extend(field.paths_of(&record, &said));
            }
            if let Some(extracted) = extracted {
                let offer = Offer {
                    key: Cow::Borrowed(path),
                    value: extracted.value,
                    form: extracted.form,
                    rank: Level::Record.rank(0),
                    kept: !whole,
                };
                row.offer(field.column_idx, offer);
            }
        }
        for (column_idx, name, text, form) in &self.constants {
            let value = Scalar::text(text.as_str());
            let rank = Level::Constant.rank(0);
            row.offer(
                *column_idx,
                Offer { key: name.into(), value, form: *form, rank, kept: true },
            );
        }
        keep_rest(row, "", &record, &taken);
    }
}

/// Fields that no column took whole go to the attributes, by their dotted path.
fn keep_rest(row: &mut Row<'_>, path: &str, value: &Value<'_>, taken: &[&str]) {
    match value {
        _ if taken.contains(&path) => {}
        Value::Object(fields) if !fields.is_empty() || path.is_empty() => {
            for (key, value) in fields {
                let inner = if path.is_empty() {
                    key.clone().into_owned()
                } else {
                    [path, ".", key].concat()
                };
                keep_rest(row, &inner, value, taken);
            }
        }
        value => route::keep(row, path, &value.to_scalar()),
    }
}

/// Replaces a text that is JSON by what it says; another text stays.
fn open_json(record: &mut Value<'_>, path: &str) {
    let Some(place) = field::find_mut(record, path) else { return };
    let Value::Leaf(Scalar::Text(text)) = place else { return };
    let text = text.clone();
    let mut json = Json::new(&text);
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = Value::read(&mut json)
        && json.at_end()
    {
        *place = value.into_owned();
    }
}
