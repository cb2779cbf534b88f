//! The attributes that rules of grouping look at, of the rows of a batch.

use arrow::array::{Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use brunt_fingerprint::Rules;
use brunt_ingest::column_fed;
use brunt_model::Table;
use serde_json::Value;

use super::columns::{column, text};
use crate::code::Code;
use crate::error::Error;

/// Where attributes are that have no column of their own: the row's first, then its resource's.
const OBJECTS: [&str; 2] = ["attributes", "resource_attributes"];

/// The attributes of a batch; none where no rule looks at any.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// Each with the column that it feeds, as texts.
    names: Vec<(String, Option<StringArray>)>,
    objects: Vec<StringArray>,
}

/// The columns that [`Attributes::new`] reads.
pub(super) fn columns(base: &'static Table, rules: &Rules) -> Vec<&'static str> {
    let names = rules.attributes();
    let objects = if names.is_empty() { &[][..] } else { &OBJECTS };
    let fed = names.iter().filter_map(|name| fed(base, name));
    fed.chain(objects.iter().copied()).collect()
}

/// The load that brought a row must not matter to what is derived from it.
fn fed(base: &'static Table, name: &str) -> Option<&'static str> {
    column_fed(base, name).filter(|column| *column != "load_id")
}

impl Attributes {
    /// # Errors
    /// Where a column of [`columns`] is absent or cannot be text.
    pub(super) fn new(
        base: &'static Table,
        batch: &RecordBatch,
        rules: &Rules,
    ) -> Result<Self, Error> {
        let wanted = rules.attributes();
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let mut names = Vec::with_capacity(wanted.len());
        for name in wanted {
            let texts = fed(base, name).map(|column| as_texts(batch, column)).transpose()?;
            names.push((name.to_owned(), texts));
        }
        let objects = OBJECTS.map(|name| column::<StringArray>(batch, name).cloned());
        Ok(Self { names, objects: objects.into_iter().collect::<Result<_, _>>()? })
    }

    /// Those that a row has, by name.
    pub(super) fn of(&self, row: usize) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (name, texts) in &self.names {
            let own = texts.as_ref().and_then(|texts| text(texts, row)).map(str::to_owned);
            if let Some(value) = own.or_else(|| self.in_objects(name, row)) {
                found.push((name.clone(), value));
            }
        }
        found
    }

    fn in_objects(&self, name: &str, row: usize) -> Option<String> {
        self.objects.iter().find_map(|objects| {
            let object: Value = serde_json::from_str(text(objects, row)?).ok()?;
            attribute(&object, name)
        })
    }
}

/// An attribute of an object, under its whole name or in objects inside it; as JSON where it is no text.
pub(crate) fn attribute(object: &Value, name: &str) -> Option<String> {
    match object.get(name) {
        Some(Value::String(text)) => return Some(text.clone()),
        None | Some(Value::Null) => {}
        Some(other) => return Some(other.to_string()),
    }
    let dots = name.match_indices('.').map(|(dot, _)| dot);
    dots.map(|dot| (&name[..dot], &name[dot + 1..]))
        .find_map(|(outer, inner)| attribute(object.get(outer)?, inner))
}

fn as_texts(batch: &RecordBatch, name: &str) -> Result<StringArray, Error> {
    let internal = |reason: String| Error::statement(Code::Internal, reason);
    let array = batch
        .column_by_name(name)
        .ok_or_else(|| internal(format!("rows came without column \"{name}\"")))?;
    let texts = cast(array, &DataType::Utf8).map_err(|error| internal(error.to_string()))?;
    let texts = texts.as_any().downcast_ref::<StringArray>().cloned();
    texts.ok_or_else(|| internal(format!("column \"{name}\" has another type")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_attribute_is_found_whole_and_inside() {
        let object = json!({"a.b": "whole", "a": {"b": "inside", "c.d": 7, "e": null}, "f": true});
        let found = |name| attribute(&object, name);
        assert_eq!(found("a.b").as_deref(), Some("whole"));
        assert_eq!(found("a.c.d").as_deref(), Some("7"));
        assert_eq!(found("f").as_deref(), Some("true"));
        assert_eq!(found("a.e"), None);
        assert_eq!(found("a.x"), None);
    }
}
