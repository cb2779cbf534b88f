//! What a reader of one group's figures should know.

use std::fmt;

/// A doubt about a figure, or why there is none. `Display` gives the text for the column `warnings`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Fewer than five entries are affected: counts only.
    FewAffected,
    /// Less than nine tenths of the affected have comparable others.
    LowOverlap,
    /// Nobody comparable at all.
    NoUnaffected,
    /// Nothing varies among the compared, so bounds and p-value are unknown.
    NoVariation,
    /// Half of the hits share this value of a covariate, and half of those at risk with it were hit: they are compared
    /// with others than it.
    Positivity { covariate: String, code: u32 },
    /// More than a fifth of the hits lie where hits outnumber those at risk.
    SparseMatch,
    /// The comparison does not reach the second covariate.
    Coarse,
    /// Fewer than ten degrees of freedom.
    FewClusters,
    /// The recursion did not settle.
    NotConverged,
    /// More than a fifth of the first hits lie on activities of which nobody knows what was tried.
    NoOp,
    /// More than a fifth of the first hits lie on activities that are there only because of an error.
    Orphan,
    /// So many entries left the analysis because their unit had met the group within the window before.
    HitBeforeEntry { n_entries: u64 },
    /// At least three tenths of the first hits share their activity with the partner, so part of the loss may be its.
    CoOccurs,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewAffected => f.write_str("few_affected"),
            Self::LowOverlap => f.write_str("low_overlap"),
            Self::NoUnaffected => f.write_str("no_unaffected"),
            Self::NoVariation => f.write_str("no_variation"),
            Self::Positivity { covariate, .. } => write!(f, "positivity:{covariate}"),
            Self::SparseMatch => f.write_str("sparse_match"),
            Self::Coarse => f.write_str("coarse"),
            Self::FewClusters => f.write_str("few_clusters"),
            Self::NotConverged => f.write_str("not_converged"),
            Self::NoOp => f.write_str("no_op"),
            Self::Orphan => f.write_str("orphan"),
            Self::HitBeforeEntry { n_entries } => write!(f, "hit_before_entry:{n_entries}"),
            Self::CoOccurs => f.write_str("co_occurs"),
        }
    }
}
