//! The rows of small answers as texts, for code that asks in SQL.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::code::Code;
use crate::error::Error;
use crate::session::Session;

/// The values of a row; `None` is NULL.
pub(crate) type TextRow = Vec<Option<String>>;

/// The rows of a question to a session.
pub(crate) async fn answer(session: &Session, sql: &str) -> Result<Vec<TextRow>, Error> {
    let batches = session.sql(sql).await?.collect().await?;
    text_rows(&batches).map_err(|error| Error::statement(Code::Internal, error.to_string()))
}

pub(crate) fn text_rows(batches: &[RecordBatch]) -> Result<Vec<TextRow>, ArrowError> {
    let mut rows = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter().map(|column| cast(column, &DataType::Utf8));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let text = |column: &dyn Array, idx: usize| {
            let texts = column.as_string::<i32>();
            texts.is_valid(idx).then(|| texts.value(idx).to_owned())
        };
        let row = |idx| columns.iter().map(|column| text(column, idx)).collect();
        rows.extend((0..batch.num_rows()).map(row));
    }
    Ok(rows)
}
