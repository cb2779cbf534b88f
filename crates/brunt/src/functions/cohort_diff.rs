//! `cohort_diff(affected, outcome [, stratum [, cluster]])`: how much two cohorts differ, all else in the strata equal.

use std::mem::size_of;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int64Type};
use brunt_stats::{CohortCell, CohortDifference};
use datafusion::common::ScalarValue;
use datafusion::common::scalar::ScalarStructBuilder;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, Signature, Volatility,
};
use twox_hash::XxHash3_64;

use super::Document;
use crate::code::Code;
use crate::error::Fault;

pub(super) static DOCUMENT: Document = Document {
    name: "cohort_diff",
    arguments: "affected boolean, outcome double precision [, stratum any [, cluster any]]",
    returns: "struct(estimate double precision, lo double precision, hi double precision, p_value double precision, \
              n_affected bigint, n_unaffected bigint, overlap_share double precision, confidence double precision)",
    description: "Mean outcome of affected rows less that of unaffected ones, compared within strata \
                  (Mantel-Haenszel weights), with a 95 % interval that knows that rows of one cluster belong together. A \
                  Boolean outcome counts 0 and 1. Rows with a NULL in affected or outcome are left out; a NULL stratum is a \
                  stratum, a row with a NULL cluster is its own. What cannot be estimated is NULL.",
    example: "SELECT (cohort_diff(n_errors > 0, n_orders > 0, device_type, user_id)).estimate FROM sessions",
};

/// The confidence of the interval, as `confidence` says in each result.
const CONFIDENCE: f64 = 0.95;

/// The columns of a part's state: those of [`CohortCell`].
const STATE: [(&str, DataType); 8] = [
    ("stratum", DataType::Int64),
    ("cluster", DataType::Int64),
    ("n_unaffected", DataType::Int64),
    ("n_affected", DataType::Int64),
    ("mean_unaffected", DataType::Float64),
    ("mean_affected", DataType::Float64),
    ("squares_unaffected", DataType::Float64),
    ("squares_affected", DataType::Float64),
];

/// The aggregate function; its kernel is [`brunt_stats::CohortDiff`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CohortDiff {
    signature: Signature,
}

impl CohortDiff {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for CohortDiff {
    fn name(&self) -> &str {
        DOCUMENT.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let fits = matches!(arg_types.first(), Some(DataType::Boolean | DataType::Null))
            && arg_types.get(1).is_some_and(|outcome| {
                outcome.is_numeric() || matches!(outcome, DataType::Boolean | DataType::Null)
            })
            && arg_types.len() <= 4;
        if !fits {
            return Err(Fault::new(
                Code::UndefinedFunction,
                format!("\"{0}\" takes ({1})", DOCUMENT.name, DOCUMENT.arguments),
            )
            .into());
        }
        let outcome = match &arg_types[1] {
            DataType::Boolean => DataType::Boolean,
            _ => DataType::Float64,
        };
        let mut types = vec![DataType::Boolean, outcome];
        types.extend_from_slice(&arg_types[2..]);
        Ok(types)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(result_fields()))
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::<CohortSums>::default())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |(name, ty): &(&str, DataType)| {
            Arc::new(Field::new_list(
                format_state_name(args.name, name),
                Field::new_list_field(ty.clone(), true),
                true,
            ))
        };
        Ok(STATE.iter().map(field).collect())
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}

fn result_fields() -> Fields {
    let double =
        ["estimate", "lo", "hi", "p_value"].map(|name| Field::new(name, DataType::Float64, true));
    let counts = ["n_affected", "n_unaffected"].map(|name| Field::new(name, DataType::Int64, true));
    let shares =
        ["overlap_share", "confidence"].map(|name| Field::new(name, DataType::Float64, true));
    double.into_iter().chain(counts).chain(shares).collect::<Vec<_>>().into()
}

/// Sums that merge.
#[derive(Debug, Default)]
struct CohortSums {
    sums: brunt_stats::CohortDiff,
}

