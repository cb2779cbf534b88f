//! Estimates with their interval: `struct(estimate, lo, hi)`, and the confidence that they are computed with.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Builder, Int64Array, NullBufferBuilder, StructArray,
};
use arrow::datatypes::{DataType, Field, Fields, Float64Type};
use brunt_stats::Interval;
use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarFunctionArgs;

use crate::code::Code;
use crate::config::BruntOptions;
use crate::error::Fault;

/// What SQL calls the type.
pub(crate) const RETURNS: &str =
    "struct(estimate double precision, lo double precision, hi double precision)";

pub(crate) fn data_type() -> DataType {
    DataType::Struct(fields())
}

fn fields() -> Fields {
    ["estimate", "lo", "hi"].map(|name| Field::new(name, DataType::Float64, true)).to_vec().into()
}

/// Rows of estimates; one that could not be made is NULL as a whole.
#[derive(Debug)]
pub(crate) struct EstimateBuilder {
    columns: [Float64Builder; 3],
    validity: NullBufferBuilder,
}

impl EstimateBuilder {
    pub(crate) fn new(n_rows: usize) -> Self {
        Self {
            columns: [(); 3].map(|()| Float64Builder::with_capacity(n_rows)),
            validity: NullBufferBuilder::new(n_rows),
        }
    }

    pub(crate) fn push(&mut self, estimate: Option<(f64, Interval)>) {
        self.validity.append(estimate.is_some());
        let values = estimate.map(|(estimate, Interval { lo, hi })| [estimate, lo, hi]);
        for (idx, column) in self.columns.iter_mut().enumerate() {
            column.append_option(values.map(|values| values[idx]));
        }
    }

    pub(crate) fn finish(mut self) -> Result<ArrayRef> {
        let columns =
            self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        Ok(Arc::new(StructArray::try_new(fields(), columns, self.validity.finish())?))
    }
}

/// The confidence of each row: the call's argument of this place, else the session's setting.
pub(crate) fn confidences(args: &ScalarFunctionArgs, arg_idx: usize) -> Result<Vec<Option<f64>>> {
    match args.args.get(arg_idx) {
        Some(given) => {
            let given = given.to_array(args.number_rows)?;
            let given = given.as_primitive::<Float64Type>().iter();
            given.map(|confidence| confidence.map(check_confidence).transpose()).collect()
        }
        None => Ok(vec![Some(default_confidence(&args.config_options)); args.number_rows]),
    }
}

/// The session's confidence, where a call gives none.
pub(crate) fn default_confidence(options: &ConfigOptions) -> f64 {
    options.extensions.get::<BruntOptions>().cloned().unwrap_or_default().confidence.0
}

/// A confidence that a call gave.
pub(crate) fn check_confidence(confidence: f64) -> Result<f64> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(confidence);
    }
    Err(Fault::new(
        Code::InvalidArgument,
        format!("confidence {confidence} is not between 0 and 1"),
    )
    .with_hint("Give a share such as 0.95.")
    .into())
}

/// A count of a row: `None` where it is NULL or negative.
pub(crate) fn count(column: &Int64Array, row_idx: usize) -> Option<u64> {
    if column.is_null(row_idx) { None } else { u64::try_from(column.value(row_idx)).ok() }
}
