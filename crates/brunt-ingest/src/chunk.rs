//! Rows of one table on their way to a record batch, column by column. Not yet redacted, so it never leaves the crate.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Array, Date32Builder, Decimal128Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, ListBuilder, RecordBatch,
    StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
    new_null_array,
};
use brunt_model::{ColumnType, MONEY_PRECISION, MONEY_SCALE, Table, Ts, day_of};

use crate::normalize::form::Cell;

/// Bytes for which room is made ahead in a column of text.
const TEXT_BYTES_AHEAD_MAX: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Chunk {
    table: &'static Table,
    columns: Vec<Builder>,
    n_rows: usize,
    n_bytes: usize,
}

#[derive(Debug)]
enum Builder {
    Text(StringBuilder),
    List(ListBuilder<StringBuilder>),
    SmallInt(Int16Builder),
    Int(Int32Builder),
    BigInt(Int64Builder),
    Double(Float64Builder),
    Boolean(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Date(Date32Builder),
    Money(Decimal128Builder),
}

impl Chunk {
    pub(crate) fn new(table: &'static Table) -> Self {
        let columns = table.columns.iter().map(|column| Builder::new(column.ty)).collect();
        Self { table, columns, n_rows: 0, n_bytes: 0 }
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Bytes of text that it holds.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Sets a column of the row that is being built; the columns that are not set are NULL.
    pub(crate) fn set(&mut self, column_idx: usize, cell: &Cell<'_>) {
        if let Some(column) = self.columns.get_mut(column_idx) {
            self.n_bytes += column.push(self.n_rows, cell);
        }
    }

    /// Sets a column of JSON to the object with this inside; nothing inside is no value.
    pub(crate) fn set_object(&mut self, column_idx: usize, inside: &str) {
        if let Some(Builder::Text(column)) = self.columns.get_mut(column_idx)
            && !inside.is_empty()
            && column.len() <= self.n_rows
        {
            column.append_nulls(self.n_rows - column.len());
            // A builder takes pieces of text without fail.
            let _ = column.write_str("{").and_then(|()| column.write_str(inside));
            column.append_value("}");
            self.n_bytes += inside.len() + 2;
        }
    }

    /// Ends the row, with its time. Its `ts` and `day` are the first two columns of every base table.
    pub(crate) fn end_row(&mut self, ts: Ts) {
        if let Some(Builder::Time(column)) = self.columns.first_mut() {
            column.append_value(ts.0);
        }
        if let Some(Builder::Date(column)) = self.columns.get_mut(1) {
            column.append_value(day_of(ts).0);
        }
        self.n_rows += 1;
    }

    /// The rows, and an empty chunk in their place.
    pub(crate) fn take(&mut self) -> RecordBatch {
        let n_rows = std::mem::take(&mut self.n_rows);
        self.n_bytes = 0;
        let schema = self.table.schema();
        let columns = self
            .columns
            .iter_mut()
            .zip(schema.fields())
            .map(|(column, field)| match column.len() {
                0 => new_null_array(field.data_type(), n_rows),
                _ => column.finish(n_rows),
            })
            .collect();
        #[expect(clippy::expect_used, reason = "the builders were made from this very schema")]
        RecordBatch::try_new(schema, columns).expect("a chunk has the columns of its table")
    }
}

/// The batch with other times, where there are any, and the qualities that go with them.
pub(crate) fn with_times<'a>(
    batch: &RecordBatch,
    times: &[Option<i64>],
    quality_idx: usize,
    qualities: impl Iterator<Item = Option<&'a str>>,
) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    let found = |time: &Option<i64>| time.unwrap_or_default();
    let ts = TimestampMicrosecondArray::from_iter_values(times.iter().map(found));
    let days = times.iter().map(|time| day_of(Ts(found(time))).0);
    let replaced: [(usize, ArrayRef); 3] = [
        (0, Arc::new(ts.with_timezone("UTC"))),
        (1, Arc::new(Date32Array::from_iter_values(days))),
        (quality_idx, Arc::new(qualities.collect::<StringArray>())),
    ];
    for (column_idx, values) in replaced {
        if let Some(column) = columns.get_mut(column_idx) {
            *column = values;
        }
    }
    #[expect(clippy::expect_used, reason = "the columns replaced keep their types and length")]
    RecordBatch::try_new(batch.schema(), columns)
        .expect("a dated batch has the columns of its table")
}

