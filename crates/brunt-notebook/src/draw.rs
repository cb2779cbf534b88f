//! How an answer is drawn: a table that fits the terminal, expanded records, CSV, JSON lines or Markdown.

mod cell;
mod expanded;
mod markdown;
mod table;
mod width;

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::Schema;
use arrow::json::LineDelimitedWriter;

use crate::error::Error;
use cell::Grid;
pub use width::shorten;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Columns side by side, for people.
    #[default]
    Table,
    /// One column a line, for wide rows.
    Expanded,
    Csv,
    /// One JSON object a row.
    Json,
    Markdown,
}

/// What the drawing has to fit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    pub format: Format,
    /// Characters a line; `None` where lines may be as long as they like.
    pub width_max: Option<usize>,
    /// Rows drawn; `None` for all. CSV and JSON always have all.
    pub rows_max: Option<usize>,
}

/// Draws the rows of an answer; the text ends with a line break, but for CSV and JSON of no rows.
///
/// NULL is an empty field in tables and CSV, and absent from JSON objects. Times are UTC.
///
/// # Errors
/// [`Error::Draw`] where a column's type has no such form (nested columns in CSV).
pub fn draw(schema: &Schema, batches: &[RecordBatch], layout: &Layout) -> Result<String, Error> {
    match layout.format {
        Format::Table => {
            Ok(table::draw(&Grid::new(schema, batches, layout.rows_max)?, layout.width_max))
        }
        Format::Expanded => {
            Ok(expanded::draw(&Grid::new(schema, batches, layout.rows_max)?, layout.width_max))
        }
        Format::Markdown => Ok(markdown::draw(&Grid::new(schema, batches, layout.rows_max)?)),
        Format::Csv => draw_csv(schema, batches),
        Format::Json => draw_json(batches),
    }
}

fn draw_csv(schema: &Schema, batches: &[RecordBatch]) -> Result<String, Error> {
    let grid = Grid::new(schema, batches, None)?;
    let mut text = Vec::new();
    let mut writer = csv::WriterBuilder::new().build(&mut text);
    for batch in grid.as_text_batches()? {
        writer.write(&batch).map_err(Error::Draw)?;
    }
    drop(writer);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn draw_json(batches: &[RecordBatch]) -> Result<String, Error> {
    let mut text = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut text);
    for batch in batches {
        writer.write(batch).map_err(Error::Draw)?;
    }
    writer.finish().map_err(Error::Draw)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
