//! Answers as rows of text, for the commands that draw something other than a table.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use brunt::Session;
use brunt_notebook::{Layout, draw};

use crate::failure::{ExitStatus, Failure};
use crate::output::{print, tell};

/// The rows of an answer, by column name.
#[derive(Debug)]
pub(super) struct Rows {
    names: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The text of a cell; `None` where it is NULL or there is no such column.
    pub(super) fn text(&self, row_idx: usize, name: &str) -> Option<&str> {
        let column_idx = self.names.iter().position(|column| column == name)?;
        self.rows.get(row_idx)?.get(column_idx)?.as_deref()
    }

    pub(super) fn integer(&self, row_idx: usize, name: &str) -> Option<i64> {
        self.text(row_idx, name)?.parse().ok()
    }
}

/// Runs a query and takes all of its rows; for answers of a screen or a few.
pub(super) async fn fetch(session: &Session, sql: &str) -> Result<Rows, Failure> {
    let answer = session.sql(sql).await?;
    let names = answer.schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut rows = Vec::new();
    for batch in answer.collect().await? {
        push_rows(&mut rows, &batch).map_err(|error| Failure::system("draw an answer", &error))?;
    }
    Ok(Rows { names, rows })
}

/// Runs a query and prints its answer.
pub(super) async fn show(
    session: &Session,
    sql: &str,
    layout: &Layout,
) -> Result<ExitStatus, Failure> {
    show_rows(session, sql, layout).await?;
    Ok(ExitStatus::Done)
}

/// Runs a query, prints its answer, and returns how many rows it has.
pub(super) async fn show_rows(
    session: &Session,
    sql: &str,
    layout: &Layout,
) -> Result<usize, Failure> {
    let answer = session.sql(sql).await?;
    let (schema, notices) = (Arc::clone(&answer.schema), answer.notices.clone());
    let rows = answer.collect().await?;
    print(&draw(&schema, &rows, layout)?);
    for notice in &notices {
        tell(notice);
    }
    Ok(rows.iter().map(RecordBatch::num_rows).sum())
}

fn push_rows(
    rows: &mut Vec<Vec<Option<String>>>,
    batch: &RecordBatch,
) -> Result<(), arrow::error::ArrowError> {
    let options = FormatOptions::default();
    let formatters = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options))
        .collect::<Result<Vec<_>, _>>()?;
    for row_idx in 0..batch.num_rows() {
        let mut row = Vec::with_capacity(formatters.len());
        for (column, formatter) in batch.columns().iter().zip(&formatters) {
            row.push(if column.is_null(row_idx) {
                None
            } else {
                Some(formatter.value(row_idx).try_to_string()?)
            });
        }
        rows.push(row);
    }
    Ok(())
}
