//! The TOML form of a mapping, checked against the tables.

use std::collections::BTreeMap;

use brunt_model::Table;
use regex::Regex;
use serde::Deserialize;
use toml::{Spanned, Value};

use super::Mapping;
use super::field::Field;
use crate::aliases::{SPAN_END, TICKET_SUBJECT};
use crate::definition::{definition_error, error_at};
use crate::detect::{base_tables, table_named};
use crate::error::Error;
use crate::format::{Format, formats};
use crate::normalize::form::{Form, Unit};
use crate::normalize::route::column_idx;
use crate::normalize::time::TimeForm;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: Option<Spanned<String>>,
    table: Spanned<String>,
    records: Option<String>,
    each: Option<String>,
    #[serde(default)]
    json: Vec<String>,
    #[serde(default)]
    null: Vec<String>,
    pattern: Option<Spanned<String>>,
    delimiter: Option<Spanned<String>>,
    header: Option<Vec<String>>,
    #[serde(default)]
    known_forms: bool,
    #[serde(default)]
    constants: BTreeMap<String, Spanned<Value>>,
    columns: BTreeMap<String, Spanned<Value>>,
}

/// A column with more to say than where it comes from.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Column {
    #[serde(default)]
    from: Option<Value>,
    regex: Option<String>,
    unit: Option<String>,
    time: Option<String>,
    form: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    null: Vec<String>,
}

/// Ways of reading that mappings name.
pub(super) const FORMS: &[(&str, Form)] = &[
    ("decimal", Form::DecimalTraceId),
    ("decimal", Form::DecimalSpanId),
    ("is_bot", Form::IsBot),
    ("user_agent", Form::UserAgent),
    ("sample_rate", Form::SampleRate),
    ("python_level", Form::PythonLevel),
];

struct Reader<'t> {
    toml: &'t str,
    file_name: &'t str,
    table: &'static Table,
}

pub(super) fn read(toml: &str, file_name: &str) -> Result<Mapping, Error> {
    let file: File =
        toml::from_str(toml).map_err(|error| definition_error(toml, file_name, &error))?;
    let fault = |at: usize, reason: &str| error_at(toml, file_name, at, reason);
    let Some(table) = table_named(file.table.get_ref()) else {
        let tables: Vec<&str> = base_tables().map(|table| table.name).collect();
        let reason = format!(
            "there is no table {:?}; the tables are {}",
            file.table.get_ref(),
            tables.join(", ")
        );
        return Err(fault(file.table.span().start, &reason));
    };
    let format = match &file.format {
        None => None,
        Some(name) => {
            if let Some(format) = Format::parse(name.get_ref()).filter(|format| format.is_generic())
            {
                Some(format)
            } else {
                let known: Vec<&str> =
                    formats().filter(|format| format.is_generic()).map(Format::name).collect();
                let reason = format!(
                    "there is no format {:?} for mappings; it may be {}",
                    name.get_ref(),
                    known.join(", ")
                );
                return Err(fault(name.span().start, &reason));
            }
        }
    };
    let compiled = file.pattern.as_ref().map(|text| {
        Regex::new(text.get_ref()).map_err(|error| fault(text.span().start, &error.to_string()))
    });
    let pattern = compiled.transpose()?;
    if format.is_some_and(|format| format.name() == "text") && pattern.is_none() {
        return Err(fault(0, "format \"text\" needs a pattern"));
    }
    let delimiter = match &file.delimiter {
        None => None,
        Some(text) => match text.get_ref().as_bytes() {
            [byte] => Some(*byte),
            _ => return Err(fault(text.span().start, "a delimiter is one character")),
        },
    };
    let reader = Reader { toml, file_name, table };
    Ok(Mapping {
        file_name: file_name.to_owned(),
        format,
        table,
        records: file.records.unwrap_or_default(),
        each: file.each,
        json: file.json,
        nulls: file.null,
        pattern,
        delimiter,
        header: file.header,
        known_forms: file.known_forms,
        constants: reader.constants(&file.constants)?,
        fields: file
            .columns
            .iter()
            .map(|(name, spec)| reader.fields(name, spec))
            .collect::<Result<Vec<_>, _>>()?
            .concat(),
    })
}

