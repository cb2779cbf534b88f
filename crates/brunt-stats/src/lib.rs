//! Intervals, tests, strata, shrinkage, and the impact estimator: numbers in, numbers out.
//!
//! ```text
//! counts ─► wilson, clopper_pearson, newcombe, proportions_ztest, fisher_exact, mantel_haenszel, benjamini_hochberg
//! rows   ─► CohortDiff ─► one stratified, clustered difference
//! raw activities and steps ─► m1::population ─► Population::partition ─► Partition::impacts ─► m1::GroupImpact
//! ```
//!
//! What cannot be estimated is `None`, never 0 and never NaN.

#![cfg_attr(
    test,
    expect(
        clippy::unreadable_literal,
        reason = "golden values stay as their reference printed them"
    )
)]

pub mod m1;
pub mod normal;
pub mod poisson_binomial;
pub mod student_t;
pub mod threads;

mod benjamini_hochberg;
mod clopper_pearson;
mod cohort_diff;
mod error;
mod fisher;
mod hypergeometric;
mod interval;
mod mantel_haenszel;
mod newcombe;
mod wilson;
mod ztest;

pub use benjamini_hochberg::benjamini_hochberg;
pub use clopper_pearson::clopper_pearson;
pub use cohort_diff::{CohortCell, CohortDiff, CohortDifference};
pub use error::Error;
pub use fisher::{FisherExact, fisher_exact};
pub use interval::{Interval, Proportion, Table2x2};
pub use mantel_haenszel::{MantelHaenszel, mantel_haenszel};
pub use newcombe::newcombe;
pub use wilson::wilson;
pub use ztest::{Pooling, ZTest, proportions_ztest};
