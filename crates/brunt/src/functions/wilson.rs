//! `wilson(successes, n [, confidence])` and `clopper_pearson(...)`: a share with an interval.

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

const ARGUMENTS: &str = "successes bigint, n bigint [, confidence double precision]";

pub(super) static WILSON: Document = Document {
    name: "wilson",
    arguments: ARGUMENTS,
    returns: RETURNS,
    description: "Share of successes among n, 0 to 1, with Wilson's score interval; NULL where n is 0 or something is \
                  NULL. Without a confidence the setting brunt.confidence holds.",
    example: "SELECT (wilson(30, 200)).lo",
};

pub(super) static CLOPPER_PEARSON: Document = Document {
    name: "clopper_pearson",
    arguments: ARGUMENTS,
    returns: RETURNS,
    description: "Share of successes among n, 0 to 1, with the exact interval of Clopper and Pearson, which holds the \
                  confidence however small n is, and is wider than Wilson's for it; NULL where n is 0 or something is \
                  NULL. Without a confidence the setting brunt.confidence holds.",
    example: "SELECT (clopper_pearson(1, 4)).lo",
};

/// Both scalar functions; their kernels are [`brunt_stats::wilson`] and [`brunt_stats::clopper_pearson`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ShareInterval {
    method: Method,
    signature: Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Method {
    Wilson,
    ClopperPearson,
}

impl ShareInterval {
    pub(super) fn by(method: Method) -> Self {
        let counts = vec![DataType::Int64; 2];
        let with_confidence = [counts.clone(), vec![DataType::Float64]].concat();
        let exact = [counts, with_confidence].map(TypeSignature::Exact).to_vec();
        Self { method, signature: Signature::one_of(exact, Volatility::Immutable) }
    }

    fn document(&self) -> &'static Document {
        match self.method {
            Method::Wilson => &WILSON,
            Method::ClopperPearson => &CLOPPER_PEARSON,
        }
    }
}

impl ScalarUDFImpl for ShareInterval {
    fn name(&self) -> &str {
        self.document().name
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
        let interval = match self.method {
            Method::Wilson => brunt_stats::wilson,
            Method::ClopperPearson => brunt_stats::clopper_pearson,
        };
        let mut rows = EstimateBuilder::new(args.number_rows);
        for (row_idx, confidence) in confidences(&args, 2)?.into_iter().enumerate() {
            let counts = count(successes, row_idx).zip(count(trials, row_idx));
            rows.push(counts.zip(confidence).and_then(|((successes, trials), confidence)| {
                let share = Proportion { successes, trials };
                Some((share.share()?, interval(share, confidence)?))
            }));
        }
        rows.finish().map(ColumnarValue::Array)
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<[Documentation; 2]> =
            LazyLock::new(|| [WILSON.build(), CLOPPER_PEARSON.build()]);
        let [wilson, clopper_pearson] = &*BUILT;
        Some(match self.method {
            Method::Wilson => wilson,
            Method::ClopperPearson => clopper_pearson,
        })
    }
}
