//! `wilson(successes, n [, confidence])`: a share with Wilson's score interval.

use datafusion::logical_expr::ScalarUDF;

use super::Document;
use crate::estimate::RETURNS;
use crate::share_interval::{ARGUMENTS, share_interval};

pub(super) static DOCUMENT: Document = Document {
    name: "wilson",
    arguments: ARGUMENTS,
    returns: RETURNS,
    description: "Share of successes among n, 0 to 1, with Wilson's score interval; NULL where n is 0, where \
                  successes are less than 0 or more than n, and where something is NULL. Without a confidence the setting brunt.confidence holds.",
    example: "SELECT (wilson(30, 200)).lo",
};

/// The scalar function; its kernel is [`brunt_stats::wilson`].
pub(super) fn wilson() -> ScalarUDF {
    share_interval(&DOCUMENT, brunt_stats::wilson)
}
