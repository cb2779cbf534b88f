//! How errors are grouped, for people: why an error is in its group, what other rules would change, and where ids lead.
//!
//! ```text
//! base rows of an epoch ─ derive::Regroup ─► occurrences with what they rest on ─┬─ explain ─► one of them, part by part
//!                                                                               └─ compare ─► against the stored ids
//! ```

mod aliases;
mod compare;
mod explain;
mod find;
mod pinned;

#[cfg(test)]
mod tests;

pub(crate) use aliases::GroupAliases;
pub(crate) use compare::compare;
pub use compare::{GroupCount, Merge, Regrouping, Split, UnusedRule};
pub use explain::{ErrorExplanation, ExplainedFrame, ExplainedPart, StoredGroup};
pub(crate) use explain::{explain, explain_stack};
pub(crate) use find::find_group;
