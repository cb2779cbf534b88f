//! Rows of a catalog relation from the columns that have something to say.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int16Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::spec::Relation;
use crate::error::Report;

/// Columns by name; those that are not given have the relation's filling.
#[derive(Debug, Default)]
pub(super) struct Columns {
    n_rows: usize,
    filling: Filling,
    given: HashMap<&'static str, ArrayRef>,
}

/// What stands in a column that is not given.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    #[default]
    Null,
    /// False, 0 and the empty string, as catalog tables have where nothing applies; text and arrays are NULL.
    Zero,
}

impl Columns {
    pub(super) fn new(n_rows: usize, filling: Filling) -> Self {
        Self { n_rows, filling, given: HashMap::new() }
    }

    pub(super) fn text<T: Into<String>>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        let values: StringArray = values.into_iter().map(|value| value.map(Into::into)).collect();
        self.given.insert(name, Arc::new(values));
        self
    }

    pub(super) fn int(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = Option<i64>>,
    ) -> Self {
        self.given.insert(name, Arc::new(values.into_iter().collect::<Int64Array>()));
        self
    }

    pub(super) fn bool(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = bool>,
    ) -> Self {
        self.given.insert(name, Arc::new(values.into_iter().map(Some).collect::<BooleanArray>()));
        self
    }

    /// The same text in every row.
    pub(super) fn all_text(self, name: &'static str, value: &str) -> Self {
        let n_rows = self.n_rows;
        self.text(name, std::iter::repeat_n(Some(value), n_rows))
    }

    pub(super) fn all_int(self, name: &'static str, value: i64) -> Self {
        let n_rows = self.n_rows;
        self.int(name, std::iter::repeat_n(Some(value), n_rows))
    }

    pub(super) fn all_bool(self, name: &'static str, value: bool) -> Self {
        let n_rows = self.n_rows;
        self.bool(name, std::iter::repeat_n(value, n_rows))
    }
}

/// The relation's rows, each column of its type.
pub(super) fn batch(relation: &Relation, mut columns: Columns) -> Result<RecordBatch, Report> {
    let failed = |error: arrow::error::ArrowError| {
        Report::new("XX000", format!("catalog relation \"{}\": {error}", relation.name))
    };
    let arrays = relation
        .schema
        .fields()
        .iter()
        .map(|field| match columns.given.remove(field.name().as_str()) {
            Some(array) if array.data_type() == field.data_type() => Ok(array),
            Some(array) => cast(&array, field.data_type()).map_err(failed),
            None => {
                filling(field.data_type(), field.metadata().len() == 1, &columns).map_err(failed)
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(name) = columns.given.keys().next() {
        return Err(Report::new(
            "XX000",
            format!("catalog relation \"{}\" has no column \"{name}\"", relation.name),
        ));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(columns.n_rows));
    RecordBatch::try_new_with_options(Arc::clone(&relation.schema), arrays, &options)
        .map_err(failed)
}

fn filling(
    data_type: &DataType,
    is_tagged: bool,
    columns: &Columns,
) -> Result<ArrayRef, arrow::error::ArrowError> {
    let n_rows = columns.n_rows;
    if columns.filling == Filling::Null {
        return Ok(new_null_array(data_type, n_rows));
    }
    match data_type {
        DataType::Boolean => Ok(Arc::new(BooleanArray::from(vec![false; n_rows]))),
        DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Float32 => {
            cast(&Int16Array::from(vec![0; n_rows]), data_type)
        }
        // Tagged texts are names and single characters.
        DataType::Utf8 if is_tagged => Ok(Arc::new(StringArray::from(vec![""; n_rows]))),
        _ => Ok(new_null_array(data_type, n_rows)),
    }
}
