//! `wilson(successes, n [, confidence])`: a share with Wilson's score interval.

use std::sync::LazyLock;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};
use brunt_stats::Proportion;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use super::Document;
use crate::estimate::{EstimateBuilder, RETURNS, confidences, count, data_type};

pub(super) static DOCUMENT: Document = Document {
    name: "wilson",
    arguments: "successes bigint, n bigint [, confidence double precision]",
    returns: RETURNS,
    description: "Share of successes among n, 0 to 1, with Wilson's score interval; NULL where n is 0 or something is \
                  NULL. Without a confidence the setting brunt.confidence holds.",
    example: "SELECT (wilson(30, 200)).lo",
};

/// The scalar function; its kernel is [`brunt_stats::wilson`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Wilson {
    signature: Signature,
}

impl Wilson {
    pub(super) fn new() -> Self {
        let counts = vec![DataType::Int64; 2];
        let with_confidence = [counts.clone(), vec![DataType::Float64]].concat();
        let exact = [counts, with_confidence].map(TypeSignature::Exact).to_vec();
        Self { signature: Signature::one_of(exact, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Wilson {
    fn name(&self) -> &str {
        DOCUMENT.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let successes = args.args[0].to_array(args.number_rows)?;
        let trials = args.args[1].to_array(args.number_rows)?;
        let successes = successes.as_primitive::<Int64Type>();
        let trials = trials.as_primitive::<Int64Type>();
        let mut rows = EstimateBuilder::new(args.number_rows);
        for (row_idx, confidence) in confidences(&args, 2)?.into_iter().enumerate() {
            let counts = count(successes, row_idx).zip(count(trials, row_idx));
            rows.push(counts.zip(confidence).and_then(|((successes, trials), confidence)| {
                let share = Proportion { successes, trials };
                Some((share.share()?, brunt_stats::wilson(share, confidence)?))
            }));
        }
        rows.finish().map(ColumnarValue::Array)
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}
