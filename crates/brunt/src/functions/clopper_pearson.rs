//! `clopper_pearson(successes, n [, confidence])`: a share with the exact interval.

use datafusion::logical_expr::ScalarUDF;

use super::Document;
use crate::estimate::RETURNS;
use crate::share_interval::{ARGUMENTS, share_interval};

pub(super) static DOCUMENT: Document = Document {
    name: "clopper_pearson",
    arguments: ARGUMENTS,
    returns: RETURNS,
    description: "Share of successes among n, 0 to 1, with the exact interval of Clopper and Pearson, which holds the \
                  confidence however small n is, and is wider than Wilson's for it; NULL where n is 0, where \
                  successes are less than 0 or more than n, and where something is NULL. Without a confidence the setting brunt.confidence holds.",
    example: "SELECT (clopper_pearson(1, 4)).lo",
};

/// The scalar function; its kernel is [`brunt_stats::clopper_pearson`].
pub(super) fn clopper_pearson() -> ScalarUDF {
    share_interval(&DOCUMENT, brunt_stats::clopper_pearson)
}
