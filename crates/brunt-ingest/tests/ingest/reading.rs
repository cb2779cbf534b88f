//! Reads inputs in tests, and shows what they gave.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use brunt_ingest::{Error, Format, Input, Options, Redacted, Reject, Sink, Summary, ingest};
use brunt_model::{Column, ColumnType, Day, Money, Table, Ts, day_of};
use serde_json::{Map, Value, json};

/// 2026-01-01 00:00 UTC, the time of every load in tests.
pub(crate) const NOW: Ts = Ts(1_767_225_600_000_000);

/// The format of this name.
pub(crate) fn named(format: &str) -> Format {
    Format::parse(format).unwrap()
}

/// What an input gave.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) outcome: Result<Summary, Error>,
    pub(crate) rows: BTreeMap<&'static str, Vec<RecordBatch>>,
    pub(crate) rejects: Vec<Reject>,
}

#[derive(Debug, Default)]
struct Kept {
    rows: BTreeMap<&'static str, Vec<RecordBatch>>,
    rejects: Vec<Reject>,
}

impl Sink for Kept {
    fn rows(&mut self, rows: Redacted) -> Result<(), Error> {
        self.rows.entry(rows.table().name).or_default().push(rows.batch().clone());
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Error> {
        self.rejects.push(reject);
        Ok(())
    }
}

/// Ingests bytes; the law of counts holds whatever they are.
pub(crate) fn read(name: &str, bytes: &[u8], options: &Options) -> Read {
    read_from(name, bytes, false, options)
}

/// The same; from a file that can be opened again, or from a stream.
pub(crate) fn read_from(name: &str, bytes: &[u8], can_reopen: bool, options: &Options) -> Read {
    let mut kept = Kept::default();
    let mut reader = bytes;
    let copy = bytes.to_vec();
    let mut reopen = || Ok(Box::new(std::io::Cursor::new(copy.clone())) as Box<dyn std::io::Read>);
    let reopen: Option<&mut dyn FnMut() -> std::io::Result<Box<dyn std::io::Read>>> =
        if can_reopen { Some(&mut reopen) } else { None };
    let outcome = ingest(Input { name, reader: &mut reader, reopen }, options, &mut kept);
    if let Ok(summary) = &outcome {
        let n_rows: usize = kept.rows.values().flatten().map(RecordBatch::num_rows).sum();
        assert_eq!(
            summary.n_records,
            (n_rows + kept.rejects.len()) as u64,
            "{name}: counts add up"
        );
        assert_eq!(summary.n_rejects, kept.rejects.len() as u64);
        assert_eq!(summary.n_rows.values().sum::<u64>(), n_rows as u64);
    }
    Read { outcome, rows: kept.rows, rejects: kept.rejects }
}

pub(crate) fn options() -> Options {
    Options::new(NOW, "load")
}

impl Read {
    pub(crate) fn summary(&self) -> &Summary {
        self.outcome.as_ref().unwrap()
    }

    /// The rows of a table, each with the columns that are not NULL; JSON columns as JSON.
    pub(crate) fn rows_of(&self, table: &str) -> Vec<Map<String, Value>> {
        let table = brunt_model::table(table).unwrap();
        let batches = self.rows.get(table.name).into_iter().flatten();
        batches
            .flat_map(|batch| (0..batch.num_rows()).map(move |row_idx| row(table, batch, row_idx)))
            .collect()
    }

    /// One line a row, so that a difference shows where it is.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        let mut line = |indent: &str, value: &Value| {
            out.push_str(indent);
            out.push_str(&value.to_string());
            out.push('\n');
        };
        match &self.outcome {
            Err(error) => line("", &json!({"error": error.to_string()})),
            Ok(summary) => line(
                "",
                &json!({
                    "format": summary.format.name(), "n_records": summary.n_records, "n_rows": summary.n_rows,
                    "n_rejects": summary.n_rejects, "unsupported": summary.unsupported, "warnings": summary.warnings,
                }),
            ),
        }
        for table in self.rows.keys() {
            for mut row in self.rows_of(table) {
                for constant in ["day", "load_id"] {
                    row.remove(constant);
                }
                line("", &json!({ *table: row }));
            }
        }
        for reject in &self.rejects {
            line(
                "",
                &json!({"reject": {
                    "line": reject.line, "column": reject.column, "code": reject.code, "reason": reject.reason,
                    "sample": reject.sample,
                }}),
            );
        }
        out
    }
}

fn row(table: &Table, batch: &RecordBatch, row_idx: usize) -> Map<String, Value> {
    assert_eq!(batch.schema(), table.schema());
    let filled =
        table.columns.iter().zip(batch.columns()).filter(|(_, values)| values.is_valid(row_idx));
    filled.map(|(column, values)| (column.name.to_owned(), cell(column, values, row_idx))).collect()
}

fn cell(column: &Column, values: &ArrayRef, row_idx: usize) -> Value {
    match column.ty {
        ColumnType::Text => values.as_string::<i32>().value(row_idx).into(),
        ColumnType::Json => {
            let text = values.as_string::<i32>().value(row_idx);
            serde_json::from_str(text)
                .unwrap_or_else(|error| panic!("{} is no JSON: {error}: {text}", column.name))
        }
        ColumnType::TextArray => {
            let texts = values.as_list::<i32>().value(row_idx);
            texts.as_string::<i32>().iter().map(Value::from).collect()
        }
        ColumnType::SmallInt => values.as_primitive::<Int16Type>().value(row_idx).into(),
        ColumnType::Int => values.as_primitive::<Int32Type>().value(row_idx).into(),
        ColumnType::BigInt => values.as_primitive::<Int64Type>().value(row_idx).into(),
        ColumnType::Double => values.as_primitive::<Float64Type>().value(row_idx).into(),
        ColumnType::Boolean => values.as_boolean().value(row_idx).into(),
        ColumnType::Date => {
            Day(values.as_primitive::<Date32Type>().value(row_idx)).to_string().into()
        }
        ColumnType::Timestamp => {
            let micros = values.as_primitive::<TimestampMicrosecondType>().value(row_idx);
            let seconds = micros.rem_euclid(86_400_000_000) / 1_000_000;
            let fraction = format!(".{:06}", micros.rem_euclid(1_000_000));
            format!(
                "{}T{:02}:{:02}:{:02}{}Z",
                day_of(Ts(micros)),
                seconds / 3_600,
                seconds / 60 % 60,
                seconds % 60,
                fraction.trim_end_matches('0').trim_end_matches('.'),
            )
            .into()
        }
        ColumnType::Numeric => {
            let units = values.as_primitive::<Decimal128Type>().value(row_idx);
            Money::from_units(units).unwrap().to_string().into()
        }
    }
}
