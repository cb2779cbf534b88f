//! Values as PostgreSQL prints them, so that both doors give the same text.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sqllogictest::DefaultColumnType;

/// `I` for whole numbers, `R` for the others, `T` for everything else.
pub(super) fn column_type(data_type: &DataType) -> DefaultColumnType {
    if data_type.is_integer() {
        DefaultColumnType::Integer
    } else if data_type.is_numeric() {
        DefaultColumnType::FloatingPoint
    } else {
        DefaultColumnType::Text
    }
}

pub(super) fn rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in batches {
        for row_idx in 0..batch.num_rows() {
            rows.push(
                batch
                    .columns()
                    .iter()
                    .map(|column| shown(text(column.as_ref(), row_idx)))
                    .collect(),
            );
        }
    }
    rows
}

/// How a test file writes NULL and the empty text.
pub(super) fn shown(text: Option<String>) -> String {
    match text {
        None => "NULL".to_owned(),
        Some(text) if text.is_empty() => "(empty)".to_owned(),
        Some(text) => text.replace('\n', "\\n"),
    }
}

fn text(array: &dyn Array, row_idx: usize) -> Option<String> {
    if array.is_null(row_idx) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => if array.as_boolean().value(row_idx) { "t" } else { "f" }.to_owned(),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row_idx);
            let items: Vec<String> = (0..items.len())
                .map(|idx| text(items.as_ref(), idx).unwrap_or_else(|| "NULL".to_owned()))
                .collect();
            format!("{{{}}}", items.join(","))
        }
        DataType::Timestamp(_, zone) => {
            let text = formatted(array, row_idx);
            let text = if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.')
            } else {
                &text
            };
            if zone.is_some() { format!("{text}+00") } else { text.to_owned() }
        }
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row_idx).to_string(),
        _ => formatted(array, row_idx),
    })
}

fn formatted(array: &dyn Array, row_idx: usize) -> String {
    let options = FormatOptions::default()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f"));
    let formatter =
        ArrayFormatter::try_new(array, &options).expect("every type of an answer prints");
    formatter.value(row_idx).to_string()
}
