//! A share with an interval, as a scalar function: the frame of those that differ only in how the interval is made.

use std::hash::{Hash, Hasher};

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};
use brunt_stats::{Interval, Proportion};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};

use crate::estimate::{EstimateBuilder, confidences, count, data_type};
use crate::functions::Document;

/// What every such function takes.
pub(crate) const ARGUMENTS: &str = "successes bigint, n bigint [, confidence double precision]";

/// How an interval is made; nothing where the counts allow none.
pub(crate) type Method = fn(Proportion, f64) -> Option<Interval>;

/// The scalar function that `document` describes.
pub(crate) fn share_interval(document: &'static Document, method: Method) -> ScalarUDF {
    let counts = vec![DataType::Int64; 2];
    let with_confidence = [counts.clone(), vec![DataType::Float64]].concat();
    let exact = [counts, with_confidence].map(TypeSignature::Exact).to_vec();
    ScalarUDF::new_from_impl(ShareInterval {
        name: document.name,
        documentation: document.build(),
        signature: Signature::one_of(exact, Volatility::Immutable),
        method,
    })
}

#[derive(Debug)]
struct ShareInterval {
    name: &'static str,
    documentation: Documentation,
    signature: Signature,
    method: Method,
}

// One function of a name has one method.
impl PartialEq for ShareInterval {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ShareInterval {}

impl Hash for ShareInterval {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for ShareInterval {
    fn name(&self) -> &str {
        self.name
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
                Some((share.share()?, (self.method)(share, confidence)?))
            }));
        }
        rows.finish().map(ColumnarValue::Array)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