impl Accumulator for CohortSums {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let affected = values[0].as_boolean();
        let outcome = cast(&values[1], &DataType::Float64)?;
        let outcome = outcome.as_primitive::<Float64Type>();
        let strata = values.get(2).map(keys).transpose()?;
        let clusters = values.get(3).map(keys).transpose()?;
        for row_idx in 0..affected.len() {
            if affected.is_null(row_idx) || outcome.is_null(row_idx) {
                continue;
            }
            let stratum = key_at(strata.as_ref(), row_idx).unwrap_or_default();
            let cluster = key_at(clusters.as_ref(), row_idx);
            self.sums.push(affected.value(row_idx), outcome.value(row_idx), stratum, cluster);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for row_idx in 0..states[0].len() {
            let columns: Vec<ArrayRef> =
                states.iter().map(|column| column.as_list::<i32>().value(row_idx)).collect();
            for cell_idx in 0..columns[0].len() {
                self.sums.push_cell(&cell_at(&columns, cell_idx));
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let cells = self.sums.cells();
        let bits = |value: u64| ScalarValue::Int64(Some(value.cast_signed()));
        let number = |value: f64| ScalarValue::Float64(Some(value));
        let column = |column_idx: usize| -> Vec<ScalarValue> {
            let value = |cell: &CohortCell| match column_idx {
                0 => bits(cell.stratum),
                1 => cell.cluster.map_or(ScalarValue::Int64(None), bits),
                2 | 3 => bits(cell.n_rows[column_idx - 2]),
                4 | 5 => number(cell.mean[column_idx - 4]),
                _ => number(cell.squares[column_idx - 6]),
            };
            cells.iter().map(value).collect()
        };
        let lists = STATE.iter().enumerate().map(|(column_idx, (_, ty))| {
            ScalarValue::List(ScalarValue::new_list_nullable(&column(column_idx), ty))
        });
        Ok(lists.collect())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        result(&self.sums.finish(CONFIDENCE))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sums.n_cells() * size_of::<CohortCell>() * 2
    }
}

/// Values as texts, by which rows are told apart whatever their type.
fn keys(column: &ArrayRef) -> Result<StringArray> {
    Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn key_at(column: Option<&StringArray>, row_idx: usize) -> Option<u64> {
    let column = column?;
    column.is_valid(row_idx).then(|| XxHash3_64::oneshot(column.value(row_idx).as_bytes()))
}

fn cell_at(columns: &[ArrayRef], cell_idx: usize) -> CohortCell {
    let bits = |column_idx: usize| {
        let column = columns[column_idx].as_primitive::<Int64Type>();
        column.is_valid(cell_idx).then(|| column.value(cell_idx).cast_unsigned())
    };
    let number =
        |column_idx: usize| columns[column_idx].as_primitive::<Float64Type>().value(cell_idx);
    CohortCell {
        stratum: bits(0).unwrap_or_default(),
        cluster: bits(1),
        n_rows: [2, 3].map(|column_idx| bits(column_idx).unwrap_or_default()),
        mean: [4, 5].map(number),
        squares: [6, 7].map(number),
    }
}

fn result(difference: &CohortDifference) -> Result<ScalarValue> {
    let interval = difference.interval;
    let doubles = [
        difference.estimate,
        interval.map(|interval| interval.lo),
        interval.map(|interval| interval.hi),
        difference.p_value,
    ];
    let counts = [difference.n_affected, difference.n_unaffected];
    let shares = [difference.overlap_share, Some(CONFIDENCE)];
    let values = doubles
        .map(ScalarValue::Float64)
        .into_iter()
        .chain(counts.map(|n_rows| ScalarValue::Int64(i64::try_from(n_rows).ok())))
        .chain(shares.map(ScalarValue::Float64));
    let builder = result_fields()
        .iter()
        .zip(values)
        .fold(ScalarStructBuilder::new(), |builder, (field, value)| {
            builder.with_scalar(Arc::clone(field), value)
        });
    builder.build()
}