impl Builder {
    fn new(ty: ColumnType) -> Self {
        match ty {
            ColumnType::Text | ColumnType::Json => Self::Text(StringBuilder::new()),
            ColumnType::TextArray => Self::List(ListBuilder::new(StringBuilder::new())),
            ColumnType::SmallInt => Self::SmallInt(Int16Builder::new()),
            ColumnType::Int => Self::Int(Int32Builder::new()),
            ColumnType::BigInt => Self::BigInt(Int64Builder::new()),
            ColumnType::Double => Self::Double(Float64Builder::new()),
            ColumnType::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnType::Timestamp => {
                Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            ColumnType::Date => Self::Date(Date32Builder::new()),
            ColumnType::Numeric => Self::Money(Decimal128Builder::new().with_data_type(
                arrow::datatypes::DataType::Decimal128(MONEY_PRECISION, MONEY_SCALE),
            )),
        }
    }

    /// Puts a value into a row; rows before it that had none become NULL. Returns the bytes that it takes.
    /// A value of another type than the column's is a NULL.
    fn push(&mut self, row_idx: usize, cell: &Cell<'_>) -> usize {
        let Some(n_missing) = row_idx.checked_sub(self.len()) else { return 0 };
        if n_missing > 0 {
            self.append_nulls(n_missing);
        }
        match (self, cell) {
            (Self::Text(column), Cell::Text(text)) => {
                column.append_value(text);
                return text.len();
            }
            (Self::List(column), Cell::List(texts)) => {
                for text in texts {
                    column.values().append_value(text);
                }
                column.append(true);
                return texts.iter().map(|text| text.len()).sum();
            }
            (Self::SmallInt(column), Cell::SmallInt(value)) => column.append_value(*value),
            (Self::Int(column), Cell::Int(value)) => column.append_value(*value),
            (Self::BigInt(column), Cell::BigInt(value)) => column.append_value(*value),
            (Self::Double(column), Cell::Double(value)) => column.append_value(*value),
            (Self::Boolean(column), Cell::Boolean(value)) => column.append_value(*value),
            (Self::Time(column), Cell::Time(micros)) => column.append_value(*micros),
            (Self::Money(column), Cell::Money(units)) => column.append_value(*units),
            (column, _) => column.append_nulls(1),
        }
        8
    }

    fn append_nulls(&mut self, n: usize) {
        match self {
            Self::Text(column) => column.append_nulls(n),
            Self::List(column) => (0..n).for_each(|_| column.append(false)),
            Self::SmallInt(column) => column.append_nulls(n),
            Self::Int(column) => column.append_nulls(n),
            Self::BigInt(column) => column.append_nulls(n),
            Self::Double(column) => column.append_nulls(n),
            Self::Boolean(column) => column.append_nulls(n),
            Self::Time(column) => column.append_nulls(n),
            Self::Date(column) => column.append_nulls(n),
            Self::Money(column) => column.append_nulls(n),
        }
    }

    fn finish(&mut self, n_rows: usize) -> ArrayRef {
        let n_missing = n_rows.saturating_sub(self.len());
        self.append_nulls(n_missing);
        match self {
            Self::Text(column) => {
                let array = column.finish();
                // The next chunk is most often like this one, and to grow towards its size would move all of it some times.
                let n_bytes = array.value_data().len().min(TEXT_BYTES_AHEAD_MAX);
                *column = StringBuilder::with_capacity(n_rows, n_bytes);
                Arc::new(array)
            }
            Self::List(column) => Arc::new(column.finish()),
            Self::SmallInt(column) => Arc::new(column.finish()),
            Self::Int(column) => Arc::new(column.finish()),
            Self::BigInt(column) => Arc::new(column.finish()),
            Self::Double(column) => Arc::new(column.finish()),
            Self::Boolean(column) => Arc::new(column.finish()),
            Self::Time(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
            Self::Money(column) => Arc::new(column.finish()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(column) => column.len(),
            Self::List(column) => column.len(),
            Self::SmallInt(column) => column.len(),
            Self::Int(column) => column.len(),
            Self::BigInt(column) => column.len(),
            Self::Double(column) => column.len(),
            Self::Boolean(column) => column.len(),
            Self::Time(column) => column.len(),
            Self::Date(column) => column.len(),
            Self::Money(column) => column.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use arrow::array::{Array, AsArray};
    use brunt_model::table;

    use super::*;

    #[test]
    fn columns_that_a_row_does_not_set_are_null() {
        let logs = table("logs").unwrap();
        let body = logs.column_idx("body").unwrap();
        let mut chunk = Chunk::new(logs);
        chunk.end_row(Ts(0));
        chunk.set(body, &Cell::Text(Cow::Borrowed("x")));
        chunk.set(body, &Cell::Text(Cow::Borrowed("a row has one value a column")));
        chunk.set(body + 1, &Cell::BigInt(1));
        chunk.end_row(Ts(86_400_000_000));
        chunk.end_row(Ts(-1));
        let batch = chunk.take();
        assert_eq!(batch.num_rows(), 3);
        let bodies = batch.column(body).as_string::<i32>();
        assert_eq!(bodies.iter().collect::<Vec<_>>(), [None, Some("x"), None]);
        assert_eq!(batch.column(body + 1).null_count(), 3);
        let days = batch.column(1).as_primitive::<arrow::datatypes::Date32Type>();
        assert_eq!(days.values(), &[0, 1, -1]);
        assert_eq!(chunk.take().num_rows(), 0);
    }
}