impl Reader<'_> {
    fn fault(&self, at: usize, reason: &str) -> Error {
        error_at(self.toml, self.file_name, at, reason)
    }

    fn constants(
        &self,
        constants: &BTreeMap<String, Spanned<Value>>,
    ) -> Result<Vec<(usize, String, String, Form)>, Error> {
        let mut read = Vec::new();
        for (name, value) in constants {
            let at = value.span().start;
            let (column_idx, form) = self.column(name, at)?;
            let text = match value.get_ref() {
                Value::String(text) => text.clone(),
                Value::Integer(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Boolean(value) => value.to_string(),
                _ => return Err(self.fault(at, "a constant is a text, a number or a Boolean")),
            };
            read.push((column_idx, name.clone(), text, form));
        }
        Ok(read)
    }

    /// The fields of a column: one, or several where its keys are to be read in several ways.
    fn fields(&self, name: &str, spec: &Spanned<Value>) -> Result<Vec<Field>, Error> {
        let at = spec.span().start;
        match spec.get_ref() {
            Value::Array(specs) if specs.iter().any(Value::is_table) => {
                specs.iter().map(|spec| self.field(name, spec, at)).collect()
            }
            spec => Ok(vec![self.field(name, spec, at)?]),
        }
    }

    fn field(&self, name: &str, spec: &Value, at: usize) -> Result<Field, Error> {
        let (column_idx, mut form) = self.column(name, at)?;
        let column = match spec {
            from @ (Value::String(_) | Value::Array(_)) => {
                Column { from: Some(from.clone()), ..Column::default() }
            }
            table @ Value::Table(_) => table
                .clone()
                .try_into()
                .map_err(|error: toml::de::Error| self.fault(at, error.message()))?,
            _ => {
                return Err(
                    self.fault(at, "a column is a path, a list of paths, or a table with from")
                );
            }
        };
        let from = paths(column.from.as_ref())
            .ok_or_else(|| self.fault(at, "a column needs from: a path or a list of paths"))?;
        if let Some(unit) = &column.unit {
            let unit =
                Unit::parse(unit).ok_or_else(|| self.fault(at, "a unit is ns, us, ms or s"))?;
            form = match form {
                Form::Time(_) => Form::Time(TimeForm::Epoch(unit)),
                Form::Duration(_) => Form::Duration(unit),
                _ => return Err(self.fault(at, "only times and durations have a unit")),
            };
        }
        if column.time.is_some() && !matches!(form, Form::Time(_)) {
            return Err(self.fault(at, "only times have a time format"));
        }
        if let Some(word) = &column.form {
            form = form_named(word, name, form).ok_or_else(|| {
                self.fault(
                    at,
                    "the forms are decimal for trace and span ids, is_bot and user_agent for synthetic_type, sample_rate for sample_weight, and python_level for severity_number",
                )
            })?;
        }
        let regex = column.regex.as_deref().map(Regex::new).transpose();
        Ok(Field {
            column: name.to_owned(),
            column_idx,
            form,
            takes_objects: name == "body" || matches!(form, Form::Flags | Form::Json),
            from,
            regex: regex.map_err(|error| self.fault(at, &error.to_string()))?,
            time: column.time,
            values: column.values.into_iter().collect(),
            nulls: column.null,
        })
    }

    fn column(&self, name: &str, at: usize) -> Result<(usize, Form), Error> {
        let extra = match (self.table.name, name) {
            ("spans", "end") => Some((SPAN_END, Form::Time(TimeForm::Any))),
            ("ticket_updates", "subject") => Some((TICKET_SUBJECT, Form::Text)),
            _ => None,
        };
        if let Some((idx, form)) =
            extra.and_then(|(name, form)| Some((column_idx(self.table, name)?, form)))
        {
            return Ok((idx, form));
        }
        let own = ["day", "load_id", "ts_quality", "attributes", "resource_attributes"];
        let known = self.table.columns.iter().enumerate().find(|(_, column)| column.name == name);
        match known.filter(|_| !own.contains(&name)) {
            Some((column_idx, column)) => Ok((column_idx, Form::of(column))),
            None => Err(self.fault(at, &self.unknown_column(name))),
        }
    }

    /// Names the column that was probably meant.
    fn unknown_column(&self, name: &str) -> String {
        let nearest = self
            .table
            .columns
            .iter()
            .map(|column| (n_edits(column.name, name), column.name))
            .min()
            .filter(|(n_edits, _)| *n_edits <= 2 + name.len() / 4)
            .map_or_else(String::new, |(_, nearest)| format!("; did you mean {nearest:?}?"));
        format!("table {:?} has no column {name:?} to be mapped{nearest}", self.table.name)
    }
}

