//! `newcombe(s1, n1, s2, n2 [, confidence])`: the difference of two shares with Newcombe's interval.

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
    name: "newcombe",
    arguments: "s1 bigint, n1 bigint, s2 bigint, n2 bigint [, confidence double precision]",
    returns: RETURNS,
    description: "Share s1 of n1 less share s2 of n2, -1 to 1, with Newcombe's hybrid score interval; NULL where n1 or \
                  n2 is 0, where successes are less than 0 or more than trials, and where something is NULL. Without a confidence the setting brunt.confidence holds.",
    example: "SELECT newcombe(56, 70, 48, 80)",
};

/// The scalar function; its kernel is [`brunt_stats::newcombe`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Newcombe {
    signature: Signature,
}

impl Newcombe {
    pub(super) fn new() -> Self {
        let counts = vec![DataType::Int64; 4];
        let with_confidence = [counts.clone(), vec![DataType::Float64]].concat();
        let exact = [counts, with_confidence].map(TypeSignature::Exact).to_vec();
        Self { signature: Signature::one_of(exact, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Newcombe {
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
        let counts = args.args[..4]
            .iter()
            .map(|arg| arg.to_array(args.number_rows))
            .collect::<Result<Vec<_>>>()?;
        let confidences = confidences(&args, 4)?;
        let proportion = |column_idx: usize, row_idx: usize| {
            let successes = count(counts[column_idx].as_primitive::<Int64Type>(), row_idx)?;
            let trials = count(counts[column_idx + 1].as_primitive::<Int64Type>(), row_idx)?;
            Some(Proportion { successes, trials })
        };
        let mut rows = EstimateBuilder::new(args.number_rows);
        for (row_idx, confidence) in confidences.into_iter().enumerate() {
            let shares = proportion(0, row_idx).zip(proportion(2, row_idx));
            rows.push(shares.zip(confidence).and_then(|((a, b), confidence)| {
                Some((a.share()? - b.share()?, brunt_stats::newcombe(a, b, confidence)?))
            }));
        }
        rows.finish().map(ColumnarValue::Array)
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}
