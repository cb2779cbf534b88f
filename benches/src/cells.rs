//! An answer as rows of JSON values, in the one form that every engine gives them.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;
use serde_json::Value;

/// Rows of batches: times are microseconds since 1970, dates are text, decimals numbers, lists text.
pub(crate) fn rows(batches: &[RecordBatch]) -> Result<Vec<Value>, ArrowError> {
    let mut rows = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter().map(cells).collect::<Result<Vec<_>, _>>()?;
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        for _ in 0..batch.num_rows() {
            rows.push(columns.iter_mut().map(|column| column.next().unwrap_or_default()).collect());
        }
    }
    Ok(rows)
}

fn cells(column: &ArrayRef) -> Result<Vec<Value>, ArrowError> {
    let of = |value: &dyn Fn(usize) -> Value| -> Vec<Value> {
        (0..column.len())
            .map(|row_idx| if column.is_null(row_idx) { Value::Null } else { value(row_idx) })
            .collect()
    };
    Ok(match column.data_type() {
        DataType::Null => vec![Value::Null; column.len()],
        DataType::Boolean => {
            let values = column.as_boolean();
            of(&|row_idx| values.value(row_idx).into())
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => floats(column, &of)?,
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) if *scale > 0 => {
            floats(column, &of)?
        }
        DataType::Timestamp(_, zone) => {
            let micros = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            whole_numbers(&micros, &of)?
        }
        kind if kind.is_numeric() => whole_numbers(column, &of)?,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            let texts = cast(column, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            of(&|row_idx| texts.value(row_idx).into())
        }
        _ => {
            let texts = (0..column.len())
                .map(|row_idx| array_value_to_string(column, row_idx))
                .collect::<Result<Vec<_>, _>>()?;
            of(&|row_idx| texts[row_idx].as_str().into())
        }
    })
}

type Build<'a> = dyn Fn(&dyn Fn(usize) -> Value) -> Vec<Value> + 'a;

fn floats(column: &ArrayRef, of: &Build<'_>) -> Result<Vec<Value>, ArrowError> {
    let numbers = cast(column, &DataType::Float64)?;
    let numbers = numbers.as_primitive::<Float64Type>();
    Ok(of(&|row_idx| numbers.value(row_idx).into()))
}

fn whole_numbers(column: &ArrayRef, of: &Build<'_>) -> Result<Vec<Value>, ArrowError> {
    let numbers = cast(column, &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    Ok(of(&|row_idx| numbers.value(row_idx).into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Date32Array, Decimal128Array, Float64Array, StringArray, TimestampMicrosecondArray,
        UInt64Array,
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn values_take_the_form_that_peers_give_them() {
        let columns: [(&str, ArrayRef); 6] = [
            (
                "ts",
                Arc::new(TimestampMicrosecondArray::from(vec![Some(5), None]).with_timezone("UTC")),
            ),
            ("day", Arc::new(Date32Array::from(vec![20_389, 0]))),
            ("n", Arc::new(UInt64Array::from(vec![3, 4]))),
            ("share", Arc::new(Float64Array::from(vec![0.25, 1.0]))),
            (
                "value",
                Arc::new(
                    Decimal128Array::from(vec![12_500, 0])
                        .with_precision_and_scale(18, 4)
                        .expect("it fits"),
                ),
            ),
            ("plan", Arc::new(StringArray::from(vec![Some("free"), None]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("columns are of one length");
        assert_eq!(
            rows(&[batch]).expect("all types are known"),
            [
                json!([5, "2025-10-28", 3, 0.25, 1.25, "free"]),
                json!([null, "1970-01-01", 4, 1.0, 0.0, null]),
            ]
        );
    }
}
