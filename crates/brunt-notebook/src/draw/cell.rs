//! The cells of an answer as text, with what a drawing needs to know of each column.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::Error;

/// An answer as text: all cells, and how many rows were left out.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) columns: Vec<GridColumn>,
    /// Rows of cells, one for each column.
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) n_rows: usize,
}

#[derive(Debug)]
pub(super) struct GridColumn {
    pub(super) name: String,
    /// Numbers stand to the right.
    pub(super) is_number: bool,
    /// Texts with spaces say something when they are cut; ids and times do not.
    pub(super) is_prose: bool,
}

impl GridColumn {
    /// Ids are what a person reads last.
    pub(super) fn is_id(&self) -> bool {
        self.name == "id" || self.name.ends_with("_id")
    }
}

/// The text of a cell; `None` is NULL.
pub(super) type Cell = Option<String>;

impl Grid {
    pub(super) fn new(
        schema: &Schema,
        batches: &[RecordBatch],
        rows_max: Option<usize>,
    ) -> Result<Self, Error> {
        let n_rows = batches.iter().map(RecordBatch::num_rows).sum();
        let mut rows = Vec::new();
        for batch in batches {
            let n_wanted =
                rows_max.unwrap_or(usize::MAX).saturating_sub(rows.len()).min(batch.num_rows());
            rows.extend(cells(&batch.slice(0, n_wanted))?);
        }
        let has_space = |row: &Vec<Cell>, column_idx: usize| {
            row.get(column_idx).and_then(Option::as_deref).is_some_and(|text| text.contains(' '))
        };
        let columns = schema.fields().iter().enumerate().map(|(column_idx, field)| GridColumn {
            name: field.name().clone(),
            is_number: field.data_type().is_numeric(),
            is_prose: !field.data_type().is_temporal()
                && rows.iter().any(|row| has_space(row, column_idx)),
        });
        Ok(Self { columns: columns.collect(), rows, n_rows })
    }

    /// The cells as columns of text, for writers that quote.
    pub(super) fn as_text_batches(&self) -> Result<Vec<RecordBatch>, Error> {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| Field::new(&column.name, DataType::Utf8, true))
            .collect();
        let arrays = (0..self.columns.len())
            .map(|column_idx| {
                let cells =
                    self.rows.iter().map(|row| row.get(column_idx).and_then(Option::as_deref));
                Arc::new(cells.collect::<StringArray>()) as ArrayRef
            })
            .collect();
        Ok(vec![RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(Error::Draw)?])
    }
}

fn cells(batch: &RecordBatch) -> Result<Vec<Vec<Cell>>, Error> {
    let options = FormatOptions::default()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f+00"));
    let formatters = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::Draw)?;
    (0..batch.num_rows())
        .map(|row_idx| {
            let cells = batch.columns().iter().zip(&formatters);
            cells
                .map(|(column, formatter)| {
                    if column.is_null(row_idx) {
                        return Ok(None);
                    }
                    formatter.value(row_idx).try_to_string().map(Some).map_err(Error::Draw)
                })
                .collect()
        })
        .collect()
}
