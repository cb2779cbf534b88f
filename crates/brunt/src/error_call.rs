//! Errors as calls of SQL functions give them, and the rules that they are grouped with: those of the epoch that is read.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use brunt_fingerprint::Occurrence;
use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::{ScalarFunctionArgs, Signature, TypeSignature, Volatility};
use serde_json::Value;

use crate::derive::attribute;
use crate::grouper::Grouper;
use crate::pinned_grouping::PinnedGrouping;

/// The arguments of a function of an error, for the reference.
pub(crate) const ARGUMENTS: &str =
    "type text, message text, stack text [, service text [, lang text [, attributes text]]]";

/// The errors of a call, a row each.
#[derive(Debug)]
pub(crate) struct ErrorCall {
    columns: Vec<ArrayRef>,
    grouper: Grouper,
}

impl ErrorCall {
    pub(crate) fn new(args: &ScalarFunctionArgs) -> Result<Self> {
        let columns = args.args.iter().map(|arg| arg.to_array(args.number_rows));
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            grouper: pinned(&args.config_options).grouper,
        })
    }

    /// Asks something of the error of a row; `None` where type, message and stack are all NULL.
    pub(crate) fn ask<T>(
        &self,
        row_idx: usize,
        question: impl FnOnce(&Occurrence<'_>, &Grouper) -> T,
    ) -> Option<T> {
        let text = |column_idx: usize| {
            let column = self.columns.get(column_idx)?.as_string::<i32>();
            column.is_valid(row_idx).then(|| column.value(row_idx))
        };
        if (0..3).all(|column_idx| text(column_idx).is_none()) {
            return None;
        }
        let object = text(5).and_then(|object| serde_json::from_str(object).ok());
        let attributes = self.attributes(object.as_ref());
        let attributes: Vec<(&str, &str)> =
            attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let occurrence = Occurrence {
            exception_type: text(0),
            message: text(1),
            stacktrace: text(2),
            service: text(3),
            lang: text(4),
            client_fingerprint: None,
            attributes: &attributes,
        };
        Some(question(&occurrence, &self.grouper))
    }

    /// Those that rules look at, of a JSON object.
    fn attributes(&self, object: Option<&Value>) -> Vec<(&str, String)> {
        let Some(object) = object else { return Vec::new() };
        let names = self.grouper.rules.attributes().into_iter();
        names.filter_map(|name| Some((name, attribute(object, name)?))).collect()
    }
}

/// Three to six texts; what is returned depends on the epoch, too.
pub(crate) fn signature() -> Signature {
    of_texts(3..=6)
}

/// So many texts.
pub(crate) fn of_texts(n_texts: std::ops::RangeInclusive<usize>) -> Signature {
    let exact = n_texts.map(|n_texts| TypeSignature::Exact(vec![DataType::Utf8; n_texts]));
    Signature::one_of(exact.collect(), Volatility::Stable)
}

/// How the epoch that a query reads groups errors.
pub(crate) fn pinned(options: &ConfigOptions) -> PinnedGrouping {
    options.extensions.get::<PinnedGrouping>().cloned().unwrap_or_default()
}