/// A way of reading that a column has beside its own.
fn form_named(word: &str, column: &str, own: Form) -> Option<Form> {
    FORMS.iter().copied().find_map(|(name, form)| {
        let fits = match form {
            Form::DecimalTraceId => own == Form::TraceId,
            Form::DecimalSpanId => own == Form::SpanId,
            Form::IsBot | Form::UserAgent => column == "synthetic_type",
            Form::SampleRate => column == "sample_weight",
            _ => column == "severity_number",
        };
        (name == word && fits).then_some(form)
    })
}

fn paths(from: Option<&Value>) -> Option<Vec<String>> {
    let paths: Vec<String> = match from? {
        Value::String(path) => vec![path.clone()],
        Value::Array(paths) => {
            paths.iter().map(|path| path.as_str().map(str::to_owned)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    (!paths.is_empty() && paths.iter().all(|path| !path.is_empty())).then_some(paths)
}

/// Insertions, deletions and replacements from one name to the other (Levenshtein).
fn n_edits(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (idx, a) in one.chars().enumerate() {
        let mut diagonal = idx;
        let mut left = idx + 1;
        let mut next = vec![left];
        for (b, above) in other.chars().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(a != b);
            left = replaced.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(toml: &str) -> String {
        Mapping::parse(toml, "m.toml").unwrap_err().to_string()
    }

    #[test]
    fn slips_are_named_with_their_place() {
        for (toml, expected) in [
            (
                "table = \"log\"\n[columns]\n",
                "m.toml:1:9: there is no table \"log\"; the tables are",
            ),
            ("table = \"logs\"\n", "m.toml:1:1: missing field `columns`"),
            (
                "table = \"logs\"\n[columns]\nsesion_id = \"s\"\n",
                "m.toml:3:13: table \"logs\" has no column \"sesion_id\" to be mapped; did you mean \"session_id\"?",
            ),
            (
                "table = \"logs\"\n[columns]\nload_id = \"s\"\n",
                "m.toml:3:11: table \"logs\" has no column \"load_id\"",
            ),
            (
                "table = \"logs\"\n[columns]\nbody = { regex = \"x\" }\n",
                "m.toml:3:8: a column needs from",
            ),
            (
                "table = \"logs\"\n[columns]\nbody = { from = \"a\", regx = \"x\" }\n",
                "m.toml:3:8: unknown field `regx`",
            ),
            (
                "table = \"logs\"\n[columns]\nbody = { from = \"a\", regex = \"(\" }\n",
                "m.toml:3:8: regex parse error",
            ),
            (
                "table = \"logs\"\n[columns]\nbody = { from = \"a\", unit = \"ms\" }\n",
                "m.toml:3:8: only times and durations have a unit",
            ),
            (
                "table = \"spans\"\n[columns]\nts = { from = \"a\", unit = \"minutes\" }\n",
                "m.toml:3:6: a unit is ns, us, ms or s",
            ),
            (
                "format = \"xml\"\ntable = \"logs\"\n[columns]\n",
                "m.toml:1:10: there is no format \"xml\" for mappings",
            ),
            ("table = \"logs\"\nformt = \"csv\"\n[columns]\n", "m.toml:2:1: unknown field `formt`"),
            ("table = \"logs\"\n[columns\n", "m.toml:2:9: "),
        ] {
            assert!(fault(toml).starts_with(expected), "{}", fault(toml));
        }
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(n_edits("session_id", "sesion_id"), 1);
        assert_eq!(n_edits("", "abc"), 3);
        assert_eq!(n_edits("kitten", "sitting"), 3);
    }
}
